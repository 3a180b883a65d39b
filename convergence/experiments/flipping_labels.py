"""A stream of tasks over the same inputs: from task to task, some classes exchange their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from momoracle.convergence.experiments.digits import CLASSES
from momoracle.convergence.problems.problem import Array


@dataclass(frozen=True)
class LabelFlips:
    """After every ``period`` steps, ``flipped`` of the ten classes exchange their labels among themselves.

    Which ones, and how, depends on the seed and the task alone. The labels go once around a random circle of the chosen
    classes, so each of these gets another label than it had.

    Args:
        period: steps of a task, ≥ 1.
        flipped: 0, or from 2 to 10 classes.

    Raises:
        ValueError: a number is outside its range.

    >>> stream = LabelFlips(period=10, flipped=10)
    >>> first, second = stream.labels_at(10, seeds=[3])[0], stream.labels_at(11, seeds=[3])[0]
    >>> first.tolist()  # the first task has the true labels
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    >>> sorted(second.tolist()) == first.tolist(), (second == first).any()
    (True, np.False_)
    """

    period: int
    flipped: int

    def __post_init__(self) -> None:
        if self.period < 1 or not (self.flipped == 0 or 2 <= self.flipped <= CLASSES):
            raise ValueError(
                f"period is {self.period} and flipped {self.flipped}; allowed: period >= 1, and flipped 0 or 2 … 10"
            )

    def labels_at(self, step: int, seeds: Sequence[int]) -> Array:
        """Return the label of each class at step 1, 2, …: shape (R, 10), one row a seed."""
        return np.stack([_labels(seed, (step - 1) // self.period, self.flipped) for seed in seeds])


@lru_cache(maxsize=4096)
def _labels(seed: int, task: int, flipped: int) -> Array:
    if task == 0 or flipped == 0:
        return np.arange(CLASSES)
    labels = _labels(seed, task - 1, flipped).copy()
    chosen = np.random.default_rng([seed, task]).permutation(CLASSES)[:flipped]
    labels[chosen] = labels[np.roll(chosen, 1)]
    return labels
