"""The slope of a curve in log-log scale, with a bootstrap interval."""

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Slope",
    "fit",
]

RESAMPLES = 1000


class Slope(NamedTuple):
    """The slope of a curve in log-log scale.

    Attributes:
        value: p in mean ≈ C k^p.
        low, high: the ends of the bootstrap interval.
        level: of the interval.
        first, last: the steps that it is fitted to.

    >>> Slope(value=-0.5, low=-0.6, high=-0.4, level=0.95, first=32, last=1000).high
    -0.4
    """

    value: float
    low: float
    high: float
    level: float
    first: int
    last: int


def fit(steps: Any, sums: Any, counts: Any, level: float = 0.95, seed: int = 0) -> Slope | None:
    """Fit the slope by least squares on log mean against log k over the later half (in logarithm) of the steps.

        ln y_k ≈ ln C + p ln k,   k ≥ √K

    The interval is the percentile bootstrap: groups of replicas are drawn with replacement, each draw is fitted again.

    Args:
        steps: k, shape (C,).
        sums: for each group the sum of its replicas' values, shape (groups, C).
        counts: replicas in each group.
        level: of the interval.
        seed: of the resampling.

    Returns:
        The slope; None where fewer than three steps are late, or a mean is not positive.

    Source: the percentile bootstrap, Efron 1979.

    >>> k = np.array([1, 4, 16, 64, 256])
    >>> fit(k, np.array([[1.0], [3.0]]) / k**0.5, np.array([1, 1])).value
    -0.5...
    """
    late = steps >= np.sqrt(steps[-1])
    total = sums[:, late].sum(axis=0)
    if late.sum() < 3 or not np.all(total > 0) or not np.isfinite(total).all():
        return None
    log_k = np.log(steps[late])
    away = log_k - log_k.mean()
    weights = away / np.sum(away * away)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    means = (drawn @ sums[:, late]) / (drawn @ counts)[:, None]
    means = means[np.all(means > 0, axis=1)]  # a draw of zeros alone has no logarithm
    slopes = np.log(means) @ weights
    low, high = np.quantile(slopes, [(1 - level) / 2, (1 + level) / 2])
    value = float(np.log(total / counts.sum()) @ weights)
    return Slope(value, float(low), float(high), level, int(steps[late][0]), int(steps[-1]))
