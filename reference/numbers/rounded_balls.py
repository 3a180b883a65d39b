"""Balls that carry rounding errors to first order: from one run, a value and how far floating point may be from it.

A `Rounded` number is an exact enclosure (`flint.arb`) together with its derivative with respect to every rounding error
committed so far. An operation with result z adds one error of size u |z|, with u the unit roundoff; a dot product of n
terms adds n u Σ|a_i b_i|, which bounds every order of summation. Since all errors are kept apart, errors that cancel
later do cancel here, unlike in interval arithmetic. The sum of their absolute values is the first-order bound on the
error of a floating-point evaluation: the condition of the quantity times the working precision.

Reference: Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, sections 2.2 and 3.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from flint import arb
from numpy.typing import NDArray

from momoracle.reference.numbers.balls import Balls
from momoracle.reference.numbers.expressions import Scalar, Vector


class IllPosed(ArithmeticError):  # noqa: N818 - says what the input is
    """Rounding alone could send a discontinuous choice the other way, or make a denominator vanish."""


@dataclass
class Precision:
    """A floating-point format, and the errors committed in it during one run.

    Args:
        unit: u, the unit roundoff.
        tiny: the smallest normal number; below it an entry may be flushed to zero.
        exact_hyperparameters: False where a hyperparameter is itself rounded to the format.
    """

    unit: float
    tiny: float
    exact_hyperparameters: bool = True
    errors: int = 0
    _hyperparameters: dict[Any, "Rounded"] = field(default_factory=dict)

    def entry(self, value: Any) -> "Rounded":
        """Return an exactly given number that is an entry of a tensor."""
        return Rounded(self, arb(value), NONE, True)

    def exact(self, value: Any) -> "Rounded":
        """Return an exactly given scalar."""
        return Rounded(self, value if isinstance(value, arb) else arb(value), NONE, False)

    def hyperparameter(self, value: Any) -> "Rounded":
        """Return a hyperparameter: one and the same number, rounding error included, in every step of the run."""
        if value not in self._hyperparameters:
            exact = self.exact(value)
            rounds = not self.exact_hyperparameters and exact.value.is_finite()
            self._hyperparameters[value] = self.with_error(exact, self.unit) if rounds else exact
        return self._hyperparameters[value]

    def with_error(self, z: "Rounded", roundings: float) -> "Rounded":
        """Return z with one more error, of ``roundings`` times |z|."""
        mantissa, exponent = _wide(z.value)
        return self.with_absolute_error(z, abs(mantissa) * roundings, exponent)

    def with_absolute_error(self, z: "Rounded", size: float, exponent: int) -> "Rounded":
        """Return z with one more error, of ``size`` · 2^``exponent``."""
        mantissa, shift = np.frexp(size)
        size, exponent = float(mantissa), exponent + int(shift)
        if z.entry and exponent < np.log2(self.tiny) and not z.value.is_zero():
            # Flushed to zero, an entry loses as much as the smallest normal number.
            size, exponent = 1.0, int(np.log2(self.tiny))
        if size == 0:
            return z
        # Each error of the run has a number, and every later result has an entry for it: kept apart, the same error in
        # two operands cancels in their difference, as it does in floating point.
        index, self.errors = self.errors, self.errors + 1
        return Rounded(self, z.value, z.errors.with_new(index, size, exponent), z.entry)


class Errors:
    """Derivatives with respect to each error, times that error's size: ``parts`` · 2^``exponent``.

    ``peak`` bounds max |parts|; only where it leaves float32's comfort are the parts looked at and scaled.
    """

    __slots__ = ("exponent", "parts", "peak")

    def __init__(self, parts: NDArray[np.float32], exponent: int, peak: float) -> None:
        if peak and not 2.0**-30 < peak < 2.0**30:
            peak = float(np.abs(parts).max())
            shift = int(np.frexp(peak)[1])
            parts, exponent, peak = np.ldexp(parts, -shift), exponent + shift, float(np.ldexp(peak, -shift))
        self.parts, self.exponent, self.peak = parts, exponent, peak

    def __bool__(self) -> bool:
        return self.peak > 0

    @property
    def total(self) -> float:
        """Σ |parts|, to be scaled by 2^exponent."""
        return float(np.abs(self.parts).sum(dtype=np.float64))

    def times(self, factor: tuple[float, int]) -> "Errors":
        """Return the errors after multiplication with m 2^e."""
        mantissa, exponent = factor
        if not self or not mantissa:
            return NONE
        return Errors(self.parts * np.float32(mantissa), self.exponent + exponent, self.peak * abs(mantissa))

    def plus(self, other: "Errors") -> "Errors":
        """Return the sum, error by error."""
        if not other:
            return self
        if not self:
            return other
        big, small = (self, other) if self.exponent >= other.exponent else (other, self)
        scale = 2.0 ** max(small.exponent - big.exponent, -140)
        scaled = small.parts * np.float32(scale)
        long, short = (big.parts, scaled) if len(big.parts) >= len(scaled) else (scaled, big.parts)
        parts = long.copy() if long is big.parts else long
        parts[: len(short)] += short
        return Errors(parts, big.exponent, big.peak + small.peak * scale)

    def with_new(self, index: int, size: float, exponent: int) -> "Errors":
        """Return the errors with one more, number ``index``, of ``size`` · 2^``exponent``."""
        if not self:
            parts, peak, top = np.zeros(index + 1, dtype=np.float32), 0.0, exponent
        else:
            top = max(exponent, self.exponent)
            scale = 2.0 ** max(self.exponent - top, -140)
            parts, peak = np.zeros(index + 1, dtype=np.float32), self.peak * scale
            np.multiply(self.parts, np.float32(scale), out=parts[: len(self.parts)])
        parts[index] = size * 2.0 ** max(exponent - top, -140)
        return Errors(parts, top, max(peak, float(parts[index])))


NONE = Errors(np.zeros(0, dtype=np.float32), 0, 0.0)


def _wide(value: arb) -> tuple[float, int]:
    """Return the midpoint of a ball as m in [½, 1) and exponent; 0 for an infinite one, which has no rounding error."""
    if not value.is_finite():
        return 0.0, 0
    integer, exponent = (int(part) for part in value.mid().man_exp())
    bits = integer.bit_length()
    return (float(integer >> (bits - 60)) * 2.0**-60 if bits > 60 else integer * 2.0**-bits), exponent + bits


class Rounded:
    """A ball, its rounding errors so far, and whether it is an entry of a tensor."""

    __slots__ = ("entry", "errors", "precision", "value")

    def __init__(self, precision: Precision, value: arb, errors: Errors, entry: bool) -> None:
        self.precision, self.value, self.errors, self.entry = precision, value, errors, entry

    def bound(self) -> Any:
        """Return the first-order bound on the error."""
        return arb(self.errors.total) * arb(2) ** self.errors.exponent if self.errors else arb(0)

    def _combined(self, other: "Rounded", value: arb, errors: Errors, roundings: float = 1.0) -> "Rounded":
        result = Rounded(self.precision, value, errors, self.entry or other.entry)
        return self.precision.with_error(result, roundings * self.precision.unit) if value.is_finite() else result

    def _other(self, other: Any) -> "Rounded | None":
        if isinstance(other, Rounded):
            return other
        return self.precision.exact(other) if isinstance(other, (int, float)) else None

    def __add__(self, other: Any) -> Any:
        right = self._other(other)
        if right is None:
            return NotImplemented
        return self._combined(right, self.value + right.value, self.errors.plus(right.errors))

    __radd__ = __add__

    def __neg__(self) -> "Rounded":
        return Rounded(self.precision, -self.value, self.errors.times((-1.0, 0)), self.entry)

    def __sub__(self, other: Any) -> Any:
        right = self._other(other)
        return NotImplemented if right is None else self + -right

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        right = self._other(other)
        if right is None:
            return NotImplemented
        # d(ab) = b da + a db: what was wrong before is carried along with the derivative; `_combined` adds the
        # rounding of this product.
        errors = self.errors.times(_wide(right.value)).plus(right.errors.times(_wide(self.value)))
        return self._combined(right, self.value * right.value, errors)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        right = self._other(other)
        if right is None:
            return NotImplemented
        if right.errors and right.bound() * 4 >= abs(right.value):
            raise IllPosed(f"rounding may make the denominator {right.value} vanish")
        # d(a/b) = da/b − (a/b²) db.
        value = self.value / right.value
        inverse = _wide(1 / right.value)
        slope = _wide(value / right.value) if value.is_finite() else (0.0, 0)
        return self._combined(right, value, self.errors.times(inverse).plus(right.errors.times((-slope[0], slope[1]))))

    def __rtruediv__(self, other: Any) -> Any:
        return self.precision.exact(other) / self

    def __pow__(self, k: int) -> "Rounded":
        # A power is k − 1 multiplications where a port keeps a running product.
        slope = _wide(k * self.value ** (k - 1)) if k else (0.0, 0)
        return self._combined(self, self.value**k, self.errors.times(slope), roundings=k)

    def sqrt(self) -> "Rounded":
        """Return the square root; near zero its error is at most the root of the error."""
        if self.value.is_zero() and not self.errors:
            return self
        # d√z = dz / 2√z. Where the error may be as large as z, that says nothing, and √(z + e) − √z ≤ √e does.
        value, bound = self.value.sqrt(), self.bound()
        if bound < self.value:
            errors = self.errors.times(_wide(1 / (2 * value)))
        else:
            errors = self.errors.times(_wide(1 / bound.sqrt()))
        return self._combined(self, value, errors)


class RoundedBalls(Balls):
    """The number system of `Rounded` entries."""

    name: ClassVar[str] = "balls with rounding errors"

    def __init__(self, arrays: Sequence[Any], precision: Precision | None = None) -> None:
        super().__init__(arrays)
        self.precision: Precision = precision or next(entry for array in arrays for entry in array.flat).precision

    def restricted(self, arrays: Sequence[Any]) -> "RoundedBalls":
        return RoundedBalls(arrays, self.precision)

    def scalar(self, value: Any) -> Scalar:
        return value if isinstance(value, Rounded) else self.precision.hyperparameter(value)

    def sqrt(self, value: Any) -> Any:
        return super().sqrt(value) if isinstance(value, Vector) else value.sqrt()

    def less(self, a: Rounded, b: Rounded) -> bool:
        # The comparison is that of floating point where no rounding could turn it: the difference, taken with all
        # errors that a and b share cancelled, must be several times its own bound. Two exact numbers may be equal.
        gap = a - b
        if gap.bound() * 8 >= abs(gap.value) and gap.errors:
            raise IllPosed(f"rounding may decide whether {a.value} < {b.value}")
        return super().less(a.value, b.value)

    def minimum(self, a: Rounded, b: Rounded) -> Rounded:
        smaller: Rounded = -self.maximum(-a, -b)
        return smaller

    def maximum(self, a: Rounded, b: Rounded) -> Rounded:
        gap, reach = a.value - b.value, 4 * (a.bound() + b.bound())
        if gap > reach:
            return a
        if -gap > reach:
            return b
        # Either may be the larger one in floating point; the maximum is as wrong as the worse of them.
        worse = a.errors if a.bound() >= b.bound() else b.errors
        tied = Rounded(self.precision, a.value.max(b.value), NONE, a.entry)
        return self.precision.with_absolute_error(tied, worse.total, worse.exponent)

    def quotient(self, a: Rounded, b: Rounded) -> Rounded:
        if b.value.is_zero() and not b.errors:
            return self.precision.exact(0)
        ratio: Rounded = a / b
        return ratio

    def _dot(self, a: Vector, b: Vector) -> Rounded:
        # The errors of the entries go on with their derivatives. The roundings of the sum itself, in whatever order it
        # is taken, are together at most n u Σ|a_i b_i|: one more error, of that size.
        value, size, errors, terms = arb(0), arb(0), NONE, 0
        for tensor in range(len(self.sizes)):
            for left, right in zip(self._entries(a, tensor), self._entries(b, tensor), strict=True):
                term = left.value * right.value
                value, size, terms = value + term, size + abs(term), terms + 1
                errors = errors.plus(left.errors.times(_wide(right.value))).plus(right.errors.times(_wide(left.value)))
        total = Rounded(self.precision, value, errors, False)
        mantissa, exponent = _wide(size)
        return self.precision.with_absolute_error(total, mantissa * terms * self.precision.unit, exponent)
