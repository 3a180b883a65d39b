"""Logistic loss on separable data, ln(1 + e^{−y <a, x>}): its infimum 0 is not attained."""

import numpy as np

from momoracle.convergence.losses.hinge_loss import separable
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.gradient_bounds import Constant, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem


def logistic(z: Array, b: Array) -> tuple[Array, Array]:
    """Return ln(1 + e^{−z}) and its derivative −1/(1 + e^z), without overflow."""
    smaller = np.exp(-np.abs(z))
    value = np.maximum(-z, 0) + np.log1p(smaller)
    return value, -np.where(z > 0, smaller, 1) / (1 + smaller)


def logistic_loss(size: int = 20, samples: int = 60, seed: int = 5) -> Problem:
    """Return logistic loss on `separable` data: f_* = inf f = 0, G = max ‖a_s‖ and L = max ‖a_s‖²/4, but no x*.

        f(x, s) = ln(1 + e^{−<a_s, x>})

    Along a separating direction every loss falls for ever. M4 holds, whose proof needs no minimiser; M5 to M8 say
    nothing.

    Args:
        size: n ≥ 1.
        samples: N ≥ 1.
        seed: of the data.

    Raises:
        ValueError: size or samples is below 1.

    Source: made here, not to interpolate.

    >>> logistic_loss().constants.lacks("optimum")
    'x* is known: is missing (the infimum 0 is approached at infinity and not attained)'
    """
    rows, _ = separable(size, samples, seed)
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        minimum=0.0,
        lipschitz=Constant(longest),
        smoothness=longest**2 / 4,
        why_not={
            "interpolates": "the infimum 0 is approached at infinity and not attained",
            "optimum": "the infimum 0 is approached at infinity and not attained",
        },
    )
    oracle = LinearModel(rows, np.zeros(samples), logistic)
    return Problem("logistic", np.zeros(size), samples, oracle, constants, about="ln(1 + e^{−y <a, x>}), separable")
