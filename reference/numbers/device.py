"""CuPy arrays: the same text on a CUDA device. Scalars of the step come back to the host, as Python floats.

This is the generic path, for checking; it is written for agreement with NumPy, not for speed.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from momoracle.reference.numbers.expressions import Scalar, Tile, Vector
from momoracle.reference.numbers.floats import Floats, working_dtype


class Device(Floats):
    """One run on the device: whole tensors instead of tiles, everything else as `Floats`."""

    name: ClassVar[str] = "cupy"

    def tiles(self) -> Iterator[Tile]:
        for tensor, size in enumerate(self.sizes):
            if size:
                yield tensor, slice(None), None

    def contiguous(self, array: Any) -> Any:
        return array  # reshape copies where it has to, and no sum depends on the order

    def dots(self, *pairs: tuple[Vector, Vector]) -> tuple[Scalar, ...]:
        totals = []
        for a, b in pairs:
            total = 0.0
            for tile in self.tiles():
                known = self.known(tile)
                left, right = (vector.on(tile, known, self.number).astype(np.float64) for vector in (a, b))
                total += float((left * right).sum())
            totals.append(self.trusted(total, a, b))
        return tuple(totals)

    def wide_dot(self, a: Vector, b: Vector) -> Any:
        # Rare (entries beyond 1e±135), and exponents are easiest handled where Wide numbers live: on the host.
        return super().wide_dot(Vector(_host, a), Vector(_host, b))

    def new(self, array: Any, tensor_of_state: bool) -> Any:
        return _module(array).empty(array.shape, dtype=working_dtype(array.dtype) if tensor_of_state else array.dtype)

    def zeros(self, array: Any) -> Any:
        return _module(array).zeros(array.shape, dtype=working_dtype(array.dtype))


def _host(array: Any) -> Any:
    return array.get()


def _module(array: Any) -> Any:
    import cupy

    return cupy.get_array_module(array)
