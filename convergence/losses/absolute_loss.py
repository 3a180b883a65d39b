"""Absolute loss, f(x, s) = |<a_s, x> − b_s| with b = A x*: nonsmooth, Lipschitz."""

import numpy as np

from momoracle.convergence.losses.least_squares import rows_and_optimum
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products
from momoracle.convergence.problems.gradient_bounds import Constant, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem


def absolute(z: Array, b: Array) -> tuple[Array, Array]:
    """Return |z − b| and its sign, 0 at 0."""
    residual = z - b
    return np.abs(residual), np.sign(residual)


def absolute_loss(size: int = 20, samples: int = 40, condition: float = 10.0, seed: int = 1) -> Problem:
    """Return absolute loss on the rows of `least_squares`; x* is exact, f_* = 0 and G = max ‖a_s‖.

        f(x, s) = |<a_s, x> − b_s|,   b = A x*

    Args:
        size: n.
        samples: N ≥ n.
        condition: σ_max/σ_min of the rows, about.
        seed: of the data.

    Raises:
        ValueError: size, samples or condition is outside its range.

    Source: made here, to interpolate.

    >>> problem = absolute_loss()
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([0.])
    """
    rows, optimum = rows_and_optimum(size, samples, condition, seed)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Constant(longest_row(rows)),
        why_not={"smoothness": "|z| has a kink"},
    )
    oracle = LinearModel(rows, exact_products(rows, optimum), absolute)
    return Problem("absolute-loss", np.zeros(size), samples, oracle, constants, about="|<a, x> − b|, b = A x*")
