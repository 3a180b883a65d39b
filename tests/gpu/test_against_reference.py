"""One step of the kernels, on the host and on a device, beside the reference: shapes, dtypes, magnitudes of every kind.

Each step starts from the reference's state, so that what is allowed is one step's rounding: a small multiple of the
terms that were added, in extended precision, whose range no product of two entries leaves.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.carried import Carried

from momoracle import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu.machine import Machine
from momoracle.gpu.plan import LEAST
from momoracle.reference import Method

METHODS: dict[str, Method] = {
    "momo": MoMo(),
    "momo decay": MoMo(lr=5.0, weight_decay=0.1, lower_bound=-1.0),
    "momo corrected": MoMo(lr=50.0, bias_correction=True),
    "momo estimating": MoMo(lr=10.0, lower_bound=-1.0, estimate_lower_bound=True),
    "momo unbounded": MoMo(lower_bound=-np.inf),
    "momo-adam": MoMoAdam(lr=1.0),
    "momo-adam decoupled": MoMoAdam(lr=0.1, weight_decay=0.1, decoupled_decay=True),
    "tam": TAM(),
    "tam decay": TAM(weight_decay=0.1),
    "tam global": TAM(per_tensor=False),
    "adatam": AdaTAM(lr=0.1),
    "adatam like adam": AdaTAM(lr=0.1, per_tensor=False, averaged_momentum=True, bias_correction=True),
    "adatamw": AdaTAMW(lr=0.1),
}
# Gradients up to 2^±this; Adam's v holds their squares in the dtype of the state.
POWERS = {"float64": 700, "float32": 90, "float16": 8}
SQUARED = {"float64": 400, "float32": 30, "float16": 8}
EXAMPLES = 8 if settings.default is not None and settings.default.max_examples < 100 else 300


def tensors(draw: Any, shapes: list[tuple[int, ...]], dtype: str, power: int) -> list[Any]:
    entries = st.integers(-1024, 1024).map(lambda i: i / 1024)
    return [
        np.asarray(np.ldexp(draw(arrays.arrays(np.float64, shape, elements=entries)), power), dtype) for shape in shapes
    ]


@st.composite
def problems(draw: Any, dtype: str, most: int) -> tuple[list[Any], list[list[Any]], list[float]]:
    """Return parameters, gradients and losses of three steps; the gradients of one step have one magnitude."""
    shapes = draw(st.lists(arrays.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=9), min_size=1, max_size=4))
    x = tensors(draw, shapes, dtype, draw(st.integers(-8, 8)))
    grads = [tensors(draw, shapes, dtype, draw(st.integers(-most, most))) for _ in range(3)]
    return x, grads, draw(st.lists(st.floats(0.125, 4.0), min_size=3, max_size=3))


@pytest.mark.parametrize("dtype", POWERS)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_step_from_the_same_state_is_the_same(method: Method, dtype: str, machine: Machine) -> None:
    fused = Carried(method, machine)
    most = (SQUARED if isinstance(method, (MoMoAdam, AdaTAM)) else POWERS)[dtype]

    @settings(max_examples=EXAMPLES)
    @given(problems(dtype, most))
    def compare(problem: Any) -> None:
        x, grads, losses = problem
        state = method.init(x)
        for g, loss in zip(grads, losses, strict=True):
            try:
                expected = method.step(x, g, state, loss)
            except OverflowError as error:
                with pytest.raises(OverflowError, match=str(error).split(" ", 1)[0]):
                    fused.step(x, g, on_the_machine(state), loss)
                return
            got = fused.step(x, g, on_the_machine(state), loss)
            if isinstance(method, (MoMo, MoMoAdam)):
                ways = [expected, *other_ways(method, x, g, state, loss, expected[2])]
                step_size = np.longdouble(got[2].step_size)
                near_model(method, x, g, state, min(ways, key=lambda way: abs(way[2].step_size - step_size)), got)
            else:
                near_torque(method, x, g, state, expected, got)
            x, state, _ = expected

    compare()


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("method", [MoMo(), MoMoAdam(), AdaTAM()], ids=lambda m: type(m).__name__)
def test_averages_have_the_bits_of_the_reference(method: Method, dtype: str, machine: Machine) -> None:
    """Those that depend on no sum: g's and g²'s, in products that are rounded before they are added."""
    rng = np.random.default_rng(0)
    x, *steps = (rng.standard_normal(2 * LEAST + 5).astype(dtype) for _ in range(4))
    fused = Carried(method, machine)
    (y, got), (z, want) = (x, fused.init(x)), (x, method.init(x))
    for g in steps:
        y, got, _ = fused.step(y, g, got, 2.0)
        z, want, _ = method.step(z, g, want, 2.0)
    for name in {"gradient_average", "second_moment"} & set(want._fields):
        assert getattr(got, name).tobytes() == getattr(want, name).tobytes(), name


def on_the_machine(state: Any) -> Any:
    """Return a state of the reference as the fused path keeps it."""
    scalars = {name: value for name, value in state._asdict().items() if is_scalar(value)}
    kinds = {name: np.int64 if name == "step" else np.float64 for name in scalars}
    return state._replace(**{name: np.array(value, kinds[name]) for name, value in scalars.items()})


def is_scalar(value: Any) -> bool:
    first = value[0] if isinstance(value, list) else value
    return isinstance(first, (int, float))


def other_ways(method: Any, x: Any, g: Any, state: Any, loss: float, trace: Any) -> list[Any]:
    """Return the steps of the reference where rounding decides on a reset of MoMo*'s bound: with it and without."""
    if not method.estimate_lower_bound:
        return []
    shrink = 1 + method.lr * method.weight_decay
    rest = shrink * trace.loss_average, -shrink * trace.offset, trace.inner_product
    terms = np.array([*rest, -shrink * trace.weight_sum * state.next_lower_bound])
    rounded = (16 + sum(z.size for z in x)) * np.finfo(np.float64).eps * np.abs(terms).sum()  # sums are float64's
    if abs(terms.sum()) > rounded:
        return []
    nudge = 2 * rounded / (shrink * trace.weight_sum)
    bounds = (state.next_lower_bound + sign * nudge for sign in (-1, 1))
    return [method.step(x, g, state._replace(next_lower_bound=float(bound)), loss) for bound in bounds]


