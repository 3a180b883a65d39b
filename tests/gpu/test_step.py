"""The face of a fused step: the reference's, to its errors; and steps bound in place."""

from typing import Any

import numpy as np
import pytest
from support.carried import Carried
from support.device import host_machine

from momoracle import SGD, TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import Method

METHODS: list[Method] = [MoMo(), MoMoAdam(), TAM(), AdaTAM(), AdaTAMW()]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
ONE = np.array([1.0, 2.0])


def refused_alike(method: Method, machine: Any, params: Any, grads: Any, state: Any, loss: Any) -> Exception:
    """Expect the reference's very error, and return it; ``state`` makes a state from the optimizer."""
    with pytest.raises((TypeError, ValueError, OverflowError)) as expected:
        method.step(params, grads, state(method), loss)
    fused = Carried(method, machine)
    with pytest.raises(expected.type) as got:
        fused.step(params, grads, state(fused), loss)
    assert str(got.value) == str(expected.value)
    error: Exception = got.value
    return error


BAD: dict[str, Any] = {
    "nan in a gradient": ([ONE, ONE], [ONE, np.array([np.nan, 1.0])], 1.0),
    "infinite gradients": ([ONE, ONE], [np.array([np.inf, -np.inf]), ONE], 1.0),
    "infinite parameters": ([ONE, np.array([np.inf, 1.0])], [ONE, ONE], 1.0),
    "a gradient too many": ([ONE], [ONE, ONE], 1.0),
    "another shape": ([ONE], [ONE[:1]], 1.0),
    "another dtype": ([ONE], [ONE.astype("float32")], 1.0),
    "one gradient for a list": ([ONE], ONE, 1.0),
    "a list for one gradient": (ONE, [ONE], 1.0),
}


@every_method
@pytest.mark.parametrize("bad", BAD)
def test_bad_arrays_get_the_error_of_the_reference(method: Method, bad: str, machine: Machine) -> None:
    params, grads, loss = BAD[bad]
    refused_alike(method, machine, params, grads, lambda opt: opt.init(params), loss)


