"""The fused path through CuPy, each test first on a stand-in for CuPy and then on a CUDA device: ``pytest -m gpu``."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.carried import Carried
from support.device import host_machine

from momoracle import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu import Fused
from momoracle.gpu.bench.counts import Counts, count_calls
from momoracle.gpu.compiling import THREADS
from momoracle.gpu.cuda_device import CudaDevice
from momoracle.gpu.plan import LEAST
from momoracle.reference import Method

METHODS: list[Method] = [MoMo(), MoMoAdam(), TAM(), AdaTAM(), AdaTAMW()]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
SHAPES: list[tuple[int, ...]] = [(300, 41), (7,), (), (0, 3), (5000,)]
LARGE = (2**20 + 3,)  # enough blocks to fill a device


def is_device(cupy: Any) -> bool:
    return bool(cupy.cuda.runtime.driverGetVersion())


def drawn(cupy: Any, seed: int, dtype: Any = "float32") -> list[Any]:
    rng = np.random.default_rng(seed)
    shapes = [*SHAPES, LARGE] if is_device(cupy) else SHAPES
    return [cupy.asarray(np.asarray(rng.standard_normal(shape), dtype)) for shape in shapes]


def copied(arrays: list[Any]) -> list[Any]:
    return [z.copy() for z in arrays]


def bits(*values: Any) -> list[bytes]:
    arrays = [z for v in values for z in (v if isinstance(v, list) else [v]) if z is not None]
    return [z.get().tobytes() for z in arrays]


def captured(cupy: Any, call: Any) -> Any:
    """Return the graph of a call, and the stream that it was captured on."""
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        try:
            call()
        finally:
            graph = stream.end_capture()
    return graph, stream


@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_steps_agree_with_the_reference(method: Method, dtype: str, cupy: Any) -> None:
    fused, x = Fused(method), drawn(cupy, 0, dtype)
    y = [z.get() for z in x]
    state, host_state = fused.init(x), method.init(y)
    for seed in (1, 2, 3):
        g = drawn(cupy, seed, dtype)
        x, state, _ = fused.step(x, g, state, 2.0)
        y, host_state, _ = method.step(y, [z.get() for z in g], host_state, 2.0)
    for got, want in zip(x, y, strict=True):
        # Three steps from numbers of the order of 1; the sums are in float64 and keep their digits.
        eps = float(np.finfo(dtype).eps)
        np.testing.assert_allclose(got.get(), want, rtol=300 * eps, atol=300 * eps)


@every_method
def test_runs_give_the_same_bits(method: Method, cupy: Any) -> None:
    fused, x, g = Fused(method), drawn(cupy, 0), drawn(cupy, 1)
    first = fused.step(x, g, fused.init(x), 2.0)
    expected = bits(first[0], *first[1], *first[2])
    # What could make a step vary is a race, which only a device can lose; on the host ThreadSanitizer looks for races.
    for _ in range(100 if is_device(cupy) else 2):
        again = fused.step(x, g, fused.init(x), 2.0)
        assert bits(again[0], *again[1], *again[2]) == expected
    g[0][0, 0] += 1e-3
    other = fused.step(x, g, fused.init(x), 2.0)
    assert bits(other[0], *other[1], *other[2]) != expected


@every_method
def test_a_captured_step_reads_its_scalars_at_each_launch(method: Method, cupy: Any) -> None:
    x, g = drawn(cupy, 0), drawn(cupy, 1)
    fused, y, loss, lr = Fused(method), copied(x), cupy.zeros(()), cupy.zeros(())
    own, other = fused.init(y), copied(x)
    fused.bind(other, g, fused.init(other), loss, lr)()  # loads the kernels
    cupy.cuda.Device().synchronize()
    bound = fused.bind(y, g, own, loss, lr)
    graph, stream = captured(cupy, bound)
    assert bits(y, *own) == bits(x, *fused.init(x))  # capturing takes no step
    state = fused.init(x)
    for f, alpha in ((2.0, 0.5), (1.5, 0.25), (1.0, 0.125)):
        loss[...], lr[...] = f, alpha
        cupy.cuda.Device().synchronize()
        graph.launch(stream)
        stream.synchronize()
        x, state, _ = Fused(type(method)(lr=alpha)).step(x, g, state, f)
        assert bits(y, *own) == bits(x, *state)
    bound.check()


def test_a_step_that_waits_cannot_be_captured(cupy: Any) -> None:
    """So that capture succeeds means something."""
    fused, x = Fused(TAM()), drawn(cupy, 0)
    state = fused.init(x)
    fused.step(x, x, state)
    cupy.cuda.Device().synchronize()
    with pytest.raises(RuntimeError, match=r"(?i)captur"):
        captured(cupy, lambda: fused.step(x, x, state))
    fused.step(x, x, state)  # the device goes on


@every_method
def test_many_tensors_take_two_launches(method: Method, cupy: Any) -> None:
    rng = np.random.default_rng(5)
    x, g = (
        [cupy.asarray(rng.standard_normal(1 + i % 7).astype("f")) for i in range(500 if is_device(cupy) else 50)]
        for _ in range(2)
    )
    fused = Fused(method)
    expected, _, _ = method.step([z.get() for z in x], [z.get() for z in g], method.init([z.get() for z in x]), 2.0)
    bound = fused.bind(x, g, fused.init(x), 2.0)
    assert bound.launches == 2
    bound()
    bound.check()
    for got, want in zip(x, expected, strict=True):
        np.testing.assert_allclose(got.get(), want, rtol=1e-5, atol=1e-6)


@every_method
def test_views_that_are_not_aligned_give_the_same_bits(method: Method, cupy: Any) -> None:
    fused, room = Fused(method), cupy.asarray(np.random.default_rng(0).standard_normal(2 * LEAST + 1).astype("f"))
    view, whole = room[1:], room[1:].copy()
    assert view.data.ptr % 16
    assert not whole.data.ptr % 16
    results = [fused.step(z, z, fused.init(z), 1.0) for z in (view, whole)]
    assert bits(*results[0][:1], *results[0][1]) == bits(*results[1][:1], *results[1][1])


@pytest.mark.gpu
@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_bits_are_those_of_the_host(method: Method, dtype: str, folder: Path) -> None:
    """Of the same sources, in blocks of as many threads, while CUDA's `pow` rounds β^k as the host's does."""
    rng, shapes = np.random.default_rng(0), [(3 * LEAST + 5,), (7,), (0, 3)]
    x, *steps = ([np.asarray(rng.standard_normal(shape), dtype) for shape in shapes] for _ in range(4))
    results = []
    for machine in (CudaDevice(), host_machine.Host(folder, THREADS)):
        fused = Carried(method, machine)
        y, state = x, fused.init(x)
        for g in steps:
            y, state, trace = fused.step(y, g, state, 2.0)
        results.append([z.tobytes() for z in flattened([y, state, trace])])
    assert results[0] == results[1]


def flattened(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [z for part in value for z in flattened(part)]
    return [] if value is None else [value]


def test_strided_arrays_are_stepped_and_not_bound(cupy: Any) -> None:
    fused, x = Fused(TAM()), cupy.asarray(np.arange(12, dtype="f").reshape(3, 4)).T
    got, _, _ = fused.step(x, x, fused.init(x))
    want, _, _ = fused.step(cupy.ascontiguousarray(x), cupy.ascontiguousarray(x), fused.init(x))
    assert bits(got) == bits(want)
    with pytest.raises(ValueError, match=r"params\[0\] is not C-contiguous.*use step"):
        fused.bind(x, x, fused.init(x))


def test_arrays_of_the_host_are_refused(cupy: Any) -> None:
    fused, x = Fused(MoMo()), drawn(cupy, 0)
    host, state = [z.get() for z in x], fused.init(x)
    for params, grads, name in ((host, x, "params"), (x, host, "grads")):
        match = rf"{name}\[0\] is a numpy.ndarray that is not on a CUDA device; .*pass cupy.asarray\({name}\[0\]\)"
        with pytest.raises(TypeError, match=match):
            fused.step(params, grads, state, 1.0)
    with pytest.raises(TypeError, match=r"state.gradient_average\[0\] is a numpy.ndarray that is not on a CUDA device"):
        fused.step(x, x, state._replace(gradient_average=host), 1.0)


def test_bad_values_get_the_errors_of_the_reference(cupy: Any) -> None:
    fused, x, g = Fused(MoMo()), drawn(cupy, 0), drawn(cupy, 1)
    before = bits(x)
    with pytest.raises(ValueError, match=r"loss is nan; it must be finite.*Nothing was changed"):
        fused.step(x, g, fused.init(x), cupy.array(np.nan))
    with pytest.raises(TypeError, match=r"grads\[0\] has dtype float64 where params\[0\] has float32"):
        fused.step(x, [z.astype("float64") for z in g], fused.init(x), 1.0)
    g[1][3] = np.inf
    with pytest.raises(ValueError, match=r"grads\[1\] has 1 entries that are NaN or infinite"):
        fused.step(x, g, fused.init(x), 1.0)
    assert bits(x) == before


def test_subnormal_gradients_count(cupy: Any) -> None:
    g = cupy.asarray(np.full(16, 1e-42, "f"))  # which cupy.full makes 0
    for z in (g, g[::2]):
        _, state, _ = Fused(TAM()).step(z, z, Fused(TAM()).init(z))
        _, _, trace = Fused(TAM()).step(z, z, state)
        assert float(trace.cosine) == 1.0


@every_method
def test_a_bound_step_never_waits(method: Method, cupy: Any) -> None:
    """Nor does binding call what waits. Counted by PyTorch's profiler, which does count the waits of `step`."""
    pytest.importorskip("torch", reason="needs PyTorch, whose profiler counts")
    if not is_device(cupy):
        pytest.skip("needs a device to count on")
    fused, x, g = Fused(method), drawn(cupy, 0), drawn(cupy, 1)
    state = fused.init(x)
    bound = fused.bind(x, g, state, 1.0)
    assert count_calls(bound) == Counts(launches=2, synchronisations=0)
    binding = count_calls(lambda: fused.bind(x, g, state, 1.0))
    assert binding is not None
    assert binding.synchronisations == 0
    waiting = count_calls(lambda: fused.step(x, g, fused.init(x), 1.0))
    assert waiting is not None
    assert waiting.synchronisations > 0


