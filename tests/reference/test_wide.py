"""Wide numbers: float64 arithmetic without a largest or a smallest number."""

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from momoracle.reference.numbers import wide
from momoracle.reference.numbers.wide import Wide

OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv]
EXPONENTS = st.integers(-300, 300)
ordinary = st.one_of(
    st.just(0.0),
    st.builds(lambda s, m, e: math.ldexp(s * m, e), st.sampled_from([-1, 1]), st.floats(0.5, 1), EXPONENTS),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
exponents = st.integers(-5000, 5000)


def exact(z: Wide) -> Fraction:
    return Fraction(float(z.mantissa)) * Fraction(2) ** (int(z.exponent) if z.mantissa else 0)


@pytest.mark.parametrize("operation", OPERATIONS)
@given(a=ordinary, b=ordinary)
@example(a=1.0, b=2.0**-53)  # a tie, rounded to even
@example(a=1.0, b=-(2.0**-54))
@example(a=1.0, b=-1.0)
def test_arithmetic_is_that_of_float64_in_range(operation: Callable[[Any, Any], Any], a: float, b: float) -> None:
    assume(operation is not operator.truediv or b)
    expected = operation(a, b)
    for left, right in ((Wide(a), Wide(b)), (Wide(a), b), (a, Wide(b))):
        assert float(operation(left, right).to_float()) == expected


@pytest.mark.parametrize("operation", OPERATIONS)
@given(a=finite, b=finite, i=exponents, j=exponents)
def test_arithmetic_rounds_correctly_out_of_range(
    operation: Callable[[Any, Any], Any], a: float, b: float, i: int, j: int
) -> None:
    assume(operation is not operator.truediv or b)
    left, right = Wide(a, i), Wide(b, j)
    truth = operation(exact(left), exact(right))
    assert abs(exact(operation(left, right)) - truth) <= Fraction(2) ** -53 * abs(truth)


@given(a=finite, i=exponents)
def test_the_root_rounds_correctly(a: float, i: int) -> None:
    square = Wide(abs(a), i)
    root, scale = exact(square.sqrt()), exact(square)
    assert abs(root * root - scale) <= (2 * Fraction(2) ** -53 + Fraction(2) ** -106) * scale


@given(a=ordinary)
def test_the_root_is_that_of_float64_in_range(a: float) -> None:
    assert float(Wide(abs(a)).sqrt().to_float()) == math.sqrt(abs(a))


@given(a=finite, b=finite, i=exponents, j=exponents)
def test_comparisons_are_exact_whichever_side_is_wide(a: float, b: float, i: int, j: int) -> None:
    left, right = Wide(a, i), Wide(b, j)
    assert bool(left < right) == (exact(left) < exact(right))
    assert bool(left > right) == (exact(left) > exact(right))
    assert bool(a < right) == (Fraction(a) < exact(right))
    assert bool(a > right) == (Fraction(a) > exact(right))
    assert bool(left < b) == (exact(left) < Fraction(b))
    assert bool(left > b) == (exact(left) > Fraction(b))


@given(a=finite)
def test_a_float_comes_back(a: float) -> None:
    assert float(Wide(a).to_float()) == a


@given(a=finite.filter(bool), i=exponents)
def test_beyond_the_range_a_float_is_infinite_or_zero(a: float, i: int) -> None:
    z = Wide(a, i)
    try:
        nearest = float(exact(z))
    except OverflowError:
        nearest = math.copysign(math.inf, a)
    with np.errstate(all="ignore"):
        assert float(z.to_float()) == nearest
    if z.fits():
        assert 2.0**-1022 <= abs(nearest) < math.inf


vectors = st.lists(st.tuples(finite, finite), min_size=1, max_size=6)


@given(pairs=vectors)
@example(pairs=[(1e200, 1e200), (1e-200, 1e-200)])
@example(pairs=[(1e200, 1e-200), (1e-200, 1e200), (3.0, 5.0)])
@example(pairs=[(5e-324, 5e-324), (1e-300, -1e-300)])
@example(pairs=[(1.7e308, 1.7e308), (1.7e308, -1.7e308), (1.0, 1.0)])
@example(pairs=[(0.0, 1e300), (-0.0, 5e-324)])
def test_dot_errs_by_no_more_than_summation_does(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs).T
    terms = [Fraction(x) * Fraction(y) for x, y in pairs]
    got = exact(wide.dot(a, b))
    # n roundings relative to the sum of the terms' sizes; second order below 2^-90 of it
    bound = (len(terms) * Fraction(2) ** -53 + Fraction(2) ** -90) * sum(map(abs, terms))
    assert abs(got - sum(terms)) <= bound


@given(pairs=vectors)
def test_dot_of_a_vector_with_itself_has_a_small_relative_error(pairs: list[tuple[float, float]]) -> None:
    a = np.array(pairs)[:, 0]
    truth = sum(Fraction(x) ** 2 for x in a.tolist())
    assert abs(exact(wide.dot(a, a)) - truth) <= (len(pairs) + 1) * Fraction(2) ** -53 * truth


def test_terms_that_are_negligible_do_not_grow_when_the_others_cancel() -> None:
    a, b = np.array([2.0**700, 2.0**700, 1.0]), np.array([2.0**700, -(2.0**700), 1.0])
    assert abs(exact(wide.dot(a, b))) <= 1


def test_rows_are_independent() -> None:
    a = np.array([[1e200, 1.0], [1e-200, 2e-200], [0.0, 0.0]])
    rows = wide.dot(a, a)
    for r, row in enumerate(a):
        assert exact(rows[r]) == exact(wide.dot(row, row))


def test_replicas_are_chosen_and_set_one_by_one() -> None:
    big, small = Wide(np.array([1.0, 2.0]), 4000), Wide(np.array([3.0, 4.0]), -4000)
    chosen = big.where(np.array([True, False]), small)
    assert [exact(chosen[0]), exact(chosen[1])] == [exact(big[0]), exact(small[1])]
    chosen[slice(1, 2)] = big[slice(1, 2)]
    assert exact(chosen[1]) == exact(big[1])
    assert big.fits().tolist() == [False, False]
