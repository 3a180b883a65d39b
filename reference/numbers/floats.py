"""Floating point: NumPy arrays of any float dtype, scalars of the step in float64.

Dot products accumulate in float64 over fixed tiles, in an order that no processor changes. Where one leaves the trusted
range it is redone over `Wide` numbers, so that no finite input overflows or underflows on its way to a step.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from momoracle.reference.numbers import fixed_order, wide
from momoracle.reference.numbers.base import Numbers, OutOfRange
from momoracle.reference.numbers.expressions import Scalar, Tensors, Tile, Vector
from momoracle.reference.numbers.roots import Root, least_squares
from momoracle.reference.numbers.wide import Wide

_TILE = 2**18  # bytes of one tile: of less, calling NumPy takes longer than the arithmetic; of more, memory does
_KEPT = 32768  # entries of a step of which every intermediate is kept for its second pass
_BLOCK = 8192  # terms of a dot product that are summed at once: their products stay in the cache
_NARROW_BLOCK = 256  # the same for products in float32: their rounding errors stay as small as those of the entries
# What one float32 product can lose below the smallest normal number, times 2^30 so that it hides behind roundings.
_NARROW_LOSS = 2.0 ** (-126 + 30)
# Outside of these a dot product may have lost terms to underflow, or is about to overflow in the next operation.
_LOW, _HIGH = TRUSTED = 2.0**-900, 2.0**900


def dot(a: Any, b: Any) -> Any:
    """Return Σ a_i b_i along the last axis: blocks of a fixed length, whose sums are added in float64."""
    size = a.shape[-1]
    if a.dtype.itemsize >= 8 and b.dtype.itemsize >= 8:
        return _sum_of_blocks(a, b, _BLOCK)
    if size <= _BLOCK:  # so few entries are converted faster than they are told apart
        return fixed_order.sum_products(a.astype(np.float64), b.astype(np.float64))
    total = _sum_of_blocks(a, b, _NARROW_BLOCK)
    # A product below float32's smallest normal number loses digits, and one above its largest is infinite. Where the
    # sum is large against everything that could have been lost, the products in float32 are as good as any; elsewhere
    # they are taken again in float64, where nothing is lost. Each row, a run of its own, decides for itself.
    sound = (np.abs(total) > size * _NARROW_LOSS) & np.isfinite(total)
    if np.all(sound):
        return total
    return np.where(sound, total, _sum_of_blocks(a.astype(np.float64), b.astype(np.float64), _BLOCK))


def _sum_of_blocks(a: Any, b: Any, length: int) -> Any:
    """Return Σ a_i b_i, blocks of ``length`` products in the arrays' own dtype and the rest in float64."""
    size = a.shape[-1]
    if size <= length:
        if a.dtype.itemsize < 8:  # products of float32 underflow where their sum does not
            a, b = a.astype(np.float64), b.astype(np.float64)
        return fixed_order.sum_products(a, b)
    whole = size - size % length
    shape = (*a.shape[:-1], whole // length, length)
    sums = fixed_order.sum_products(a[..., :whole].reshape(shape), b[..., :whole].reshape(shape))
    total = np.add.reduce(sums.astype(np.float64, copy=False), axis=-1)
    return total if whole == size else total + _sum_of_blocks(a[..., whole:], b[..., whole:], length)


def trusted_ratios(dtype: Any) -> tuple[float, float]:
    """Return what a quotient that scales tensors of this dtype lies between, or else is `Wide`."""
    most = _HIGH if np.dtype(dtype).itemsize >= 8 else 2.0**100
    return 1 / most, most


@cache
def working_dtype(dtype: Any) -> Any:
    """Return the dtype of state and arithmetic: float16 has neither the range nor the digits for averages."""
    return np.result_type(dtype, np.float32)


def all_finite(array: Any) -> bool:
    """Tell whether no entry is NaN or infinite: a finite sum, or sum of squares, proves it."""
    if not isinstance(array, np.ndarray):
        return bool(np.isfinite(array).all())
    entries = array.reshape(-1)
    if entries.size < 2 * _BLOCK:
        return math.isfinite(np.add.reduce(entries)) or bool(np.isfinite(entries).all())
    whole = entries.size - entries.size % _BLOCK
    blocks, rest = entries[:whole].reshape(-1, _BLOCK), entries[whole:]
    squares = np.vecdot(blocks, blocks).sum() + np.vecdot(rest, rest)
    return math.isfinite(squares) or bool(np.isfinite(entries).all())


class Floats(Numbers):
    """One run: scalars are Python floats, which leave the dtype of an array as it is."""

    name: ClassVar[str] = "floats"

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.sizes = [array.size for array in arrays]
        self._workings = [working_dtype(array.dtype) for array in arrays]
        self.working = self._workings[0] if len(set(self._workings)) == 1 else np.result_type(*self._workings)
        narrowest = min(self._workings, key=lambda dtype: dtype.itemsize)  # it holds the fewest scalars
        self._least, self._most = trusted_ratios(narrowest)
        self._narrow = narrowest.itemsize < 8
        self._small_squares = least_squares(narrowest)
        self._length = _TILE // self.working.itemsize
        self._half = any(array.dtype.itemsize < 4 for array in arrays)
        # A step passes its tiles twice. Of few entries, everything that the first pass computed is kept for the second;
        # of many, only the operands of its dot products, which are state or half of the way to it.
        self._memory: dict[Any, dict[Vector, Any]] | None = {} if sum(self.sizes) <= _KEPT else None
        self._operands: dict[Vector, list[Any]] = {}

    def scalar(self, value: Any) -> Scalar:
        number = value if type(value) is float else float(value)
        return number if self.holds(number) else Wide(number)

    def holds(self, number: float) -> bool:
        """Tell whether a scalar may scale a tensor of any dtype here as it is; else it has to be `Wide`.

        NumPy rounds a float to the dtype of the tensor that it multiplies: 1e39 is infinite in float32, and 1e-46 is 0.
        """
        size = abs(number)
        if size < self._most:
            return not self._narrow or size > self._least or size == 0.0
        return not math.isfinite(number)

    def sqrt(self, value: Any) -> Any:
        if isinstance(value, Vector):
            return Root(self._small_squares, value, True)
        return value.sqrt() if isinstance(value, Wide) else math.sqrt(value)

    def positive(self, z: Scalar) -> Scalar:
        return 0.0 if z < 0.0 else z  # NaN stays NaN, to be refused with the result

    def quotient(self, a: Scalar, b: Scalar) -> Scalar:
        if (b.mantissa if isinstance(b, Wide) else b) == 0.0:
            return 0.0
        if not isinstance(a, Wide) and not isinstance(b, Wide):
            ratio = a / b
            if self._least < abs(ratio) < self._most or a == 0.0 or not math.isfinite(a):
                return ratio
        return Wide.of(a) / b  # it may scale a tensor, so it stays wide where the tensor's dtype does not hold it

    def narrowed(self, z: Wide) -> Scalar:
        """Return a wide number as a float where it is one."""
        return float(z.to_float()) if z.fits() else z

    def bounded(self, z: Scalar, low: Scalar, high: Scalar) -> Scalar:
        inside = self.minimum(self.maximum(z, low), high)
        return self.scalar(inside) if self._narrow and not isinstance(inside, Wide) else inside

    def kept(self, value: Scalar) -> Any:
        return value if type(value) is float else float(value.to_float()) if isinstance(value, Wide) else value

    def finite(self, value: Any) -> bool:
        return math.isfinite(value)

    # -- vectors ---------------------------------------------------------------------------------------------------

    def leaf(self, arrays: Sequence[Any]) -> Tensors:
        rows = [self.contiguous(array).reshape(self.row_shape) for array in arrays]
        if self._half:
            rows = [row.astype(working_dtype(row.dtype), copy=False) for row in rows]
        return Tensors(rows)

    def contiguous(self, array: Any) -> Any:
        """Return the array in C order: sums must not depend on how it lies in memory."""
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)

    def known(self, tile: Tile) -> dict[Vector, Any]:
        """Return what this tile's formulas have computed so far."""
        if self._memory is not None:
            return self._memory.setdefault((tile[0], tile[1].start, tile[2] and tile[2].start), {})
        return {vector: self._part(rows[tile[0]], tile) for vector, rows in self._operands.items()}

    def _part(self, row: Any, tile: Tile) -> Any:
        return row[tile[1]] if tile[2] is None else row[tile[2], tile[1]]

    def tiles(self) -> Iterator[Tile]:
        """Cut every tensor into tiles of a fixed length, so that sums do not depend on how many runs there are."""
        for tensor, size in enumerate(self.sizes):
            for start in range(0, size, self._length):
                yield tensor, slice(start, start + self._length), None

    def number(self, scalar: Scalar, tile: Tile) -> Any:
        if isinstance(scalar, Wide):  # a term, and not a factor: nothing beyond the range is left of it
            scalar = scalar.to_float()
        # NumPy's scalars would widen a float32 tile.
        return scalar.item() if isinstance(scalar, (np.ndarray, np.generic)) else scalar

    def dots(self, *pairs: tuple[Vector, Vector]) -> tuple[Scalar, ...]:
        # All products of a step are taken in one pass over memory: each tile is read once, while it is in cache, for
        # every pair. The sums of the tiles are added in float64, in the order of the tiles, so that they do not depend
        # on how many runs there are.
        number, totals = self.number, [self.none() for _ in pairs]
        # The second pass, which writes the results, needs the operands again. Of few entries the tiles' memory keeps
        # them; of many, each operand that is no given array gets arrays of its own, filled in this pass.
        new = [v for pair in pairs for v in pair if not isinstance(v, Tensors)] if self._memory is None else []
        kinds = list(zip(self.sizes, self._workings, strict=True))
        fresh = {v: [np.empty(self.row_shape_of(size), dtype) for size, dtype in kinds] for v in new}
        for tile in self.tiles():
            known = self.known(tile)
            for vector, rows in fresh.items():
                part = self._part(rows[tile[0]], tile)
                value = vector.on(tile, known, number, out=part)
                if value is not part:  # it was an operand of the one before
                    part[...] = value
            for i, (a, b) in enumerate(pairs):
                product = dot(a.on(tile, known, number), b.on(tile, known, number))
                totals[i] = self.accumulated(totals[i], product, tile)
        self._operands.update(fresh)
        return tuple([self.trusted(total, *pair) for total, pair in zip(totals, pairs, strict=True)])

    def none(self) -> Scalar:
        """Return the empty sum."""
        return 0.0

    def accumulated(self, total: Scalar, part: Any, tile: Tile) -> Scalar:
        """Return the sum so far with one tile's part added."""
        return total + part

    def trusted(self, total: Any, a: Vector, b: Vector) -> Scalar:
        """Return a dot product as it is where nothing was lost in it, else computed again without a range."""
        total = float(total)
        return total if _LOW < abs(total) < _HIGH else self.narrowed(self.wide_dot(a, b))

    def wide_dot(self, a: Vector, b: Vector) -> Wide:
        """Return <a, b> without overflow or underflow."""
        # The same pass once more, with every product as mantissa and exponent; so rare that it may be slow.
        total = Wide(self.none())
        for tile in self.tiles():
            known = self.known(tile)
            left, right = a.on(tile, known, self.number), b.on(tile, known, self.number)
            if left.any() and right.any():
                total = self.accumulated(total, wide.dot(left, right), tile)
        return total

    # -- results ---------------------------------------------------------------------------------------------------

    def write(self, arrays: Mapping[Vector, Sequence[Any]], fresh: bool) -> None:
        # The second pass: all scalars of the step are known by now, and every result is evaluated tile by tile.
        rows = {vector: [target.reshape(self.row_shape) for target in targets] for vector, targets in arrays.items()}
        for tile in self.tiles():
            known = self.known(tile)
            # A target that was given may be the very array that another formula reads: all are evaluated before any is
            # stored. A fresh one is written at once.
            targets = {vector: self._part(row[tile[0]], tile) for vector, row in rows.items()}
            results = [
                (
                    vector,
                    vector.on(
                        tile, known, self.number, out=part if fresh and part.dtype == self._workings[tile[0]] else None
                    ),
                )
                for vector, part in targets.items()
            ]
            for vector, result in results:
                part = targets[vector]
                result = result.astype(part.dtype, copy=False)
                if not all_finite(result):  # while the tile is in cache, instead of a pass of its own
                    raise OutOfRange(vector)
                if result is not part:
                    part[...] = result

    def operand(self, vector: Vector, like: Sequence[Any]) -> list[Any] | None:
        rows = self._operands.get(vector)
        return rows and [row.reshape(array.shape) for row, array in zip(rows, like, strict=True)]

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape that shows an array as entries in one row."""
        return (-1,)

    def row_shape_of(self, size: int) -> tuple[int, ...]:
        """Return the shape of a row of ``size`` entries."""
        return (size,)

    def new(self, array: Any, tensor_of_state: bool) -> Any:
        return np.empty(array.shape, dtype=working_dtype(array.dtype) if tensor_of_state else array.dtype)

    def zeros(self, array: Any) -> Any:
        return np.zeros(array.shape, dtype=working_dtype(array.dtype))


class Replicas(Floats):
    """Several independent runs in one step: scalars are float64 arrays of shape ``(R,)``, one entry a run."""

    name: ClassVar[str] = "replicas"

    def __init__(self, arrays: Sequence[Any], replicas: int) -> None:
        super().__init__(arrays)
        self.replicas: int = replicas
        self.sizes = [array.size // replicas for array in arrays]

    def restricted(self, arrays: Sequence[Any]) -> "Replicas":
        return Replicas(arrays, self.replicas)

    def scalar(self, value: Any) -> Scalar:
        if not np.ndim(value):
            return super().scalar(value)
        numbers = np.asarray(value, dtype=np.float64)
        size = np.abs(numbers)
        if not self._narrow and size.max(initial=0.0) < self._most:  # False where one is NaN
            return numbers
        inside = (size < self._most) & ((size > self._least) | (size == 0.0)) if self._narrow else size < self._most
        return numbers if np.all(inside | ~np.isfinite(numbers)) else Wide(numbers)

    def sqrt(self, value: Any) -> Any:
        return super().sqrt(value) if isinstance(value, (Vector, Wide)) else np.sqrt(value)

    def select(self, condition: Any, then: Scalar, otherwise: Scalar) -> Scalar:
        if isinstance(then, Wide) or isinstance(otherwise, Wide):
            return Wide.of(then).where(condition, otherwise)
        return np.where(condition, then, otherwise)

    def positive(self, z: Scalar) -> Scalar:
        return self.select(self.less(z, 0.0), 0.0, z)

    def quotient(self, a: Scalar, b: Scalar) -> Scalar:
        if not isinstance(a, Wide) and not isinstance(b, Wide):
            ratio = np.where(b == 0.0, 0.0, np.divide(a, np.where(b == 0.0, 1.0, b)))
            inside = (np.abs(ratio) > self._least) & (np.abs(ratio) < self._most)
            if np.all(inside | np.equal(a, 0.0) | (b == 0.0) | np.isinf(a)):
                return ratio
        divisor = Wide.of(b)
        zero = divisor.mantissa == 0
        return Wide(0.0).where(zero, Wide.of(a) / Wide(1.0).where(zero, divisor))

    def narrowed(self, z: Wide) -> Scalar:
        return z.to_float() if np.all(z.fits()) else z

    def kept(self, value: Scalar) -> Any:
        value = value.to_float() if isinstance(value, Wide) else value
        if type(value) is float:
            return np.full(self.replicas, value)
        if isinstance(value, np.ndarray) and value.shape == (self.replicas,):
            return value.copy()
        return np.array(np.broadcast_to(value, (self.replicas,)))

    def finite(self, value: Any) -> bool:
        return bool(np.isfinite(value).all())

    def tiles(self) -> Iterator[Tile]:
        for tensor, size in enumerate(self.sizes):
            runs = max(1, self._length // max(1, size))
            for first in range(0, self.replicas, runs):
                for start in range(0, size, self._length):
                    yield tensor, slice(start, start + self._length), slice(first, first + runs)

    def number(self, scalar: Scalar, tile: Tile) -> Any:
        if isinstance(scalar, Wide):
            scalar = scalar.to_float()
        if not np.ndim(scalar):
            return super().number(scalar, tile)
        column = scalar[tile[2], None]
        return column.astype(self._workings[tile[0]]) if column.dtype.kind == "f" else column

    def none(self) -> Scalar:
        return np.zeros(self.replicas)

    def accumulated(self, total: Scalar, part: Any, tile: Tile) -> Scalar:
        total[tile[2]] = total[tile[2]] + part
        return total

    def trusted(self, total: Any, a: Vector, b: Vector) -> Scalar:
        size = np.abs(total)
        fine = (size > _LOW) & (size < _HIGH)
        return total if fine.all() else self.narrowed(Wide(total).where(fine, self.wide_dot(a, b)))

    # -- results ---------------------------------------------------------------------------------------------------

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.replicas, -1)

    def row_shape_of(self, size: int) -> tuple[int, ...]:
        return (self.replicas, size)
