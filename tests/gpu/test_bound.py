"""Steps bound in place: the same bits as `step`, scalars read from where they are, and their own refusals."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from support import checkout, readme
from support.device import host_machine

import momoracle.gpu
from momoracle import TAM, AdaTAM, MoMo, MoMoAdam
from momoracle.gpu import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import Method

METHODS: list[Method] = [
    MoMo(),
    MoMo(bias_correction=True, estimate_lower_bound=True),
    MoMoAdam(),
    TAM(),
    TAM(per_tensor=False),
    AdaTAM(bias_correction=True),
]
every_method = pytest.mark.parametrize("method", METHODS, ids=str)
SHAPES: list[tuple[int, ...]] = [(7,), (3, 5), (), (5000,)]


def drawn(seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape), np.float32) for shape in SHAPES]


def copied(value: Any) -> Any:
    if isinstance(value, list):
        return [copied(z) for z in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def bits(*values: Any) -> list[bytes]:
    return [z.tobytes() for v in values for z in (v if isinstance(v, list) else [v]) if z is not None]


@pytest.mark.parametrize(
    ("method", "recursion"), [*((m, False) for m in METHODS), *((m, True) for m in METHODS[:3])], ids=str
)
def test_a_bound_step_gives_the_bits_of_step(method: Method, recursion: bool, host: host_machine.Host) -> None:
    fused = Fused(method, recursion=recursion, machine=host)
    x, grads, losses = drawn(0), [drawn(seed) for seed in range(1, 5)], [4.0, 3.0, 2.0, 1.0]
    y, own = copied(x), fused.init(x)
    g, loss, lr = copied(grads[0]), np.zeros(()), np.full((), float(method.lr), np.float64)
    bound = fused.bind(y, g, own, _device(loss), _device(lr))
    state = fused.init(x)
    for given, f in zip(grads, losses, strict=True):
        for target, values in zip(g, given, strict=True):
            target[...] = values
        loss[...] = f
        x, state, trace = fused.step(x, given, state, f)
        bound()
        bound.check()
        assert bits(y, *own) == bits(x, *state)
        assert bits(*bound.trace) == bits(*trace)
    assert all(a is b for a, b in zip(bound.params, y, strict=True))
    assert int(own.step) == 4


class Scalar:
    """A number on the device: unlike a NumPy array, it is not a number that the host knows."""

    def __init__(self, array: Any) -> None:
        self.array, self.dtype = array, array.dtype

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def _device(array: Any) -> Scalar:
    return Scalar(array)


@every_method
def test_a_call_only_launches(method: Method, host: host_machine.Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table is written, nothing is allocated, nothing is read back."""
    fused, x = Fused(method, machine=host), drawn(0)
    bound = fused.bind(x, drawn(1), fused.init(x), 1.0)
    for name in ("write", "read", "empty", "full", "contiguous", "array", "kernel", "pointer"):
        monkeypatch.setattr(host, name, None)
    bound()
    bound()
    assert host.launches == [("first_float32", 5), ("second_float32", 5)] * 2


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_scalars_on_the_device_may_have_any_dtype(dtype: str, host: host_machine.Host) -> None:
    fused, x, g = Fused(MoMo(lr=0.125), machine=host), drawn(0), drawn(1)
    expected, _, _ = fused.step(x, g, fused.init(x), 2.5)
    loss, lr = (_device(np.array(z, dtype)) for z in (2.5, 0.125))
    got, _, _ = fused.step(x, g, fused.init(x), loss)
    assert bits(got) == bits(expected)
    fused.bind(x, g, fused.init(x), loss, lr)()
    assert bits(x) == bits(expected)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_on_the_device_that_is_not_finite(value: float, host: host_machine.Host) -> None:
    fused, x = Fused(MoMo(), machine=host), drawn(0)
    with pytest.raises(ValueError, match=r"loss is (nan|inf); it must be finite: skip the step. Nothing was changed"):
        fused.step(x, drawn(1), fused.init(x), _device(np.array(value)))
    bound = fused.bind(x, drawn(1), fused.init(x), _device(np.array(value)))
    bound()
    with pytest.raises(ValueError, match=r"loss is (nan|inf); .* params and state have been written"):
        bound.check()