@pytest.mark.parametrize("method", [MoMo(), MoMoAdam()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("loss", [None, np.nan, np.inf, "1.0", 1j, [1.0, 2.0], np.float32("nan")], ids=str)
def test_bad_losses_get_the_error_of_the_reference(method: Method, loss: Any, machine: Machine) -> None:
    refused_alike(method, machine, ONE, ONE, lambda opt: opt.init(ONE), loss)


@every_method
def test_a_foreign_state_gets_the_error_of_the_reference(method: Method, machine: Machine) -> None:
    refused_alike(method, machine, ONE, ONE, lambda opt: None, 1.0)
    refused_alike(method, machine, ONE, ONE, lambda opt: SGD().init(ONE), 1.0)
    refused_alike(method, machine, ONE, ONE, lambda opt: opt.init(ONE[:1]), 1.0)
    refused_alike(method, machine, ONE, ONE, lambda opt: opt.init(ONE.astype("float32")), 1.0)
    refused_alike(method, machine, [ONE, ONE], [ONE, ONE], lambda opt: opt.init([ONE]), 1.0)


Problem = tuple[Method, float, float, float]  # a method, one of two parameters, both gradients, the loss
#: what does not fit, in a problem where all input is finite; and a neighbour of it in which everything fits
OVERFLOWS: list[tuple[str, Problem, Problem]] = [
    ("offset", (MoMo(lower_bound=-1.0), 1e200, 1e300, 1e300), (MoMo(lower_bound=-1.0), 1.0, 1e300, 1e300)),
    ("params", (MoMo(1e150, lower_bound=-np.inf), 1, -1e160, 1), (MoMo(1e140, lower_bound=-np.inf), 1, -1e160, 1)),
    ("params", (MoMoAdam(eps=0.0), 1, 0, 1), (MoMoAdam(), 1, 0, 1)),
    ("second_moment", (MoMoAdam(), 1, 1e300, 1), (MoMoAdam(), 1, 1e150, 1)),
    ("params", (TAM(lr=1e300), 1, 1e300, 1), (TAM(lr=1.0), 1, 1e300, 1)),
    ("second_moment", (AdaTAM(), 1, 1e200, 1), (AdaTAM(), 1, 1e150, 1)),
    ("params", (AdaTAM(eps=0.0), 1, 0, 1), (AdaTAM(), 1, 0, 1)),
    ("params", (AdaTAMW(lr=1e300, weight_decay=1e300), 1, 1, 1), (AdaTAMW(lr=1e300, weight_decay=1.0), 1, 1, 1)),
]


@pytest.mark.parametrize(
    ("unfit", "problem", "fitting"), OVERFLOWS, ids=[f"{type(p[0]).__name__}-{name}" for name, p, _ in OVERFLOWS]
)
def test_results_beyond_the_range_are_refused_as_by_the_reference(
    unfit: str, problem: Problem, fitting: Problem, machine: Machine
) -> None:
    method, x, g, loss = problem
    error = refused_alike(method, machine, np.array([x, 1.0]), np.array([g, g], float), lambda opt: opt.init(ONE), loss)
    assert isinstance(error, OverflowError)
    assert str(error).startswith(f"{unfit} of step 1 is not finite in dtype float64, although all input is")

    method, x, g, loss = fitting
    x0, both = np.array([x, 1.0]), np.array([g, g], float)
    got, want = (opt.step(x0, both, opt.init(x0), loss)[0] for opt in (Carried(method, machine), method))
    np.testing.assert_allclose(got, want, rtol=1e-12)


@every_method
@pytest.mark.parametrize("bad", [[], ONE.astype(int), ONE.astype(complex), ONE.astype(np.longdouble)], ids=str)
def test_other_params_are_refused(method: Method, bad: Any, host: host_machine.Host) -> None:
    with pytest.raises((TypeError, ValueError), match=r"params (is empty|has dtype .* floating point is needed)"):
        Fused(method, machine=host).init(bad)


def test_arrays_on_several_devices_are_refused(folder: Any) -> None:
    class Two(host_machine.Host):
        def place(self, array: Any) -> str:
            return f"CUDA device {int(array.size == 3)}"

    fused, x = Fused(MoMo(), machine=Two(folder)), [np.ones(2), np.ones(3)]
    with pytest.raises(
        ValueError, match=r"params\[1\] is on CUDA device 1 where params\[0\] is on CUDA device 0; .*copy"
    ):
        fused.step(x, x, fused.init(x), 1.0)


def test_what_has_no_kernels_is_refused(host: host_machine.Host) -> None:
    for method in (SGD(), None, MoMo):
        with pytest.raises(TypeError, match=r"method is .*; allowed: one of MoMo, MoMoAdam, TAM, AdaTAM, AdaTAMW"):
            Fused(method, machine=host)  # type: ignore[arg-type]
    for wrong in (TAM(), MoMo(weight_decay=0.1), MoMoAdam(weight_decay=0.1)):
        with pytest.raises(ValueError, match="recursion is True"):
            Fused(wrong, recursion=True, machine=host)
    with pytest.raises(TypeError, match="recursion is 1; allowed: True or False"):
        Fused(MoMo(), recursion=1, machine=host)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"beta has shape \(2,\)"):
        Fused(MoMo(beta=np.array([0.1, 0.2])), machine=host)  # type: ignore[arg-type]


@every_method
def test_what_only_the_reference_takes_is_refused_by_name(method: Method, host: host_machine.Host) -> None:
    fused: Any = Fused(method, machine=host)
    with pytest.raises(TypeError, match=r"replicas is a int; a fused step has no replicas: .*step ensembles with "):
        fused.init(np.ones((3, 2)), replicas=3)
    with pytest.raises(TypeError, match=r"out is a tuple; a fused step has no out: leave it out; bind\(params"):
        fused.step(ONE, ONE, fused.init(ONE), 1.0, out=(ONE.copy(), fused.init(ONE)))


@every_method
def test_nothing_that_is_passed_in_changes(method: Method, host: host_machine.Host) -> None:
    fused, x, g = Fused(method, machine=host), [ONE.copy()], [ONE.copy()]
    state = fused.init(x)
    _, after, _ = fused.step(x, g, state, 1.0)
    held = [x, g, list(after)]
    before = repr(held)
    fused.step(x, g, after, 1.0)
    assert repr(held) == before


def test_a_schedule_is_asked_with_the_step_number(host: host_machine.Host) -> None:
    asked = []
    opt = TAM(lr=lambda k: asked.append(k) or 0.5 / k)  # type: ignore[func-returns-value]
    x, state = ONE, Fused(opt, machine=host).init(ONE)
    for _ in range(3):
        x, state, _ = Fused(opt, machine=host).step(x, ONE, state)
    assert asked == [1, 2, 3]
    with pytest.raises(ValueError, match=r"lr\(1\) is -1; allowed: 0 <= lr\(1\) < inf"):
        Fused(TAM(lr=lambda k: -1), machine=host).step(ONE, ONE, Fused(opt, machine=host).init(ONE))


def test_the_state_and_trace_are_those_of_the_reference(host: host_machine.Host) -> None:
    for method in METHODS:
        for x in (ONE, [ONE, ONE[:1]]):
            fused = Fused(method, machine=host)
            _, state, trace = fused.step(x, x, fused.init(x), 1.0)
            _, want_state, want_trace = method.step(x, x, method.init(x), 1.0)
            for got, want in ((state, want_state), (trace, want_trace)):
                assert type(got) is type(want)
                for name, value in got._asdict().items():
                    if name not in ("preconditioner", "replicas"):
                        expected = getattr(want, name)
                        shapes = [np.shape(z) for z in expected] if isinstance(expected, list) else np.shape(expected)
                        if isinstance(value, list) or not isinstance(expected, list):
                            got_shapes = [z.shape for z in value] if isinstance(value, list) else value.shape
                            assert got_shapes == shapes, name
                        else:
                            assert value.shape == (len(expected),), name


@every_method
def test_a_state_is_refused_that_no_step_returned(method: Method, host: host_machine.Host) -> None:
    """NaN in a scalar of the state, which a step may not show, and replicas."""
    fused, state = Fused(method, machine=host), Fused(method, machine=host).init(ONE)
    for name in (n for n in state._fields if n in ("loss_average", "offset", "next_lower_bound", "cosine_average")):
        wrong = method.init(ONE)._replace(**{name: np.nan})
        message = rf"state.{name} is NaN; pass a state as init or a step returned it"
        with pytest.raises(ValueError, match=message):
            method.step(ONE, ONE, wrong, 1.0)
        with pytest.raises(ValueError, match=message):
            fused.step(ONE, ONE, state._replace(**{name: np.array(np.nan)}), 1.0)
        bound = fused.bind(ONE.copy(), ONE, fused.init(ONE)._replace(**{name: np.array(np.nan)}), 1.0)
        bound()
        started_anew = name != "cosine_average" and not getattr(method, "bias_correction", True)  # MoMo's averages
        told = "is NaN" if started_anew or name == "next_lower_bound" else "of step 1 is not finite"
        with pytest.raises((ValueError, OverflowError), match=rf"{name} {told}"):
            bound.check()
    with pytest.raises(ValueError, match=r"state.replicas is 3; a fused step has none"):
        fused.step(ONE, ONE, state._replace(replicas=3), 1.0)


def test_scalars_of_the_state_may_be_views(host: host_machine.Host) -> None:
    fused, x = Fused(TAM(), machine=host), [ONE, ONE + 1, ONE - 3]
    _, state, _ = fused.step(x, x, fused.init(x))
    state.cosine_average[:] = 0.1, 0.5, 0.9
    room = np.full(6, 7.0)
    room[::2] = state.cosine_average
    expected, _, _ = fused.step(x, x, state)
    got, _, _ = fused.step(x, x, state._replace(cosine_average=room[::2]))
    assert [z.tobytes() for z in got] == [z.tobytes() for z in expected]
    assert room[1::2].tolist() == [7.0] * 3
    with pytest.raises(ValueError, match=r"state.cosine_average is not C-contiguous"):
        fused.bind(x, x, state._replace(cosine_average=room[::2]))


def test_what_overflows_is_named_as_the_reference_names_it(host: host_machine.Host) -> None:
    """The dtype of the tensor, and where each tensor has a damping of its own, the first tensor's quantity."""
    small, large = np.array([0, 1], "f"), np.full(2, 1e20, "f")
    for method, x, g in (
        (TAM(lr=1e30), [np.ones(2), np.ones(2, "f")], [np.ones(2), large]),
        (AdaTAM(lr=1e30, eps=0.0, beta2=0.0), [np.ones(2, "f")] * 2, [small, large]),
        (AdaTAM(lr=1e30, eps=0.0, beta2=0.0, per_tensor=False), [np.ones(2, "f")] * 2, [small, large]),
    ):
        fused = Fused(method, machine=host)
        with pytest.raises(OverflowError) as expected:
            method.step(x, g, method.init(x))
        with pytest.raises(OverflowError) as got:
            fused.step(x, g, fused.init(x))
        assert str(got.value) == str(expected.value)


@pytest.mark.parametrize(("distance", "close"), [(1.0, True), (1e6, False)])
def test_how_far_the_recursion_follows_its_own_steps(distance: float, close: bool, host: host_machine.Host) -> None:
    """Near 0 it minimises as the inner products do; where float32 rounds steps away it stalls."""
    rng = np.random.default_rng(0)
    scale, minimum = rng.uniform(0.5, 2.0, 40), distance * rng.uniform(1.0, 2.0, 40)
    last = []
    for recursion in (False, True):
        fused = Fused(MoMo(lr=1.0), recursion=recursion, machine=host)
        x = (minimum + rng.standard_normal(40) * 3).astype("f")
        state = fused.init(x)
        for _ in range(200):
            away = x - minimum
            last_loss = float(0.5 * (scale * away**2).sum())
            x, state, _ = fused.step(x, (scale * away).astype("f"), state, last_loss)
        last.append(last_loss)
    assert (last[1] < 10 * last[0] + 1e-8) == close


def test_the_recursion_is_refused_for_parameters_of_16_bits(host: host_machine.Host) -> None:
    fused = Fused(MoMo(), recursion=True, machine=host)
    with pytest.raises(TypeError, match=r"params holds float16 with recursion=True.*keep them in float32"):
        fused.init([ONE, ONE.astype("float16")])


def test_the_recursion_keeps_its_digits_far_from_the_origin(host: host_machine.Host) -> None:
    """Float32 at distance 1e4, given gradients, beside unrounded steps: only the direct step size loses digits."""
    rng = np.random.default_rng(3)
    start = (1e4 + rng.integers(-8, 8, 50)).astype(np.float32)
    grads, losses = rng.standard_normal((8, 50)).astype(np.float32) / 64, rng.uniform(1.0, 2.0, 8)
    errors = []
    for recursion in (False, True):
        fused, exact = Fused(MoMo(lr=1e4), recursion=recursion, machine=host), MoMo(lr=1e4)
        x, y, state, exact_state = start, start.astype(float), fused.init(start), exact.init(start.astype(float))
        worst = 0.0
        for g, loss in zip(grads, losses.tolist(), strict=True):
            x, state, trace = fused.step(x, g, state, loss)
            y, exact_state, truth = exact.step(y, g.astype(float), exact_state, loss)
            assert 0 < truth.step_size < 1e4
            worst = max(worst, abs(float(trace.step_size) / truth.step_size - 1))
        errors.append(worst)
    assert errors[1] < 1e-5
    assert errors[0] > 100 * errors[1]