def test_rounding_decides_on_a_reset_where_the_bound_is_the_model_s_value() -> None:
    """Neighbours of one bound, and steps that have nothing in common."""
    method, x, none = METHODS["momo estimating"], [np.array([0.75])], [np.zeros(1)]
    _, state, _ = method.step(x, [np.array([0.25])], method.init(x), 0.125)
    _, _, trace = method.step(x, none, state, 0.125)
    c = trace.loss_average - trace.offset + trace.inner_product
    for bound in (c, float(np.nextafter(c, 1.0))):
        tied = state._replace(next_lower_bound=bound)
        _, _, trace = method.step(x, none, tied, 0.125)
        without, reset = (way[2].step_size for way in other_ways(method, x, none, tied, 0.125, trace))
        assert trace.step_size == (0.0 if bound == c else reset)
        assert without < 1e-12
        assert reset > 1.0
    far = state._replace(next_lower_bound=c * 0.99)
    assert other_ways(method, x, none, far, 0.125, method.step(x, none, far, 0.125)[2]) == []


def flat(tensors: Any) -> Any:
    return np.concatenate([np.asarray(z, np.longdouble).reshape(-1) for z in tensors])


def rounding(x: list[Any]) -> tuple[Any, Any]:
    """Return the relative and the absolute rounding of one step."""
    info = np.finfo(np.result_type(x[0].dtype, np.float32))
    narrow = np.finfo(x[0].dtype)
    c = (16 + sum(z.size for z in x) * (info.bits == 64)) * np.longdouble(info.eps)
    return c, (np.longdouble(narrow.eps), np.longdouble(narrow.smallest_subnormal), np.longdouble(info.smallest_normal))


