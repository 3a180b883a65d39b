"""Student's interval for the mean of a few runs."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean and the ends of its interval, in the unit of the values."""

    mean: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 where the interval lies above zero, −1 where it lies below, 0 where it does not tell."""
        return (self.low > 0) - (self.high < 0)


def interval(values: Any, level: float = LEVEL) -> Interval:
    """Return the mean of n values and Student's interval for their expectation.

        X̄ ± t_{n−1, (1+level)/2} S/√n,   S² = Σ (X_i − X̄)²/(n−1)

    It covers the expectation with probability ``level`` where the values are independent and normal, which a few runs
    cannot show; `upper_bound` needs neither, but a range.

    Args:
        values: X_1, …, X_n, n ≥ 2, finite.
        level: in (0, 1).

    Raises:
        ValueError: there are fewer than two values, one is not finite, or the level is outside (0, 1).

    Source: Student 1908.

    >>> interval([1.0, 3.0])  # t_{1, 0.975} = 12.706…, S/√2 = 1
    Interval(mean=2.0, low=-10.706..., high=14.706...)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(f"values are {values!r}; allowed: two finite numbers or more")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed: 0 < level < 1")
    mean = float(array.mean())
    if array.min() == array.max():  # rounding of the mean is no scatter
        return Interval(float(array[0]), float(array[0]), float(array[0]))
    half = float(t.ppf((1 + level) / 2, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return Interval(mean, mean - half, mean + half)
