"""Rounding to a format narrower than the one that a step computes in."""

from typing import Any

import numpy as np

from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.numbers.wide import Wide

_UNITS = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-9}


class Narrowing:
    """Rounds scalars, arrays and formulas to ``dtype`` and widens them again.

    Where it is ``perturbed``, each number is first moved at random (with a fixed seed) by up to four roundings.
    """

    def __init__(self, dtype: str, perturbed: bool = False) -> None:
        self._dtype = dtype
        self._units = 4 if perturbed else 0
        self._random = np.random.default_rng(0)

    def __call__(self, value: Any) -> Any:
        """Return ``value`` narrowed: a formula stays one, and is narrowed where it is evaluated."""
        if isinstance(value, Vector):
            return Vector(self.array, value)
        if isinstance(value, np.ndarray):
            return self.array(value)
        return value if isinstance(value, Wide) else float(self.array(np.asarray(value)))

    def array(self, array: Any, out: Any = None) -> Any:
        """Return an array narrowed, written into ``out`` if given: a NumPy operation in all but name."""
        moved = array
        if self._units:
            moved = array * (
                1 + self._random.integers(-self._units, self._units + 1, array.shape) * _UNITS[self._dtype]
            )
        with np.errstate(over="ignore"):
            narrow = _bfloat16(moved) if self._dtype == "bfloat16" else moved.astype(self._dtype)
        if out is None:
            return np.asarray(narrow, dtype=array.dtype)  # of an array of no dimension, a scalar came
        out[...] = narrow
        return out


def _bfloat16(array: Any) -> Any:
    """Round to the nearest number with the upper 16 bits of a float32, ties to even."""
    bits = array.astype(np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)
