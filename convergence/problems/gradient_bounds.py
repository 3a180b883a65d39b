"""Bounds on gradients as functions of the distance from x*; objects, not closures, so that they can be pickled."""

import numpy as np

from momoracle.convergence.problems.problem import Array
from momoracle.reference.numbers import fixed_order


class Proportional:
    """The bound G(r) = factor · r."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, radius: float) -> float:
        """Return the bound on the ball of this radius."""
        return self.factor * radius


class Constant(Proportional):
    """The bound G(r) = factor."""

    def __call__(self, radius: float) -> float:
        """Return the bound on the ball of this radius."""
        return self.factor


def longest_row(rows: Array) -> float:
    """Return max ‖a_s‖, rounded up: a bound on the gradients of losses φ(<a_s, x>) with |φ'| ≤ 1."""
    rounding = (rows.shape[1] + 4) * float(np.finfo(float).eps)
    return float(np.sqrt(fixed_order.sum_products(rows, rows).max()) * (1 + rounding))
