"""Magnitudes at both ends of the range: a result is right, or refused by name; never finite and wrong."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.runs import METHODS, assert_same_replica, random_problem, stacked, steps_of

from momoracle import SGD, Adam, MoMo, MoMoAdam

HUGE = 1.7e308
sizes = st.one_of(
    st.sampled_from([5e-324, 1e-310, 1e-160, 1.0, 1e160, 1e300]),
    st.builds(lambda m, e: m * 10.0**e, st.floats(1, 9), st.integers(-300, 299)),
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(
    g=st.lists(st.tuples(st.sampled_from([-1, 0, 1]), sizes), min_size=1, max_size=3),
    loss=sizes,
    lr=sizes,
    low=st.one_of(st.just(0.0), sizes.map(lambda z: -z)),
)
@example(g=[(1, 1e150)], loss=1e308, lr=1e10, low=-1e308)
@example(g=[(1, 1e150)], loss=HUGE, lr=1e300, low=0.0)
@example(g=[(1, 1e-200), (1, 1e200)], loss=1e-300, lr=1.0, low=0.0)
@example(g=[(1, 1e30)], loss=1e20, lr=1.0, low=0.0)  # float32 does not hold this step size, but it holds the step
@example(g=[(1, 1e25)], loss=1.0, lr=1.0, low=0.0)
@example(g=[(-1, 5e-324)], loss=5e-324, lr=1e300, low=0.0)  # a subnormal entry times a wide step size
@example(g=[(-1, 1e-45)], loss=1.0, lr=1e160, low=0.0)  # the step is beyond float32
def test_polyak_s_step_from_the_origin(
    dtype: str, g: list[tuple[int, float]], loss: float, lr: float, low: float
) -> None:
    kind = np.dtype(dtype).type
    with np.errstate(all="ignore"):
        grad = np.array([kind(sign * size) for sign, size in g])
    assume(np.isfinite(grad).all())
    exact = [Fraction(float(z)) for z in grad]
    norm_sq = sum(z * z for z in exact)
    tau = min(Fraction(lr), (Fraction(loss) - Fraction(low)) / norm_sq) if norm_sq else Fraction(0)
    x, opt = np.zeros(len(g), dtype), MoMo(lr=lr, beta=0.0, lower_bound=low)
    info = np.finfo(dtype)
    try:
        moved, _, _ = opt.step(x, grad, opt.init(x), loss=loss)
    except OverflowError:
        # An intermediate may be named instead of the result, but something must be outside of the range.
        assert max(abs(tau * z) for z in exact) > float(info.max) / 2 or tau > float(info.max)
        return
    for y, z in zip(moved.tolist(), exact, strict=True):
        # n + 5 roundings in float64 (products, sum, quotient, losses), then two in the dtype; subnormals are rounded.
        relative = (len(g) + 5) * 2.0**-53 + 2 * float(info.eps)
        assert abs(Fraction(y) + tau * z) <= Fraction(relative) * abs(tau * z) + 2 * Fraction(float(info.tiny))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_finite_gradients_whose_sum_is_not_are_accepted(dtype: str) -> None:
    top = np.finfo(dtype).max
    g = np.array([top, top], dtype)
    x, _, _ = SGD(lr=0.25).step(g, g, SGD(lr=0.25).init(g))
    assert x.tolist() == (g * g.dtype.type(0.75)).tolist()


@pytest.mark.parametrize("method", [MoMo(lr=1e-3), MoMo(lr=1e-3, bias_correction=True), MoMoAdam(lr=1e-3)], ids=str)
def test_an_inner_product_beyond_the_range_is_refused_or_kept(method: Any) -> None:
    x, g = np.array([1e200]), np.array([1e150 if isinstance(method, MoMoAdam) else 1e200])
    state = method.init(x)
    for _ in range(3):
        try:
            x, state, _ = method.step(x, g, state, loss=1.0)
        except OverflowError as error:
            assert "offset" in str(error)  # noqa: PT017 - either outcome is right
            return
        assert all(np.isfinite(np.asarray(value)).all() for value in state[2:])


@pytest.mark.parametrize("beta", [0.1, 0.3, 0.5, 0.6, 0.7, 0.9])
def test_the_largest_loss_has_a_finite_average(beta: float) -> None:
    x, opt = np.array([0.0]), MoMo(beta=beta)
    state = opt.init(x)
    for _ in range(5):
        x, state, trace = opt.step(x, np.array([1.0]), state, loss=float(np.finfo(float).max))
        assert np.isfinite(trace.loss_average)


@pytest.mark.parametrize("loss_scale", [1.0, 1e300, 1e-300])
@pytest.mark.parametrize("name", METHODS)
def test_one_extreme_replica_does_not_touch_the_others(name: str, loss_scale: float) -> None:
    for scale in (1.0, 1e10, 1e150, 1e200, 1e-10, 1e-150, 1e-200, 1e-310):
        alone = random_problem([(3,), ()], seed=5, loss_scale=loss_scale)
        extreme = random_problem([(3,), ()], seed=6, loss_scale=loss_scale)
        extreme = extreme._replace(grads=[[np.asarray(g * scale) for g in step] for step in extreme.grads])
        together = stacked([alone, extreme])
        try:
            expected = [steps_of(METHODS[name], problem) for problem in (alone, extreme)]
        except OverflowError:
            with pytest.raises(OverflowError):
                steps_of(METHODS[name], together, replicas=2)
            continue
        for k, step in enumerate(steps_of(METHODS[name], together, replicas=2)):
            for r in (0, 1):
                assert_same_replica(step, r, expected[r][k])


def test_overflow_of_finite_input_is_named() -> None:
    x, g = np.array([1.0]), np.array([1e200])
    with pytest.raises(OverflowError, match=r"second_moment of step 1 .*float64"):
        Adam().step(x, g, Adam().init(x))
    with pytest.raises(OverflowError, match="params of step 1"):
        SGD(lr=1e300).step(x, g, SGD().init(x))
    small = np.array([1.0], "float16")
    with pytest.raises(OverflowError, match="float16"):
        SGD(lr=1e10).step(small, small, SGD().init(small))
