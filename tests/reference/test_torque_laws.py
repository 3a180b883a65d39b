"""Bounds and invariances of torque-aware momentum in floating point, for every finite input."""

import math
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.runs import BITS, Problem, ball, slack, steps_of, with_bounds

from momoracle import TAM, AdaTAM

WIDE_BITS = 5000  # products of float64 entries span 2^±2148
#: the largest gradient whose momentum, lr times it, still fits the dtype
LARGEST = {"float64": 1e300, "float32": float(np.float32(1e37))}
HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def magnitudes(dtype: str) -> st.SearchStrategy[float]:
    """Return entries of every size: special ones, any at all, and powers of ten so that two of them meet often."""
    top = LARGEST[dtype]
    width: Any = 64 if dtype == "float64" else 32
    least = float(np.finfo(dtype).smallest_subnormal)
    special = [0.0, 1.0, -1.0, top, -top, least, -least, float(np.finfo(dtype).tiny)]
    powers = st.integers(-300, 300) if dtype == "float64" else st.integers(-37, 37)
    return st.one_of(
        st.sampled_from(special),
        st.floats(-top, top, width=width),
        st.builds(lambda s, e: float(np.dtype(dtype).type(s * 10.0**e)), st.sampled_from([-1.0, 1.0, 3.0]), powers),
    )


def gradients(dtype: str) -> st.SearchStrategy[list[Any]]:
    def of_size(n: int) -> st.SearchStrategy[list[Any]]:
        vector = st.lists(magnitudes(dtype), min_size=n, max_size=n).map(lambda v: np.array(v, dtype))
        return st.lists(vector, min_size=2, max_size=4)

    return st.integers(1, 4).flatmap(of_size)


def cosine(m: Any, g: Any) -> arb:
    with flint.ctx.workprec(WIDE_BITS):
        left, right = [ball(z) for z in m.tolist()], [ball(z) for z in g.tolist()]
        mg, mm, gg = (
            sum(x * y for x, y in zip(a, b, strict=True)) for a, b in ((left, right), (left, left), (right, right))
        )
        return arb(0) if mm == 0 or gg == 0 else mg / (mm * gg).sqrt()


def check_bounds(method: Any, dtype: str, grads: list[Any], overflows: bool) -> None:
    x = np.zeros(grads[0].shape, dtype)
    state, gamma = method.init(x), method.gamma
    for k, g in enumerate(grads, 1):
        m = state.momentum
        try:
            x, state, t = method.step(x, g, state)
        except OverflowError:
            assert overflows
            return
        assert -1 <= t.cosine <= 1
        assert abs(t.cosine_average) <= 1 - gamma**k
        assert gamma**k / 2 <= t.damping <= 1 - gamma**k / 2
        assert t.cosine_average == state.cosine_average
        # Three dot products, two roots, a product and a quotient; Σ|m_i g_i| ≤ ‖m‖‖g‖ makes the error absolute.
        assert abs(ball(t.cosine) - cosine(m, g)) <= (2 * len(g) + 4) * 2.0**-53


@pytest.mark.parametrize("gamma", [0.0, 0.9])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(data=st.data())
def test_t1_tam(dtype: str, gamma: float, data: st.DataObject) -> None:
    check_bounds(TAM(lr=1e-3, gamma=gamma), dtype, data.draw(gradients(dtype)), overflows=False)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(data=st.data())
def test_t1_adatam(dtype: str, data: st.DataObject) -> None:
    check_bounds(AdaTAM(), dtype, data.draw(gradients(dtype)), overflows=True)


@pytest.mark.parametrize(
    "grads",
    [
        ([1.0, 0.0], [1e-310, 1.0]),  # a cosine that float64 only just holds
        ([1e200, 1e-200], [1e-200, 1e200]),
        ([1e-200, 1e-200], [1e200, -1e200]),
        ([5e-324, 5e-324], [5e-324, 5e-324]),
        ([1e300, 1e300], [-1e300, -1e300], [5e-324, 0.0]),
        ([1e-160, 1.0], [1.0, 1e-160], [1e160, -1e160]),
    ],
    ids=str,
)
@pytest.mark.parametrize("replicas", [None, 1])
def test_t1_where_squares_leave_the_range(grads: tuple[list[float], ...], replicas: int | None) -> None:
    arrays = [np.array(g) if replicas is None else np.array([g]) for g in grads]
    check_bounds(TAM(lr=1e-3, gamma=0.0), "float64", [a.reshape(-1) for a in arrays], overflows=False)
    problem = Problem([np.zeros_like(arrays[0])], [[a] for a in arrays], [1.0] * len(arrays))
    for step in steps_of(TAM(lr=1e-3, gamma=0.0), problem, replicas):
        assert np.all(np.abs(step.entries()["cosine"]) <= 1)


