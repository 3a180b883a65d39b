"""Losses of linear predictions, f(x, s) = φ(<a_s, x>, b_s) + c: the frame of most problems of the zoo."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from momoracle.convergence.problems.problem import Array
from momoracle.reference.numbers import fixed_order

#: maps z = <a, x> and b to φ(z, b) and a (sub)derivative in z, entry by entry
ScalarLoss: TypeAlias = Callable[[Array, Array], tuple[Array, Array]]

_PART = 2**17  # entries of points × samples × n of which the mean loss is computed at once


@dataclass(frozen=True)
class LinearModel:
    """The oracle of f(x, s) = φ(<a_s, x>, b_s) + c.

    Args:
        rows: the a_s, shape (N, n).
        targets: the b_s, shape (N,).
        loss: φ.
        constant: c.
    """

    rows: Array
    targets: Array
    loss: ScalarLoss
    constant: float = 0.0

    def __call__(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return the losses and gradients, one a point."""
        rows = np.take(self.rows, sample, axis=0)
        value, slope = self.loss(fixed_order.sum_products(rows, x), np.take(self.targets, sample))
        rows *= slope[:, None]
        return (value + self.constant if self.constant else value), rows

    def mean_loss(self, x: Array) -> Array:
        """Return f(x) of each point; every product is one of its own, so that no point depends on those beside it."""
        result = np.empty(len(x))
        count = max(1, _PART // (self.rows.size or 1))
        for first in range(0, len(x), count):
            part = slice(first, first + count)
            values = self.loss(fixed_order.sum_products(x[part, None, :], self.rows), self.targets)[0]
            result[part] = np.add.reduce(values, axis=1, dtype=np.float64) / len(self.rows)
        return result + self.constant

    def astype(self, dtype: Any) -> "LinearModel":
        """Return the same model in another dtype."""
        return replace(self, rows=self.rows.astype(dtype), targets=self.targets.astype(dtype))