def test_what_a_bound_step_met_is_told_by_check(host: host_machine.Host) -> None:
    fused, x, g = Fused(TAM(), machine=host), drawn(0), drawn(1)
    g[1][0, 2] = np.nan
    bound = fused.bind(x, g, fused.init(x))
    bound()
    with pytest.raises(
        ValueError, match=r"grads\[1\] has 1 entries that are NaN .* params and state have been written"
    ):
        bound.check()
    lr = np.array(-1.0)
    bound = fused.bind(drawn(0), drawn(1), fused.init(x), lr=_device(lr))
    bound()
    with pytest.raises(ValueError, match=r"lr is -1\.0; allowed: 0 <= lr < inf"):
        bound.check()
    huge = fused.bind(drawn(0), [np.asarray(z * np.float32(1e37)) for z in drawn(1)], fused.init(x), lr=1e6)
    huge()
    with pytest.raises(OverflowError, match=r"params of step 1 is not finite in dtype float32.*it overflowed"):
        huge.check()


def test_what_cannot_be_bound(host: host_machine.Host) -> None:
    fused, x, g = Fused(TAM(), machine=host), np.ones((4, 3)), np.ones((4, 3))
    with pytest.raises(ValueError, match=r"params\[0\] is not C-contiguous.*use step"):
        fused.bind(x.T, g.T, fused.init(x.T))
    with pytest.raises(TypeError, match=r"lr is a callable.*pass lr="):
        Fused(TAM(lr=lambda k: 1.0), machine=host).bind(x, g, fused.init(x))
    with pytest.raises(ValueError, match=r"lr has shape \(2,\)"):
        fused.bind(x, g, fused.init(x), lr=_device(np.ones(2)))
    with pytest.raises(ValueError, match=r"lr has shape \(1,\); allowed: one number"):
        fused.bind(x, g, fused.init(x), lr=np.ones(1))
    with pytest.raises(TypeError, match="debug is 1; allowed: True or False"):
        fused.bind(x, g, fused.init(x), debug=1)  # type: ignore[arg-type]
    room = np.ones(30)
    for a, b in ((room[:10], room[9:19]), (room[5:15], room[5:15])):
        with pytest.raises(ValueError, match=r"overlaps .* in memory"):
            fused.bind(a, b, fused.init(a))
        with pytest.raises(ValueError, match=r"params\[\d\] overlaps params\[\d\] in memory"):
            fused.bind([a, b], [np.ones(10)] * 2, fused.init([a, b]))
    wide, narrow = room[:20], room[12:15]
    with pytest.raises(ValueError, match="overlaps"):
        fused.bind(
            [wide, room[25:], narrow], [np.ones(20), np.ones(5), np.ones(3)], fused.init([wide, room[25:], narrow])
        )


def test_scalars_that_a_call_writes_are_apart_too(host: host_machine.Host) -> None:
    fused, x, g, shared = Fused(MoMo(), machine=host), np.ones(3), np.ones(3), np.zeros(())
    with pytest.raises(ValueError, match=r"state.\w+ overlaps state.\w+ in memory"):
        fused.bind(x, g, fused.init(x)._replace(loss_average=shared, offset=shared), 1.0)
    with pytest.raises(ValueError, match=r"overlaps .* in memory"):
        fused.bind(x, g, fused.init(x)._replace(offset=shared), _device(shared))
    both = _device(np.ones(()))
    fused.bind(x, g, fused.init(x), both, both)()  # they are only read


def test_what_must_not_be_written_is_refused(host: host_machine.Host) -> None:
    fused, x, g = Fused(TAM(), machine=host), np.ones(3), np.ones(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match=r"params is a numpy.ndarray that must not be written.*or use step"):
        fused.bind(x, g, fused.init(x))
    x, state = np.ones(3), fused.init(x)
    state.momentum.flags.writeable = False
    with pytest.raises(ValueError, match=r"state.momentum is a numpy.ndarray that must not be written"):
        fused.bind(x, g, state)
    g.flags.writeable = False
    fused.bind(x, g, fused.init(x))()


