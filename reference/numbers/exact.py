"""Exact rationals: `fractions.Fraction`. MoMo has no square root, so its identities hold here without a tolerance."""

from fractions import Fraction
from math import isfinite, isqrt
from typing import Any, ClassVar

from momoracle.reference.numbers.base import Numbers, python_number
from momoracle.reference.numbers.expressions import Scalar, Vector


class Exact(Numbers):
    """Rational numbers; an infinite lower bound stays a float, whose comparisons with rationals are exact."""

    name: ClassVar[str] = "fractions.Fraction"

    def scalar(self, value: Any) -> Scalar:
        value = python_number(value)
        return value if isinstance(value, float) and not isfinite(value) else Fraction(value)

    def sqrt(self, value: Any) -> Any:
        """Return the square root where it is rational.

        Raises:
            ValueError: where it is not; methods with a square root want balls or floats then.
        """
        if isinstance(value, Vector):
            return super().sqrt(value)
        root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
        if root * root != value:
            raise ValueError(
                f"the square root of {value} is not rational; run this method over flint.arb balls, or on numbers "
                "whose norms and second moments are squares of rationals"
            )
        return root
