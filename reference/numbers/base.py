"""What a method's text asks of its numbers; one subclass (and file) a number system.

A method is written once, over `Vector` formulas and scalars. The operations below are everything that it needs beyond
``+ − × ÷``; how they are carried out is what tells float64 from exact rationals, proven balls and symbols apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from momoracle.reference.numbers.expressions import Scalar, Tensors, Tile, Vector


class OutOfRange(ArithmeticError):  # noqa: N818 - carries the value; the public error names it
    """A result is not finite in the dtype that keeps it."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Numbers:
    """Numbers held in object arrays: every operation is the Python operator of the entries."""

    #: what the error messages call these numbers
    name: ClassVar[str] = "objects"
    #: scalars of a step that are replicated: one a run
    replicas: int | None = None

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.sizes = [array.size for array in arrays]
        self._known: list[dict[Vector, Any]] = [{} for _ in arrays]

    def restricted(self, arrays: Sequence[Any]) -> "Numbers":
        """Return the same number system for some of the tensors."""
        return type(self)(arrays)

    # -- scalars ---------------------------------------------------------------------------------------------------

    def scalar(self, value: Any) -> Scalar:
        """Return a hyperparameter or loss as a number of this system, exactly."""
        raise NotImplementedError

    def sqrt(self, value: Any) -> Any:
        """Return the square root of a scalar, or of each entry of a vector."""
        if isinstance(value, Vector):
            return Vector(np.frompyfunc(self.sqrt, 1, 1), value)
        return value.sqrt()

    def less(self, a: Scalar, b: Scalar) -> Any:
        """Tell whether a < b."""
        return a < b

    def select(self, condition: Any, then: Scalar, otherwise: Scalar) -> Scalar:
        """Return ``then`` where the condition holds, else ``otherwise``."""
        return then if condition else otherwise

    def minimum(self, a: Scalar, b: Scalar) -> Scalar:
        """Return min(a, b)."""
        return self.select(self.less(b, a), b, a)

    def maximum(self, a: Scalar, b: Scalar) -> Scalar:
        """Return max(a, b)."""
        return self.select(self.less(a, b), b, a)

    def positive(self, z: Scalar) -> Scalar:
        """Return (z)_+ = max(z, 0)."""
        return self.maximum(z, self.scalar(0))

    def quotient(self, a: Scalar, b: Scalar) -> Scalar:
        """Return a / b, and 0 where b = 0 (the convention for a direction or a norm that vanishes)."""
        return self.scalar(0) if b == 0 else a / b

    def bounded(self, z: Scalar, low: Scalar, high: Scalar) -> Scalar:
        """Return z, of which theory says low ≤ z ≤ high; number systems that round hold z to that."""
        return z

    # -- vectors ---------------------------------------------------------------------------------------------------

    def leaf(self, arrays: Sequence[Any]) -> Tensors:
        """Return given arrays as the leaves of formulas."""
        return Tensors(array.reshape(-1) for array in arrays)

    def dots(self, *pairs: tuple[Vector, Vector]) -> tuple[Scalar, ...]:
        """Return <a, b> over all tensors together, for each pair (a, b)."""
        return tuple(self._dot(a, b) for a, b in pairs)

    def _dot(self, a: Vector, b: Vector) -> Scalar:
        total = self.scalar(0)
        for tensor in range(len(self.sizes)):
            for left, right in zip(self._entries(a, tensor), self._entries(b, tensor), strict=True):
                total = total + left * right
        return total

    def _entries(self, vector: Vector, tensor: int) -> Any:
        # One memory for the whole step: a formula met twice is one number (and, with rounding errors, one error).
        return vector.on((tensor, slice(None), None), self._known[tensor], self.number)

    def number(self, scalar: Scalar, tile: Tile) -> Any:
        """Return a scalar in the shape that operates on a tile's entries."""
        return scalar

    # -- results ---------------------------------------------------------------------------------------------------

    def operand(self, vector: Vector, like: Sequence[Any]) -> list[Any] | None:
        """Return the arrays of a vector that a dot product has evaluated already, in the shapes of ``like``."""
        return None

    def write(self, arrays: Mapping[Vector, Sequence[Any]], fresh: bool) -> None:
        """Evaluate each vector into its arrays, one a tensor; ``fresh`` tells that no formula reads these arrays.

        Raises:
            OutOfRange: a value does not fit the arrays' dtype.
        """
        for vector, targets in arrays.items():
            for tensor, target in enumerate(targets):
                target.reshape(-1)[...] = self._entries(vector, tensor)

    def new(self, array: Any, tensor_of_state: bool) -> Any:
        """Return an uninitialised array for the new value of a parameter or of a state tensor."""
        return np.empty(array.shape, dtype=object)

    def zeros(self, array: Any) -> Any:
        """Return a state tensor of zeros."""
        return np.full(array.shape, self.scalar(0), dtype=object)

    def kept(self, value: Scalar) -> Any:
        """Return a scalar as state and trace keep it."""
        return value

    def finite(self, value: Any) -> bool:
        """Tell whether a kept scalar is a number, neither infinite nor NaN."""
        return True


def python_number(value: Any) -> Any:
    """Return a NumPy scalar as the Python number that it is, and anything else unchanged."""
    return value.item() if isinstance(value, np.generic) else value
