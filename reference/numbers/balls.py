"""Proven intervals: `flint.arb` balls. Every result is an enclosure, and every branch taken is proven.

The working precision is the caller's, ``flint.ctx.prec``.
"""

from fractions import Fraction
from typing import Any, ClassVar

from flint import arb, fmpq

from momoracle.reference.numbers.base import Numbers, python_number
from momoracle.reference.numbers.expressions import Scalar


class Undecided(ArithmeticError):  # noqa: N818 - names the state of a comparison, not a fault
    """A ball is too wide to tell which branch the method takes: raise ``flint.ctx.prec``."""


class Balls(Numbers):
    """Balls of real numbers; comparisons that a ball leaves open raise `Undecided`."""

    name: ClassVar[str] = "flint.arb"

    def scalar(self, value: Any) -> Scalar:
        if isinstance(value, Fraction):
            return arb(fmpq(value.numerator, value.denominator))
        return value if isinstance(value, arb) else arb(python_number(value))

    def less(self, a: Scalar, b: Scalar) -> bool:
        if a < b:
            return True
        if a >= b:
            return False
        raise Undecided(f"cannot tell whether {a} < {b}; raise flint.ctx.prec")

    def minimum(self, a: Scalar, b: Scalar) -> Scalar:
        return a.min(b)  # continuous, so an enclosure needs no decision

    def maximum(self, a: Scalar, b: Scalar) -> Scalar:
        return a.max(b)

    def quotient(self, a: Scalar, b: Scalar) -> Scalar:
        if b.is_zero():
            return arb(0)
        if b.contains(0):
            raise Undecided(f"cannot tell whether {b} is zero; raise flint.ctx.prec")
        return a / b
