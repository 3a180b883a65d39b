"""A method with its roundings made elsewhere, as other correct ports make them: these must never be accused."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from momoracle.reference import Method
from momoracle.reference.numbers.expressions import Tensors, Vector


def shuffled(method: type[Method]) -> type[Method]:
    """Return ``method`` on tensors whose entries are in another order: its sums are added in that order."""

    class Shuffled(method):  # type: ignore[misc, valid-type]
        def init(self, params: Any, replicas: int | None = None) -> Any:
            return super().init(_moved(params), replicas)

        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            moved, state, trace = super().step(_moved(params), _moved(grads), state, loss, out)
            return [_back(array) for array in moved], state, trace

    return Shuffled


def fused(method: type[Method]) -> type[Method]:
    """Return ``method`` with every product that is added to something rounded once with the sum (FMA)."""

    class FusedMethod(method):  # type: ignore[misc, valid-type]
        def advance(self, x: Any, g: Any, state: Any, now: Any) -> Any:
            fields = {name: _leaf(value) for name, value in state._asdict().items() if isinstance(value, Tensors)}
            return super().advance(_leaf(x), _leaf(g), state._replace(**fields), now)

    return FusedMethod


#: name -> the change of a method that moves its roundings, and nothing else
ROUNDINGS: dict[str, Callable[[type[Method]], type[Method]]] = {"shuffled": shuffled, "fused": fused}


class FusedFormula(Vector):
    """A formula whose sums take a product whole where one of their terms is one."""

    __slots__ = ()

    def __add__(self, other: Any) -> "FusedFormula":
        return _sum(self, other, 1) or FusedFormula(np.add, self, other)

    def __radd__(self, other: Any) -> "FusedFormula":
        return _sum(self, other, 1) or FusedFormula(np.add, other, self)

    def __sub__(self, other: Any) -> "FusedFormula":
        return _sum(self, other, -1) or FusedFormula(np.subtract, self, other)

    def __mul__(self, other: Any) -> "FusedFormula":
        return _as_fused(super().__mul__(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "FusedFormula":
        return _as_fused(super().__truediv__(other))


def _leaf(tensors: Tensors) -> FusedFormula:
    return FusedFormula(lambda array, out=None: array, tensors)


def _as_fused(formula: Vector) -> FusedFormula:
    return formula if isinstance(formula, FusedFormula) else FusedFormula(formula.operation, *formula.operands)


def _sum(a: Any, b: Any, sign: int) -> FusedFormula | None:
    """Return a + sign b with a product among them not rounded; None where neither is one."""
    if isinstance(b, Vector) and b.operation is np.multiply:
        return FusedFormula(partial(_multiply_add, sign), *b.operands, a)
    if isinstance(a, Vector) and a.operation is np.multiply:
        return FusedFormula(partial(_add_multiplied, sign), *a.operands, b)
    return None


def _multiply_add(sign: int, a: Any, b: Any, c: Any, out: Any = None) -> Any:
    """Return c + sign a b, in a format that holds a product of two float32, and of two float64 nearly."""
    result = (np.longdouble(c) + sign * (np.longdouble(a) * np.longdouble(b))).astype(np.result_type(a, b, c))
    if out is None:
        return result
    out[...] = result
    return out


def _add_multiplied(sign: int, a: Any, b: Any, c: Any, out: Any = None) -> Any:
    """Return a b + sign c."""
    return _multiply_add(1, a, b, sign * c, out)


def _moved(arrays: Sequence[Any]) -> list[Any]:
    return [array.reshape(-1)[_order(array.size)].reshape(array.shape) for array in arrays]


def _back(array: Any) -> Any:
    entries = np.empty_like(array.reshape(-1))
    entries[_order(array.size)] = array.reshape(-1)
    return entries.reshape(array.shape)


@cache
def _order(size: int) -> Any:
    return np.random.default_rng(size).permutation(size)
