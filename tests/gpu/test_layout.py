"""Where arrays lie and how they are cut: alignment, tails, empty and many tensors, narrow types, 64-bit indices."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.carried import Carried
from support.device import host_machine

from momoracle import TAM, AdaTAM, MoMo, MoMoAdam
from momoracle.gpu import Fused
from momoracle.gpu.machine import Machine
from momoracle.gpu.plan import CHUNK, JOB, LEAST, MOST, SEGMENT, TENSOR, chunk_length, plan
from momoracle.gpu.source import source
from momoracle.reference import Method

METHODS: dict[str, Method] = {"momo": MoMo(), "momo-adam": MoMoAdam(), "tam": TAM(), "adatam": AdaTAM()}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes, which has bfloat16")
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
DTYPES = [np.dtype(name) for name in ("float64", "float32", "float16")] + [BFLOAT16]
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def drawn(shapes: Sequence[tuple[int, ...]], dtype: Any, seed: int = 7) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in shapes]


def run(fused: Fused, x: Any, gradients: list[Any]) -> list[Any]:
    """Take steps and return every array of the last, as bytes."""
    state = fused.init(x)
    for g in gradients:
        x, state, trace = fused.step(x, g, state, loss=2.0)
    listed = [x, *state, *trace]
    arrays = [z for value in listed for z in (value if isinstance(value, list) else [value]) if z is not None]
    return [np.asarray(z).tobytes() for z in arrays]


def unaligned(array: Any) -> Any:
    """Return a copy that starts at an odd multiple of its item size."""
    room = np.empty(array.size + 17, array.dtype)
    start = next(i for i in range(1, 17) if room[i:].ctypes.data % 16 == array.dtype.itemsize)
    view = room[start : start + array.size].reshape(array.shape)
    view[...] = array
    return view


@every_method
@every_dtype
def test_unaligned_arrays_give_the_same_bits(method: Method, dtype: Any, host: host_machine.Host) -> None:
    fused, shapes = Fused(method, machine=host), [(37,), (), (5, 7), (16,), (64,), (LEAST,)]
    x, steps = drawn(shapes, dtype), [drawn(shapes, dtype, seed) for seed in (1, 2, 3)]
    shifted = [[unaligned(z) for z in tensors] for tensors in (x, *steps)]
    assert all(z.ctypes.data % 16 for z in shifted[0])
    assert run(fused, shifted[0], shifted[1:]) == run(fused, x, steps)


@every_method
@every_dtype
def test_a_strided_array_is_taken_as_its_entries(method: Method, dtype: Any, host: host_machine.Host) -> None:
    fused = Fused(method, machine=host)
    x, g = drawn([(6, 4)], dtype), drawn([(6, 4)], dtype, 1)
    assert run(fused, [x[0].T], [[g[0].T]]) == run(fused, [x[0].T.copy("C")], [[g[0].T.copy("C")]])


@every_method
def test_a_run_repeats_bit_by_bit(method: Method, host: host_machine.Host) -> None:
    fused, shapes = Fused(method, machine=host), [(3 * LEAST + 5,), (11,)]
    x, steps = drawn(shapes, "float32"), [drawn(shapes, "float32", seed) for seed in (1, 2)]
    first = run(fused, x, steps)
    for _ in range(10):
        assert run(fused, x, steps) == first


def step_in_order(method: Method, folder: Path, backwards: bool, text: Callable[[str], str] = source) -> list[bytes]:
    fused = Fused(method, machine=host_machine.Host(folder, text=text, backwards=backwards))
    x = [z for dtype in DTYPES for z in drawn([(9000,), (33, 5), (0,)], dtype)]
    state = fused.init(x)
    bound = fused.bind(x, [z + z.dtype.type(1) for z in x], state, 2.0)
    for _ in range(3):
        bound()
    bound.check()
    return [np.asarray(z).tobytes() for value in (x, *state) for z in (value if isinstance(value, list) else [value])]


@every_method
def test_blocks_may_come_in_any_order(method: Method, folder: Path) -> None:
    assert step_in_order(method, folder, backwards=False) == step_in_order(method, folder, backwards=True)


def test_a_block_that_reads_what_another_writes_is_noticed(tmp_path: Path) -> None:
    def wrong(kernel: str) -> str:
        """MoMo's gamma read from where the block of the first chunk puts the new one."""
        assert "job.before[2])" in source(kernel)
        return source(kernel).replace("job.before[2])", "job.scalars[1][0])")

    forwards, backwards = (step_in_order(MoMo(), tmp_path, direction, wrong) for direction in (False, True))
    assert forwards != backwards


