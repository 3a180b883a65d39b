"""Square roots that something is divided by, watched for squares that underflowed."""

import math
from functools import cache
from typing import Any

import numpy as np

from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.numbers.wide import Wide


@cache
def least_squares(dtype: Any) -> tuple[float, float]:
    """Return (ε, w): where a square below w may be wrong, and the root of what is lost is noise beside ε.

    An average of squares loses up to s, the smallest subnormal number, a step: at most 2^20 s over the memory of
    β₂ = 1 − 2^-10 and its bias correction. Relative to a square above w that is less than four roundings, and so is its
    root relative to ε.
    """
    if dtype.itemsize > 8:
        return 0.0, 0.0  # no float64 is so small
    info = np.finfo(dtype)
    lost = float(info.smallest_subnormal) * 2.0**20
    return math.sqrt(lost) / (4 * float(info.eps)), lost / (4 * float(info.eps))


class Vanished(ArithmeticError):  # noqa: N818 - names what happened to the squares
    """Squares underflowed under a root, and nothing beside the root hides it."""

    def __init__(self, enough: float) -> None:
        super().__init__()
        self.enough = enough  # an ε that would hide it


class Root(Vector):
    """√w of a tensor of squares, or √w + ε with a small ε: a divisor that is watched for squares that vanished in w.

    Squares of entries below 1e-154 are no float64. Usually ε is far larger than the root of what is lost, and √w + ε is
    an ordinary formula. Beside a smaller ε the quotient would be finite and wrong.
    """

    __slots__ = ("exposed", "least_squares", "square")

    def __init__(self, least_squares: tuple[float, float], square: Vector, exposed: Any, *formula: Any) -> None:
        super().__init__(*(formula or (np.sqrt, square)))
        self.least_squares, self.square, self.exposed = least_squares, square, exposed

    def __add__(self, other: Any) -> Vector:
        if isinstance(other, Vector) or self.operation is not np.sqrt:
            return super().__add__(other)
        root = Vector(np.sqrt, self.square)
        eps = other.to_float() if isinstance(other, Wide) else other
        exposed = eps < self.least_squares[0]  # one answer, or one a replica
        # np.any costs as much as a small step's division; and ordinary formulas are evaluated faster than subclasses.
        if exposed is False or not np.any(exposed):
            return Vector(np.add, root, other)
        return Root(self.least_squares, self.square, exposed, np.add, root, other)

    __radd__ = __add__

    def dividing(self, numerator: Vector) -> Vector:
        """Return numerator / (√w + ε), refused where it is evaluated and what vanished in w would change it."""
        enough, least = self.least_squares

        def divide(numerator: Any, denominator: Any, square: Any, exposed: Any, out: Any = None) -> Any:
            # A square that is exactly 0 is right where nothing was ever squared: then the numerator is 0 too.
            lost = exposed & (square < least) & ((square > 0) | (numerator != 0))
            if lost.any():
                raise Vanished(enough)
            return np.divide(numerator, denominator, out=out)

        return Vector(divide, numerator, self, self.square, self.exposed)
