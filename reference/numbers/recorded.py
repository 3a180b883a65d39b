"""Recorded numbers: operations that are written down, not carried out, so that one step's text can be compiled.

A scalar is a `Number`: the name of NumPy's function for the operation, and its operands. A tensor is a formula already.
What the step's hyperparameters alone decide is computed while it is recorded, as every step would compute it.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from momoracle.reference.numbers.base import Numbers
from momoracle.reference.numbers.expressions import Scalar, Tensors, Vector

_BOOL = np.dtype(bool)
_CONDITIONS = ("less", "less_equal", "greater", "greater_equal", "bitwise_and", "bitwise_or", "invert")


class Number(NDArrayOperatorsMixin):
    """One scalar a replica: an operation of NumPy's by its name, and its operands, numbers or Python's floats.

    Others than NumPy's are ``select``, ``quotient`` and ``dot``; ``input`` is given, under the name in ``operands``.
    """

    __slots__ = ("dtype", "operands", "operation")
    dtype: np.dtype[Any]

    def __init__(self, operation: str, *operands: Any, dtype: Any = None) -> None:
        self.operation, self.operands = operation, operands
        if dtype is None:
            floats = [item.dtype for item in operands if isinstance(item, Number) and item.dtype != _BOOL]
            dtype = _BOOL if operation in _CONDITIONS else np.result_type(*floats)
        self.dtype = np.dtype(dtype)

    def __array_ufunc__(self, ufunc: Any, how: str, *operands: Any, **options: Any) -> Any:
        if how != "__call__" or options:
            return NotImplemented
        return Number(ufunc.__name__, *(item.item() if isinstance(item, np.generic) else item for item in operands))

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        if function not in _FUNCTIONS or options:
            return NotImplemented
        return _FUNCTIONS[function](*operands)

    def astype(self, dtype: Any) -> "Number":
        """Return the number in another dtype."""
        return Number("astype", self, dtype=dtype)

    def __bool__(self) -> bool:
        raise TypeError("a recorded number has no truth value: decide with select, not with Python's if")

    __eq__, __hash__ = object.__eq__, object.__hash__  # two numbers are the same where they are one object


def _where(condition: Any, then: Any, otherwise: Any) -> Any:
    if not isinstance(condition, Number):
        return then if condition else otherwise
    dtypes = [item.dtype for item in (then, otherwise) if isinstance(item, Number)]
    return Number("select", condition, then, otherwise, dtype=np.result_type(*dtypes) if dtypes else np.float64)


#: NumPy's functions, of those that are no ufuncs, that a recorded number may be passed to
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.clip: lambda z, low, high: np.minimum(np.maximum(z, low), high),
    np.zeros_like: lambda like: 0.0,
    np.ones_like: lambda like: True if like.dtype == _BOOL else 1.0,
    np.full_like: lambda like, value: float(value),
    np.any: lambda condition: True,  # for all that is known while it is recorded
}


class StepNumber(Number):
    """k of a step after the first; a text may ask whether it is 1, and otherwise only take powers."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("input", "k", dtype=np.float64)

    def __eq__(self, other: object) -> bool:
        if other != 1:
            raise TypeError(f"a recorded step is compared with {other!r}; only the first step may differ from the rest")
        return False

    __hash__ = object.__hash__


class Leaf(Tensors):
    """A tensor that is given when the step is played, under a name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(())
        self.name = name


class Recorded(Numbers):
    """Numbers of a step on float arrays of one dtype, recorded; products are sums of float64."""

    name: ClassVar[str] = "recorded"

    def __init__(self, arrays: Sequence[Any]) -> None:
        super().__init__(arrays)
        self.settings: dict[str, Any] = {}  # hyperparameters of one number a replica

    def scalar(self, value: Any) -> Scalar:
        if isinstance(value, Number):
            return value
        if not np.ndim(value):
            return float(value)
        same = (name for name, array in self.settings.items() if array is value)
        name = next(same, f"given {len(self.settings)}")
        self.settings[name] = value
        return Number("input", name, dtype=np.float64)

    def sqrt(self, value: Any) -> Any:
        if isinstance(value, Vector):
            return Vector(np.sqrt, value)
        return Number("sqrt", value) if isinstance(value, Number) else float(np.sqrt(value))

    def select(self, condition: Any, then: Scalar, otherwise: Scalar) -> Scalar:
        return _where(condition, then, otherwise)

    def positive(self, z: Scalar) -> Scalar:
        return self.select(self.less(z, 0.0), 0.0, z)

    def quotient(self, a: Scalar, b: Scalar) -> Scalar:
        if not isinstance(a, Number) and not isinstance(b, Number):
            return 0.0 if b == 0.0 else a / b
        return Number("quotient", a, b)

    def bounded(self, z: Scalar, low: Scalar, high: Scalar) -> Scalar:
        return self.minimum(self.maximum(z, low), high)

    def dots(self, *pairs: tuple[Vector, Vector]) -> tuple[Scalar, ...]:
        return tuple(Number("dot", pairs, i, dtype=np.float64) for i in range(len(pairs)))
