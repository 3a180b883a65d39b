"""From a case to a vector: results proven by ball arithmetic, and tolerances derived from their condition."""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import arb

from momoracle.reference.golden.cases import Case, Maker, make_method
from momoracle.reference.golden.cases_momo import Taken
from momoracle.reference.golden.families import families_of
from momoracle.reference.golden.vectors import Expected, GoldenVector, Step
from momoracle.reference.numbers.rounded_balls import Precision, Rounded

# A conforming port may write a formula differently (a reciprocal, a difference first, ε added elsewhere): up to this
# many roundings are granted to each operation of the paper's own formula.
ROUNDINGS = 4
_PRECISIONS = (320, 1280, 5120)  # bits; zeros that arise by cancellation need more than float64's 1074
_LONG = 100  # steps; balls widen over a run, so that a long one is hopeless at the first precision


class Ambiguous(ArithmeticError):  # noqa: N818 - a property of the value
    """A ball is too wide to round to one float64."""


def prove(case: Case) -> GoldenVector:
    """Return the vector of a case: every result is the float64 nearest to the exact one.

    Raises:
        Ambiguous: a result lies so near the middle of two float64 that the highest precision cannot tell.
        IllPosed: rounding alone could change a branch of the method; such a case makes no vector.
    """
    # A run in balls encloses every result. Where a ball is so narrow that all of it rounds to one float64, that float64
    # is proven. Where it is wider, nothing is known yet: run again with four times the digits.
    for bits in _PRECISIONS[1:] if len(case.losses) > _LONG else _PRECISIONS:
        with flint.ctx.workprec(bits):
            try:
                return _run(case)
            except Ambiguous:
                if bits == _PRECISIONS[-1]:
                    raise
    raise AssertionError("unreachable")


def format_of(dtype: str) -> Precision:
    """Return a new account of rounding errors in a dtype; hyperparameters are float64 numbers everywhere."""
    info = np.finfo(dtype)
    return Precision(unit=float(info.eps) / 2, tiny=float(info.tiny), exact_hyperparameters=dtype == "float64")


def _run(case: Case) -> GoldenVector:
    # 1. The inputs are numbers of the dtype, and so exact: balls of radius 0, without a rounding error so far. Losses
    #    and hyperparameters are scalars, which may be rounded on their way into a narrower format.
    precision = format_of(case.dtype)
    entries = np.frompyfunc(precision.entry, 1, 1)

    def exact(arrays: tuple[Any, ...]) -> list[Any]:
        return [np.asarray(entries(a.astype(np.float64)), dtype=object) for a in arrays]

    # 2. The method's own text takes the steps. Each number carries its enclosure, and beside it how far every rounding
    #    so far may have moved it: one run gives both the value and its tolerance.
    method, families = make_method(case), families_of(Maker(case.algorithm, case.dtype))
    params = exact(case.params)
    state, steps, flags = method.init(params), [], set(case.flags)
    for k, (loss, grads) in enumerate(zip(case.losses, case.grads, strict=True), start=1):
        before = state
        params, state, trace = method.step(params, exact(grads), state, loss=precision.exact(loss))
        taken = Taken(case.hyperparameters, before, state, trace, precision.hyperparameter(case.rate(k)))
        flags |= {flag for family in families for flag in family.branches(taken)}
        # 3. What the vector records is rounded once, here; the run goes on with the balls.
        expected = {}
        if case.recorded is None or k in case.recorded:
            quantities = {**trace._asdict(), "params": params}
            expected = {name: _expected(value, precision) for name, value in quantities.items()}
        steps.append(Step(loss, grads, expected))
    return GoldenVector(
        case.id,
        case.algorithm,
        case.dtype,
        case.hyperparameters,
        case.comment,
        tuple(sorted(flags)),
        case.params,
        tuple(steps),
    )


def _expected(value: Any, precision: Precision) -> Expected:
    groups = [np.asarray(item, dtype=object) for item in (value if isinstance(value, list) else [value])]
    pairs = [[_rounded(entry, precision) for entry in group.flat] for group in groups]
    return Expected(
        values=tuple(np.array([v for v, _ in p]).reshape(g.shape) for p, g in zip(pairs, groups, strict=True)),
        tolerances=tuple(np.array([t for _, t in p]).reshape(g.shape) for p, g in zip(pairs, groups, strict=True)),
    )


def _rounded(number: Rounded, precision: Precision) -> tuple[float, float]:
    value = to_float64(number.value)
    if not np.isfinite(value):
        return value, 0.0  # equal infinities are no error
    # A port may differ by the rounding of the result itself, and by what the roundings on the way amount to, granted
    # several times over because its formula may be another form of the paper's. Below the smallest normal number a
    # port may also flush to zero.
    bound = abs(number.value) * precision.unit + number.bound() * ROUNDINGS
    least = precision.tiny if abs(value) < precision.tiny else 0.0
    return value, max(_up(float(bound.upper())), least)


def to_float64(ball: arb) -> float:
    """Return the one float64 nearest to every number of the ball.

    Raises:
        Ambiguous: there is more than one.
    """
    if not ball.is_finite():
        if ball.is_nan():
            raise Ambiguous("a ball grew until it held nothing")
        return float(ball)
    # Rounding is monotone: where both ends of the ball round to one float64, so does every number between. The ends
    # are exact rationals, and Python rounds a rational correctly.
    middle, radius = _fraction(ball.mid()), _fraction(ball.rad())
    low, high = _nearest(middle - radius), _nearest(middle + radius)
    if low != high:
        raise Ambiguous(f"{ball} rounds to {low!r} or {high!r}")
    return low + 0.0  # no negative zero


def _fraction(ball: arb) -> Fraction:
    mantissa, exponent = ball.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _nearest(z: Fraction) -> float:
    try:
        return float(z)  # correctly rounded
    except OverflowError:
        return float("inf") if z > 0 else float("-inf")


def _up(z: float) -> float:
    """Round a tolerance up to three digits: it is a bound, and its other digits say nothing."""
    if z == 0 or not np.isfinite(z):
        return z
    text = f"{z:.2e}"
    return float(text) if float(text) >= z else float(f"{z * 1.005:.2e}")
