"""Short decimal numbers drawn from a named seed: the raw material of the vectors' inputs."""

from random import Random

import numpy as np

from momoracle.reference.golden.vectors import FloatArray


class Draw:
    """A stream of numbers with three decimals, the same on every machine and version (only ``random()`` is used)."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def number(self, low: float, high: float) -> float:
        """Return one number in [low, high]."""
        return round(low + (high - low) * self._random.random(), 3)

    def array(self, shape: tuple[int, ...], dtype: str, scale: float = 1.0, shift: float = 0.0) -> FloatArray:
        """Return an array of numbers ``scale · z + shift`` with z in [−1, 1]."""
        size = int(np.prod(shape))
        values = [float(f"{self.number(-1, 1) * scale + shift:.6g}") for _ in range(size)]
        return np.array(values, dtype=dtype).reshape(shape)
