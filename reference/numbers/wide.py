"""Float64 numbers whose exponent cannot overflow or underflow: m · 2^e with 1/2 ≤ |m| < 1.

Squares of entries near 1e200 or 1e-200 leave float64's range although the step that they lead to is an ordinary
number. A dot product that left the range is redone as a `Wide`, and from there the same text of the method goes on in
the same arithmetic: each operation rounds to 53 bits exactly as float64 does, only without a smallest or a largest
number. In range, results are therefore bitwise those of float64.
"""

from typing import Any

import numpy as np

_GONE = -2000  # 2^-2000 is 0 in float64
_ZERO = -(2**40)  # exponent given to zero, below that of every other number


class Wide:
    """One number, or one a replica, as mantissa (float64) and exponent (int64)."""

    __slots__ = ("exponent", "mantissa")
    __array_ufunc__ = None

    def __init__(self, mantissa: Any, exponent: Any = 0) -> None:
        self.mantissa, shift = np.frexp(np.asarray(mantissa, dtype=np.float64))
        self.exponent = np.where(self.mantissa == 0, _ZERO, np.asarray(exponent, dtype=np.int64) + shift)

    @staticmethod
    def of(value: Any) -> "Wide":
        """Return ``value`` itself, or the float64 number or array as a `Wide`."""
        return value if isinstance(value, Wide) else Wide(value)

    def __getitem__(self, index: Any) -> "Wide":
        return Wide(self.mantissa[index], self.exponent[index])

    def __setitem__(self, index: Any, value: "Wide") -> None:
        self.mantissa[index], self.exponent[index] = value.mantissa, value.exponent

    def __add__(self, other: Any) -> "Wide":
        other = Wide.of(other)
        top = np.maximum(self.exponent, other.exponent)
        # Far below the larger number nothing reaches the rounded sum: such a term becomes 0.
        parts = [np.ldexp(z.mantissa, np.maximum(z.exponent - top, _GONE).astype(np.int32)) for z in (self, other)]
        return Wide(parts[0] + parts[1], top)

    __radd__ = __add__

    def __neg__(self) -> "Wide":
        return Wide(-self.mantissa, self.exponent)

    def __sub__(self, other: Any) -> "Wide":
        return self + -Wide.of(other)

    def __rsub__(self, other: Any) -> "Wide":
        return Wide.of(other) - self

    def __mul__(self, other: Any) -> "Wide":
        if not isinstance(other, (Wide, float, int, np.ndarray, np.number)):
            return NotImplemented
        other = Wide.of(other)
        return Wide(self.mantissa * other.mantissa, self.exponent + other.exponent)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Wide":
        other = Wide.of(other)
        return Wide(self.mantissa / other.mantissa, self.exponent - other.exponent)

    def __rtruediv__(self, other: Any) -> "Wide":
        return Wide.of(other) / self

    def __pow__(self, k: int) -> "Wide":
        # In range the power is float64's own, so that a run of an ensemble is the run by itself, bit by bit.
        plain = self.to_float() ** k
        power, square, rest = Wide(np.ones_like(self.mantissa)), self, k
        while rest:
            power, square, rest = (power * square if rest & 1 else power), square * square, rest >> 1
        return Wide(plain).where(self.fits() & power.fits(), power)

    def sqrt(self) -> "Wide":
        """Return the square root, correctly rounded."""
        odd = self.exponent & 1
        return Wide(np.sqrt(np.ldexp(self.mantissa, odd.astype(np.int32))), (self.exponent - odd) >> 1)

    def __lt__(self, other: Any) -> Any:
        return (self - other).mantissa < 0

    def __gt__(self, other: Any) -> Any:
        return (self - other).mantissa > 0

    def __le__(self, other: Any) -> Any:
        return (self - other).mantissa <= 0

    def __ge__(self, other: Any) -> Any:
        return (self - other).mantissa >= 0

    def where(self, condition: Any, other: Any) -> "Wide":
        """Return self where ``condition`` holds, else ``other``."""
        other = Wide.of(other)
        chosen = Wide(0.0)
        chosen.mantissa = np.where(condition, self.mantissa, other.mantissa)
        chosen.exponent = np.where(condition, self.exponent, other.exponent)
        return chosen

    def shift(self) -> Any:
        """Return the exponent as ldexp takes it: beyond ±3000 every float64 leaves its range anyway."""
        return np.clip(self.exponent, -3000, 3000).astype(np.int32)

    def to_float(self) -> Any:
        """Round to float64: infinite or zero (or subnormal) where the range ends."""
        return np.ldexp(self.mantissa, self.shift())

    def fits(self) -> Any:
        """Tell where the number is also an ordinary float64, far from both ends of the range, or zero."""
        return (self.mantissa == 0) | (np.abs(self.exponent) < 1000)


def dot(a: Any, b: Any) -> Wide:
    """Return Σ a_i b_i along the last axis, without overflow or underflow in any product or partial sum.

    Every product is kept as mantissa and exponent; the products are then summed relative to the largest exponent.
    """
    # A product of mantissas lies in [1/4, 1), so that nothing overflows or underflows; exponents add as integers.
    a_mantissa, a_exponent = np.frexp(a)
    b_mantissa, b_exponent = np.frexp(b)
    product = (a_mantissa * b_mantissa).astype(np.float64)
    exponent = np.where(product == 0, -(2**20), a_exponent.astype(np.int64) + b_exponent)
    # Relative to the largest exponent all terms are at most 1, and those that become 0 could not reach the sum.
    top = exponent.max(axis=-1, keepdims=True)
    terms = np.ldexp(product, np.maximum(exponent - top, _GONE).astype(np.int32))
    return Wide(np.add.reduce(terms, axis=-1), top[..., 0])