def test_t1_many_steps_of_one_direction() -> None:
    g = np.array([0.1, 0.7, 1e-9])
    check_bounds(TAM(lr=1e-3, gamma=0.999), "float64", [g] * 300, overflows=False)
    check_bounds(TAM(lr=1e-3, gamma=0.999), "float64", [g, -g] * 150, overflows=False)


moderate = st.lists(st.builds(math.ldexp, st.floats(-2, 2, width=16), st.integers(-20, 20)), min_size=4, max_size=4)
vectors = moderate.map(np.array)


@given(g=vectors, h=vectors, power=st.integers(-900, 900))
def test_t2_the_cosine_does_not_depend_on_the_gradient_s_scale(g: Any, h: Any, power: int) -> None:
    method = TAM(lr=1e-3, gamma=0.0)
    x = np.zeros(4)
    _, state, _ = method.step(x, g, method.init(x))
    _, _, t = method.step(x, h, state)
    scaled = np.ldexp(h, power)
    assume((np.ldexp(scaled, -power) == h).all())
    assert abs(method.step(x, scaled, state)[2].cosine - t.cosine) <= 2 * 12 * 2.0**-53
    momentum = np.ldexp(state.momentum, power)
    assume((np.ldexp(momentum, -power) == state.momentum).all())
    assert abs(method.step(x, h, state._replace(momentum=momentum))[2].cosine - t.cosine) <= 2 * 12 * 2.0**-53


units = st.lists(st.integers(-16, 16).map(lambda i: i / 8), min_size=4, max_size=4).map(np.array)


@given(x=units, grads=st.lists(units, min_size=3, max_size=3))
def test_t2_tam_commutes_with_orthogonal_maps(x: Any, grads: list[Any]) -> None:
    method = TAM(lr=0.5)
    plain = Problem([x], [[g] for g in grads], [1.0] * 3)
    turned = Problem([HADAMARD @ x], [[HADAMARD @ g] for g in grads], [1.0] * 3)
    bounds: Any = with_bounds(method, plain), with_bounds(method, turned)
    assume(None not in bounds)
    for a, b, here, there in zip(steps_of(method, plain), steps_of(method, turned), *bounds, strict=True):
        total = 2 * sum(slack(z, "float64") for z in here["params"]) + 8 * 2.0**-52
        for y, z, bound in zip(HADAMARD @ a.params[0], b.params[0], there["params"], strict=True):
            assert abs(y - z) <= total + slack(bound, "float64")


@given(grads=st.lists(vectors, min_size=1, max_size=6), beta=st.sampled_from([0.0, 0.5, 0.9]))
@example(grads=[np.ones(4)] * 6, beta=0.9)
def test_t3_the_momentum_s_norm(grads: list[Any], beta: float) -> None:
    eps, x = 1e-8, np.zeros(4)
    method = TAM(lr=1e-3, beta=beta, eps=eps)
    state, first, largest = method.init(x), 0.0, 0.0
    for k, g in enumerate(grads, 1):
        x, state, t = method.step(x, g, state)
        size = float(np.linalg.norm(g))
        first, largest = beta * first + (eps + t.damping) * size, max(largest, size)
        rounding = 1 + (5 * k + 8) * 2.0**-52  # five roundings of an entry a step, and those of the norms
        assert np.linalg.norm(state.momentum) <= first * rounding
        assert first <= (1 + eps) * largest * (1 - beta**k) / (1 - beta) * rounding


@given(x=units, grads=st.lists(units, min_size=3, max_size=3))
def test_one_cosine_over_all_tensors_does_not_see_how_they_are_cut(x: Any, grads: list[Any]) -> None:
    def cut(z: Any) -> list[Any]:
        return [z[:1], z[1:1], z[1:].reshape(3, 1)]

    method = TAM(lr=0.5, per_tensor=False)
    whole, pieces = Problem([x], [[g] for g in grads], [1.0] * 3), Problem(cut(x), [cut(g) for g in grads], [1.0] * 3)
    bounds = with_bounds(method, whole)
    assume(bounds is not None)
    for a, b, bound in zip(steps_of(method, whole), steps_of(method, pieces), bounds or [], strict=True):
        assert abs(a.trace.cosine - b.trace.cosine) <= 2 * slack(bound["cosine"][0], "float64")
        for y, z, w in zip(a.entries()["params"], b.entries()["params"], bound["params"], strict=True):
            assert abs(y - z) <= 2 * slack(w, "float64")


def test_working_precision_is_enough_for_the_bounds() -> None:
    assert BITS > 1074 + 53