@every_method
@pytest.mark.parametrize("size", [LEAST - 1, LEAST, LEAST + 1, 3 * LEAST + 17])
def test_several_chunks_are_one_tensor(method: Method, size: int, machine: Machine) -> None:
    x, g = drawn([(size,)], "float64")[0], drawn([(size,)], "float64", 1)[0]
    fused, state, expected = Carried(method, machine), method.init(x), method.step(x, g, method.init(x), 2.0)
    got = fused.step(x, g, fused.init(x), 2.0)
    # Sums of at most 13,000 terms in another order; one step.
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-11, atol=1e-13)
    assert state.step == 0


@every_method
def test_empty_tensors_change_nothing(method: Method, machine: Machine) -> None:
    fused, shapes, none = Carried(method, machine), [(5,), (3, 2)], (0, 4)
    x, g = drawn(shapes, "float32"), drawn(shapes, "float32", 1)
    empty = np.empty(none, np.float32)
    (got, _, _), (want, _, _) = (
        fused.step([a, empty, b], [c, empty, d], fused.init([a, empty, b]), 2.0)
        if with_empty
        else fused.step([a, b], [c, d], fused.init([a, b]), 2.0)
        for with_empty in (True, False)
        for (a, b), (c, d) in [(x, g)]
    )
    assert [z.tobytes() for z in (got[0], got[2])] == [z.tobytes() for z in want]
    only, state, _ = fused.step(empty, empty, fused.init(empty), 2.0)
    assert only.shape == none
    assert int(state.step) == 1


@pytest.mark.parametrize("method", [TAM(), AdaTAM()], ids=["tam", "adatam"])
def test_the_cosine_of_an_empty_tensor_is_that_of_the_reference(method: Method, machine: Machine) -> None:
    x = [np.ones(3), np.empty(0)]
    _, state, trace = Carried(method, machine).step(x, x, Carried(method, machine).init(x))
    _, _, expected = method.step(x, x, method.init(x))
    assert trace.damping.tolist() == expected.damping
    assert state.cosine_average.tolist() == expected.cosine_average


@every_method
@pytest.mark.parametrize("dtypes", [("float64", "float32", "float16"), ("float32", "float16")], ids="+".join)
def test_tensors_of_several_dtypes_make_one_step(method: Method, dtypes: Any, machine: Machine) -> None:
    x = [drawn([(9,)], dtype, i)[0] for i, dtype in enumerate(dtypes)]
    g = [drawn([(9,)], dtype, 10 + i)[0] for i, dtype in enumerate(dtypes)]
    got, _, _ = Carried(method, machine).step(x, g, Carried(method, machine).init(x), 2.0)
    expected, _, _ = method.step(x, g, method.init(x), 2.0)
    # One step size for all tensors is as precise as the float32 tensors that go into it; a cosine is a tensor's own.
    common = float(np.finfo(np.float32).eps) if isinstance(method, (MoMo, MoMoAdam)) else 0.0
    for z, want in zip(got, expected, strict=True):
        assert z.dtype == want.dtype
        np.testing.assert_allclose(z, want, rtol=16 * max(common, float(np.finfo(z.dtype).eps)))
    if isinstance(machine, host_machine.Host):
        assert len(machine.launches) == 2 * len(dtypes)


@every_method
def test_bfloat16_parameters_have_the_float32_step_rounded(method: Method, machine: Machine) -> None:
    fused = Carried(method, machine)
    x, g = drawn([(33,)], BFLOAT16)[0], drawn([(33,)], BFLOAT16, 1)[0]
    got, state, _ = fused.step(x, g, fused.init(x), 2.0)
    wide, wide_state, _ = fused.step(x.astype("float32"), g.astype("float32"), fused.init(x.astype("float32")), 2.0)
    assert got.dtype == BFLOAT16
    # The sums are those of other chunks of threads (8 entries each instead of 4): a float32 may differ in its last bit.
    np.testing.assert_allclose(got.astype("float32"), wide.astype(BFLOAT16).astype("float32"), rtol=2.0**-7)
    assert np.mean(got == wide.astype(BFLOAT16)) > 0.9
    for name in set(fused.init(x)._fields) & {"gradient_average", "momentum", "second_moment"}:
        assert getattr(state, name).dtype == np.float32
        np.testing.assert_allclose(getattr(state, name), getattr(wide_state, name), rtol=1e-6)


@every_method
def test_hundreds_of_tensors_are_two_launches(method: Method, host: host_machine.Host) -> None:
    x = drawn([(i % 7,) for i in range(300)], "float32")
    Fused(method, machine=host).step(x, x, Fused(method, machine=host).init(x), 2.0)
    assert host.launches == [("first_float32", 300), ("second_float32", 300)]


