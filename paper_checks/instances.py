"""Draw random instances in short rationals. Each check names its own seed, so every run draws the same."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from momoracle.paper_checks.paths import Inputs, array


class RationalDraw:
    """A stream of small rationals."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def rational(self, low: int = -6, high: int = 6) -> Fraction:
        """Return a rational in [low, high] with denominator 1, 2, 3 or 4."""
        denominator = self._random.randint(1, 4)
        return Fraction(self._random.randint(low * denominator, high * denominator), denominator)

    def positive(self, high: int = 4) -> Fraction:
        """Return a rational in (0, high]."""
        denominator = self._random.randint(1, 4)
        return Fraction(self._random.randint(1, high * denominator), denominator)

    def fraction(self) -> Fraction:
        """Return a rational in [0, 1): a momentum parameter."""
        return Fraction(self._random.randint(0, 7), 8)

    def vector(self, size: int) -> Any:
        """Return a vector with at least one entry that is not zero."""
        entries = [self.rational() for _ in range(size)]
        if not any(entries):
            entries[0] = Fraction(1)
        return array(entries)

    def choice(self, values: Sequence[Any]) -> Any:
        """Return one of the values."""
        return self._random.choice(values)

    def inputs(self, size: int, steps: int, low: int = 0) -> Inputs:
        """Return a run's start, gradients, and losses in [low, 6]."""
        gradients = [self.vector(size) for _ in range(steps)]
        return Inputs(self.vector(size), gradients, [self.rational(low) for _ in range(steps)])