def assert_within(got: Any, want: Any, allowed: Any, name: str) -> None:
    got, want = np.asarray(got, np.longdouble), np.asarray(want, np.longdouble)
    with np.errstate(invalid="ignore"):
        error = np.where(got == want, 0, np.abs(got - want))
    assert np.all(error <= allowed), (name, got, want, allowed)


def near_model(method: Any, x: Any, g: Any, state: Any, expected: Any, got: Any) -> None:
    c, (ulp, least, tiny) = rounding(x)
    new_x, new_state, trace = expected
    d, size = flat(new_state.gradient_average), np.abs(flat(state.gradient_average)) + np.abs(flat(g))
    scale = flat(trace.preconditioner) if isinstance(method, MoMoAdam) else np.longdouble(1)
    shrink = 1 + np.longdouble(method.lr) * method.weight_decay
    bound = 0.0 if np.isinf(trace.lower_bound) else abs(trace.weight_sum * trace.lower_bound)
    x_flat = flat(x)
    products = np.sum((np.abs(d) + size) * np.abs(x_flat))
    terms = abs(trace.loss_average) + abs(np.longdouble(trace.offset)) + bound + products
    # What rounding does to ‖d‖², and to the quotient of the two; at d = 0 it does nothing.
    dd = np.sum(d * d / scale)
    size_sq = np.sum(size * np.abs(d) / scale)
    polyak = c * shrink * terms / dd * (1 + size_sq / dd) if dd > 0 else np.longdouble(0)
    tau = np.longdouble(trace.step_size)
    assert_within(got[2].step_size, tau, c * tau + polyak, "step_size")
    assert_within(got[2].loss_average, trace.loss_average, c * abs(trace.loss_average), "loss_average")
    assert_within(got[2].offset, trace.offset, c * terms, "offset")
    assert_within(flat(got[1].gradient_average), d, c * size + tiny, "gradient_average")
    direction, moved = size / scale, flat(new_x)
    allowed = c * (np.abs(x_flat) + tau * direction) + polyak * direction + ulp * np.abs(moved) + least + tau * tiny
    assert_within(flat(got[0]), moved, allowed, "params")
    if isinstance(method, MoMoAdam):
        v = flat(new_state.second_moment)
        assert_within(flat(got[1].second_moment), v, c * v + tiny, "second_moment")


def near_torque(method: Any, x: Any, g: Any, state: Any, expected: Any, got: Any) -> None:
    c, (ulp, least, tiny) = rounding(x)
    new_x, new_state, trace = expected
    for name in ("cosine", "cosine_average", "damping"):
        assert_within(getattr(got[2], name), getattr(trace, name), c, name)
    decay = method.weight_decay if isinstance(method, TAM) else 0.0
    size = np.abs(flat(state.momentum)) + 2 * (np.abs(flat(g)) + decay * np.abs(flat(x)))
    assert_within(flat(got[1].momentum), flat(new_state.momentum), c * size + tiny, "momentum")
    scale = np.longdouble(1)
    if isinstance(method, AdaTAM):
        v, k = flat(new_state.second_moment), new_state.step
        assert_within(flat(got[1].second_moment), v, c * v + tiny, "second_moment")
        correction = [1 - np.longdouble(b) ** k if method.bias_correction else 1 for b in (method.beta1, method.beta2)]
        scale = correction[0] * (np.sqrt(v / correction[1]) + method.eps)
    moved = flat(new_x)
    allowed = c * (np.abs(flat(x)) + method.lr * size / scale) + ulp * np.abs(moved) + least + method.lr * tiny / scale
    assert_within(flat(got[0]), moved, allowed, "params")