@every_method
def test_indices_have_64_bits(method: Method, host: host_machine.Host) -> None:
    """The same memory, described as the entries from 2^33 on of arrays that would start far before it."""
    shift = 2**33
    x, g = drawn([(50,)], "float32"), drawn([(50,)], "float32", 1)
    fused = Fused(method, machine=host)
    expected, _, _ = fused.step(x, g, fused.init(x), 2.0)
    moved = [x[0].copy()]
    bound = fused.bind(moved, g, fused.init(moved), 2.0)
    tables = bound._job.tables
    job = tables[: JOB.itemsize].view(JOB)[0]
    base = tables.ctypes.data
    tensor = tables[job["tensors"] - base :][: TENSOR.itemsize].view(TENSOR)
    for name in ("x", "g", "a", "b", "new_x", "new_a", "new_b"):
        tensor[name] -= shift * 4
    chunk = tables[job["chunks"] - base :][: CHUNK.itemsize].view(CHUNK)
    chunk["start"] += shift
    chunk["end"] += shift
    bound()
    assert moved[0].tobytes() == expected[0].tobytes()


def test_a_plan_covers_every_entry_once() -> None:
    sizes, dtypes = [0, 1, LEAST, 10 * LEAST + 3, 5], ["float32", "float64", "float32", "float64", "float16"]
    for split in (False, True):
        cut = plan(sizes, dtypes, split)
        for tensor, size in enumerate(sizes):
            own = sorted((c["start"], c["end"]) for c in cut.chunks if c["tensor"] == tensor)
            assert own[0][0] == 0
            assert own[-1][1] == size
            assert [end for _, end in own[:-1]] == [start for start, _ in own[1:]]
        assert sum(launch.blocks for launch in cut.launches) == len(cut.chunks)
        for launch in cut.launches:
            run_of = cut.chunks[launch.first : launch.first + launch.blocks]
            assert {dtypes[c["tensor"]] for c in run_of} == {launch.dtype}
        for index, segment in enumerate(cut.segments):
            inside = cut.chunks[segment["first"] : segment["first"] + segment["count"]]
            assert len(inside) == np.sum(cut.chunks["segment"] == index)
            assert set(inside["segment"]) == {index}
    assert cut.segments.dtype == SEGMENT


@pytest.mark.parametrize("sizes", [[2**20], [2**28], [2**33], [2**26, 7, 2**12], [10] * 5000], ids=str)
def test_the_number_of_full_chunks_is_bounded(sizes: list[int]) -> None:
    length = chunk_length(sizes)
    assert sum(size // length for size in sizes) <= MOST
    assert length == LEAST or sum(size // (length // 2) for size in sizes) > MOST


def test_conversions_of_narrow_types(tmp_path: Path) -> None:
    """Every float16 and bfloat16 widens exactly; every float32 near one narrows as NumPy and ml_dtypes round."""
    text = host_machine.FOLDER.joinpath("types.cuh").read_text("utf-8") + "".join(
        f'extern "C" void widen_{name}(const {kind}* z, float* w, long n) {{ while (n--) w[n] = widened(z[n]); }}\n'
        f'extern "C" void narrow_{name}(const float* w, {kind}* z, long n) {{ while (n--) narrow(w[n], z[n]); }}\n'
        for name, kind in (("half", "Half"), ("bfloat", "Bfloat"))
    )
    library = host_machine.build_and_load(text, tmp_path / "types.so")
    for kind, dtype in (("half", np.dtype("float16")), ("bfloat", BFLOAT16)):
        every = np.arange(2**16, dtype=np.uint16).view(dtype)
        wide = np.empty(2**16, np.float32)
        host_machine.call(library, f"widen_{kind}", every, wide)
        np.testing.assert_array_equal(wide, every.astype(np.float32))
        bits = wide.view(np.uint32).astype(np.int64)
        half_step = 1 << (12 if kind == "half" else 15)
        near = np.concatenate([(bits + offset) for offset in (0, 1, -1, half_step, half_step + 1, half_step - 1)])
        floats = near.astype(np.uint32).view(np.float32)
        floats = np.concatenate(
            [floats, np.array([0.0, -0.0, 2.0**-24, 2.0**-25, 2.0**-26, 65519.0, 65520.0, 1e9], np.float32)]
        )
        got = np.empty(floats.size, dtype)
        host_machine.call(library, f"narrow_{kind}", floats, got)
        with np.errstate(all="ignore"):
            want = floats.astype(dtype)
        nan = np.isnan(want.astype(np.float32))
        np.testing.assert_array_equal(np.isnan(got.astype(np.float32)), nan)
        np.testing.assert_array_equal(got.view(np.uint16)[~nan], want.view(np.uint16)[~nan])
