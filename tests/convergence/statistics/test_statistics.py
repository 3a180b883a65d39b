"""The confidence bound covers, the slope is recovered, checkpoints are logarithmic."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from support.zoo_small import momo, rate_of, small

from momoracle.convergence.engine.ensemble import checkpoints
from momoracle.convergence.statistics.confidence import upper_bound
from momoracle.convergence.statistics.slope import fit


@pytest.mark.parametrize("p", [0.001, 0.03, 0.3, 0.9])
@pytest.mark.parametrize("count", [5, 100, 3000])
def test_the_bound_fails_no_more_often_than_it_says(p: float, count: int) -> None:
    """Of Bernoulli variables, the extreme ones in [0, 1], the probability of failing is computed, not sampled."""
    risk = 0.05
    bounds = np.array([upper_bound(k / count, count, 1.0, risk) for k in range(count + 1)])
    fails = binom.pmf(np.arange(count + 1), count, p)[bounds < p].sum()
    assert fails <= risk
    # Nor is it empty: a bound twice as near to the mean fails more often than that, where there is room for failing.
    nearer = (bounds + np.arange(count + 1) / count) / 2
    if p * count > 30 and p < 0.5:
        assert binom.pmf(np.arange(count + 1), count, p)[nearer < p].sum() > risk


@given(st.floats(0, 1), st.integers(1, 10**6), st.floats(1e-9, 0.5), st.floats(1e-3, 1e6))
def test_the_bound_is_at_most_hoeffdings(share: float, count: int, risk: float, largest: float) -> None:
    mean = share * largest
    bound = upper_bound(mean, count, largest, risk)
    assert mean <= bound <= largest
    assert bound <= mean + largest * sqrt(log(1 / risk) / (2 * count)) * (1 + 1e-9) + 1e-12 * largest


@pytest.mark.parametrize("arguments", [(0.5, 0, 1.0, 0.1), (0.5, 9, 1.0, 0.0), (2.0, 9, 1.0, 0.1), (-0.1, 9, 1.0, 0.1)])
def test_the_bound_refuses_what_is_outside(arguments: tuple[float, int, float, float]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        upper_bound(*arguments)


@pytest.mark.parametrize("power", [-0.5, -1.0, -2.0])
def test_a_power_law_is_recovered(power: float) -> None:
    steps = np.array(checkpoints(10_000))
    draw = np.random.default_rng(1)
    sums = draw.lognormal(sigma=0.3, size=(50, 1)) * draw.lognormal(sigma=0.02, size=(50, len(steps))) * steps**power
    slope = fit(steps, sums, np.ones(50, dtype=int))
    assert slope is not None
    assert slope.low <= power + 0.01
    assert slope.high >= power - 0.01
    assert slope.low < slope.value < slope.high
    assert slope.high - slope.low < 0.02
    assert (slope.first, slope.last) == (108, 10_000)


def test_the_interval_covers() -> None:
    """Of 200 repetitions, an interval at 95 % misses between 1 and 30: outside that with probability below 1e-5."""
    steps = np.array(checkpoints(1000))
    draw, missed = np.random.default_rng(2), 0
    for repetition in range(200):
        factors = draw.lognormal(sigma=0.5, size=(40, 1)) * steps ** draw.normal(0, 0.1, size=(40, 1))
        slope = fit(steps, factors * steps**-0.5, np.ones(40, dtype=int), seed=repetition)
        late = steps >= np.sqrt(1000)
        # The expectation of the factors is exp(log² k · 0.1²/2) up to a constant: its slope is fitted the same way.
        expected = np.log(steps[late] ** -0.5) + np.log(steps[late]) ** 2 * 0.005
        true = np.polyfit(np.log(steps[late]), expected, 1)[0]
        assert slope is not None
        missed += not slope.low <= true <= slope.high
    assert 1 <= missed <= 30


def test_no_slope_without_enough() -> None:
    ones = np.ones(1, dtype=int)
    assert fit(np.array([1, 2]), np.ones((1, 2)), ones) is None
    assert fit(np.array([1, 10, 20, 40]), np.array([[1.0, 1.0, 0.0, 1.0]]), ones) is None


def test_a_single_seed_has_no_interval() -> None:
    given = small("least-squares")
    assert rate_of(given, momo(given), steps=100, seeds=1).slope is None
    assert rate_of(small("polyak-max"), momo(small("polyak-max")), steps=100, seeds=1).slope is not None


def test_checkpoints_grow_like_the_logarithm() -> None:
    assert checkpoints(1) == [1]
    for steps in (2, 100, 10**6):
        found = checkpoints(steps)
        assert found[0] == 1
        assert found[-1] == steps
        assert found == sorted(set(found))
        assert len(found) <= 4 * np.log2(steps) + 3
    assert len(checkpoints(10**6)) < 90
    with pytest.raises(ValueError, match="allowed: integers >= 1"):
        checkpoints(0)


def test_the_slope_of_smooth_problems_is_near_minus_one() -> None:
    """Where the gaps are summable, the average falls like 1/k in the end."""
    given = small("squared-hinge")
    rate = rate_of(given, momo(given, beta=0.5), steps=2000, seeds=16, certificates=())
    assert rate.slope is not None
    assert -1.05 < rate.slope.value < -0.9
    assert rate.expected == -1.0
