"""Symbols: SymPy expressions. One step gives the closed form that a lemma states, branch by branch as Min and Max."""

from typing import Any, ClassVar

import sympy as sp

from momoracle.reference.numbers.base import Numbers, python_number
from momoracle.reference.numbers.expressions import Scalar, Vector


class Symbols(Numbers):
    """SymPy expressions; a denominator that is not identically zero stands for its generic, nonzero case."""

    name: ClassVar[str] = "sympy"

    def scalar(self, value: Any) -> Scalar:
        value = python_number(value)
        if isinstance(value, float) and value == value and abs(value) != float("inf"):
            return sp.Rational(*value.as_integer_ratio())
        return sp.sympify(value)

    def sqrt(self, value: Any) -> Any:
        return super().sqrt(value) if isinstance(value, Vector) else sp.sqrt(value)

    def select(self, condition: Any, then: Scalar, otherwise: Scalar) -> Scalar:
        return sp.Piecewise((then, condition), (otherwise, True))

    def minimum(self, a: Scalar, b: Scalar) -> Scalar:
        return sp.Min(a, b)

    def maximum(self, a: Scalar, b: Scalar) -> Scalar:
        return sp.Max(a, b)
