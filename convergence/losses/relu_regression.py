"""Regression with one ReLU, f(x, s) = ½ ((<a_s, x>)_+ − b_s)²: it interpolates, but is not convex."""

import numpy as np

from momoracle.convergence.losses.least_squares import rows_and_optimum
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products
from momoracle.convergence.problems.problem import Array, Constants, Problem


def half_square_relu(z: Array, b: Array) -> tuple[Array, Array]:
    """Return ½ (z_+ − b)² and its derivative, 0 where the ReLU is off."""
    active = np.maximum(z, 0)
    residual = active - b
    return residual * residual / 2, residual * (z > 0)


def relu_regression(size: int = 20, samples: int = 40, condition: float = 10.0, seed: int = 6) -> Problem:
    """Return ReLU regression with b_s = (<a_s, x*>)_+, started at −x*/4 plus a row: f_* = 0, attained at x*.

        f(x, s) = ½ ((<a_s, x>)_+ − b_s)²,   b_s = (<a_s, x*>)_+

    Not convex: for b_s > 0 the loss is flat where <a_s, x> < 0 and falls beyond. So no distance need decrease; M4
    holds.

    Args:
        size: n.
        samples: N ≥ n.
        condition: σ_max/σ_min of the rows, about.
        seed: of the data.

    Raises:
        ValueError: size, samples or condition is outside its range.

    Source: made here, to interpolate.

    >>> problem = relu_regression()
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([0.])
    """
    rows, optimum = rows_and_optimum(size, samples, condition, seed)
    constants = Constants(
        lower_bound=0.0,
        interpolates=True,
        optimum=optimum,
        why_not={
            "convex": "the loss is flat where the ReLU is off and falls beyond",
            "lipschitz": "not bounded here, as no certificate of a loss that is not convex uses it",
            "smoothness": "the ReLU has a kink",
        },
    )
    targets = np.maximum(exact_products(rows, optimum), 0)
    oracle = LinearModel(rows, targets, half_square_relu)
    start = rows[0] - optimum / 4
    return Problem("relu-regression", start, samples, oracle, constants, about="½ ((<a, x>)_+ − b)², b = (A x*)_+")
