"""Elementwise expressions over tensors, written like arithmetic and evaluated tile by tile.

``beta * d + (1 - beta) * g`` on `Vector` objects computes nothing yet: it records the formula. A number system then
evaluates every formula of a step over one cache-sized tile after another, so that a step reads each array from memory
once a pass, whatever the number of operations; and nothing is written before all scalars of the step are known.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from momoracle.reference.numbers.wide import Wide

Scalar: TypeAlias = Any  # one number of the system in use, or one a replica
Tile: TypeAlias = tuple[int, Any, Any]  # tensor, index into its entries, index into the replicas


class Vector:
    """A formula over tensors: an elementwise operation and its operands (vectors or scalars)."""

    __slots__ = ("operands", "operation")
    __array_ufunc__ = None  # lets NumPy numbers on the left defer to the methods below

    def __init__(self, operation: Callable[..., Any], *operands: Any) -> None:
        self.operation = operation
        self.operands = operands

    def __add__(self, other: Any) -> "Vector":
        return Vector(np.add, self, other)

    def __radd__(self, other: Any) -> "Vector":
        return Vector(np.add, other, self)

    def __sub__(self, other: Any) -> "Vector":
        return Vector(np.subtract, self, other)

    def __mul__(self, other: Any) -> "Vector":
        if isinstance(other, Wide):
            # Subnormal entries are lifted first: their product with the mantissa would be rounded among subnormals.
            lift = np.clip(other.shift() - 1, 0, 60)
            lifted = Vector(np.ldexp, self, lift)
            return Vector(np.ldexp, Vector(np.multiply, lifted, other.mantissa), other.shift() - lift)
        return Vector(np.multiply, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Vector":
        if type(other) is float and other == 1.0:  # exact, and spares a pass over the tile
            return self
        if isinstance(other, Wide):
            return Vector(np.ldexp, Vector(np.divide, self, other.mantissa), -other.shift())
        return other.dividing(self) if isinstance(other, Vector) else Vector(np.divide, self, other)

    def dividing(self, numerator: "Vector") -> "Vector":
        """Return numerator / self; a divisor that has to be watched has a formula of its own."""
        return Vector(np.divide, numerator, self)

    def on(self, tile: Tile, known: dict["Vector", Any], number: Callable[[Any, Tile], Any], out: Any = None) -> Any:
        """Evaluate over one tile, into ``out`` if given; ``known`` keeps what this tile's formulas computed."""
        value = known.get(self)
        if value is None:
            operands = [
                item  # a float stands for itself in every number system
                if type(item) is float
                else item.on(tile, known, number)
                if isinstance(item, Vector)
                else number(item, tile)
                for item in self.operands
            ]
            value = known[self] = self.operation(*operands) if out is None else self.operation(*operands, out=out)
        return value


class Tensors(Vector):
    """The leaves of a formula: arrays given by the user, each seen as entries in one row (a row a replica)."""

    __slots__ = ("rows",)

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = tuple(rows)

    def on(self, tile: Tile, known: dict[Vector, Any], number: Callable[[Any, Tile], Any], out: Any = None) -> Any:
        """Return the tile's part of the arrays themselves."""
        tensor, entries, replicas = tile
        row = self.rows[tensor]
        return row[entries] if replicas is None else row[replicas, entries]