def test_arrays_of_jax_are_not_written(host: host_machine.Host) -> None:
    jax = pytest.importorskip("jax", reason="needs JAX")
    fused, x, g = Fused(TAM(), machine=host), jax.numpy.ones(3), jax.numpy.ones(3)
    with pytest.raises(ValueError, match=r"params is a jax\S* that must not be written"):
        fused.bind(x, g, fused.init(x))
    stepped, _, _ = fused.step(x, g, fused.init(x))
    assert x.tolist() == [1.0] * 3 != stepped.tolist()


def test_check_speaks_of_calls_alone(host: host_machine.Host) -> None:
    """It has nothing to say before the first; and what was mended since, it cannot name any more."""
    fused, x, g = Fused(TAM(), machine=host), np.ones(3), np.full(3, np.inf)
    state = fused.init(x)
    fused.bind(x, g, fused.init(x)._replace(cosine_average=np.array(np.nan)), lr=_device(np.array(np.nan))).check()
    bound = fused.bind(x, g, state)
    bound.check()
    bound()
    for array in (x, g, state.momentum, state.cosine_average):
        array[...] = 0.5
    with pytest.raises(OverflowError, match=r"params or state of step 1 is not finite in dtype float64"):
        bound.check()


def test_gradients_may_share_memory(host: host_machine.Host) -> None:
    fused, x, g = Fused(TAM(), machine=host), [np.ones(4), np.ones(4)], np.ones(4)
    fused.bind(x, [g, g], fused.init(x))()
    assert x[0].tolist() == x[1].tolist() != [1.0] * 4


def test_the_contract_of_the_recursion_is_checked_at_debug_level(host: host_machine.Host) -> None:
    fused, x, g = Fused(MoMo(), recursion=True, machine=host), drawn(0), drawn(1)
    bound = fused.bind(x, g, fused.init(x), 1.0, debug=True)
    bound()
    bound()
    x[1][0, 0] += 1.0
    with pytest.raises(ValueError, match=r"params\[1\] changed since the last call; the recursion holds only while"):
        bound()
    bound = fused.bind(x, g, fused.init(x), 1.0)
    bound()
    x[1][0, 0] += 1.0
    bound()


def test_tensors_of_another_framework_are_taken_without_copying(host: host_machine.Host) -> None:
    """DLPack, and PyTorch's parameters without their graph."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    parameter = torch.nn.Parameter(torch.ones(5))
    parameter.grad = torch.arange(5.0)
    fused = Fused(MoMo(), machine=host)
    expected, _, _ = fused.step(np.ones(5, "f"), np.arange(5, dtype="f"), fused.init(np.ones(5, "f")), 1.0)
    loss = torch.tensor(1.0)
    fused.bind([parameter], [parameter.grad], fused.init([parameter]), loss)()
    assert parameter.tolist() == expected.tolist()


@checkout.needed
def test_the_loop_of_the_readme_steps_as_the_reference(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    place = "cpu" if isinstance(machine, host_machine.Host) else "cuda"
    if place == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a PyTorch with CUDA")
    torch.manual_seed(0)
    nets = [torch.nn.Linear(20, 1, device=place) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    inputs, criterion = torch.randn(512, 20, device=place), torch.nn.functional.mse_loss
    batches = [(z, 2 * z[:, :1] + z[:, 1:2]) for z in inputs.split(64)]

    monkeypatch.setattr(momoracle.gpu, "Fused", partial(Fused, machine=machine))
    exec(readme.marked("run: gpu"), {"net": nets[0], "batches": batches, "criterion": criterion})

    method, params = MoMo(lr=1.0), list(nets[1].parameters())
    state = method.init([p.detach().cpu().numpy() for p in params])
    for z, targets in batches:
        loss = criterion(nets[1](z), targets)
        grads = [g.cpu().numpy() for g in torch.autograd.grad(loss, params)]
        new, state, _ = method.step([p.detach().cpu().numpy() for p in params], grads, state, loss.item())
        for p, value in zip(params, new, strict=True):
            p.data = torch.from_numpy(value).to(place)
    for p, want in zip(nets[0].parameters(), params, strict=True):
        # Eight steps of float32, in which the two round the products of τ and d differently.
        np.testing.assert_allclose(p.detach().cpu().numpy(), want.detach().cpu().numpy(), rtol=1e-4, atol=1e-6)
    assert criterion(nets[0](inputs), 2 * inputs[:, :1] + inputs[:, 1:2]).item() < 2.0  # from about 5