def test_an_array_of_another_device_is_refused(cupy: Any) -> None:
    fused, x, other = Fused(MoMo()), cupy.ones(3), cupy.ones(3)
    state = fused.init(x)
    if not is_device(cupy):
        other.device = SimpleNamespace(id=1)
    elif cupy.cuda.runtime.getDeviceCount() > 1:
        with cupy.cuda.Device(1):
            other = cupy.ones(3)
    else:
        pytest.skip("needs a second device")
    match = (
        r"is on CUDA device 1 where the current one is 0: copy it there, or step inside `with cupy.cuda.Device\(1\):`"
    )
    for params, grads in ((x, other), (other, x)):
        with pytest.raises(ValueError, match=match):
            fused.step(params, grads, state, 1.0)


def test_indices_have_64_bits(cupy: Any) -> None:
    if not is_device(cupy) or cupy.cuda.runtime.memGetInfo()[0] < 32 * 2**30:
        pytest.skip("needs a device with 32 GiB free")
    size = 2**31 + 9
    x, g, fused = cupy.ones(size, "float16"), cupy.ones(size, "float16"), Fused(TAM(lr=0.5))
    bound = fused.bind(x, g, fused.init(x))
    bound()
    bound.check()
    # The first cosine is 0 and the damping 1/2: x - 0.5 (1/2 + eps) g
    assert x[:1].get().tolist() == x[-9:].get().tolist()[:1] == [0.75]
    assert bool((x == x[0]).all())
    del x, g, bound
    cupy.get_default_memory_pool().free_all_blocks()


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_pytorch_s_tensors_are_stepped_where_they_are(dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    if not torch.cuda.is_available():
        pytest.skip("needs a PyTorch with CUDA")
    parameter = torch.nn.Parameter(torch.ones(1000, dtype=getattr(torch, dtype), device="cuda"))
    parameter.grad = torch.ones_like(parameter)
    where, loss, fused = parameter.data_ptr(), torch.full((), 250.0, device="cuda"), Fused(MoMo(lr=0.5))
    torch.cuda.synchronize()
    bound = fused.bind([parameter], [parameter.grad], fused.init([parameter]), loss)
    bound()
    bound.check()
    assert parameter.data_ptr() == where
    assert parameter.tolist() == [0.75] * 1000  # the loss over |g|^2 is 1/4
    loss.fill_(-1.0)  # the model's value is then below the lower bound
    torch.cuda.synchronize()
    bound()
    bound.check()
    assert float(bound.trace.loss_average) == pytest.approx(0.9 * 250 - 0.1)
    assert parameter.tolist() == [0.75] * 1000
