"""Huber's loss of <a_s, x> − b_s with b = A x*, plus 1: smooth and Lipschitz, with f_* = 1."""

import numpy as np

from momoracle.convergence.losses.least_squares import rows_and_optimum
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products
from momoracle.convergence.problems.gradient_bounds import Constant, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem

WIDTH = 0.125  # δ: quadratic within, linear outside; a power of two


def huber(z: Array, b: Array) -> tuple[Array, Array]:
    """Return r²/2 where |r| ≤ δ and δ|r| − δ²/2 elsewhere, r = z − b, and its derivative."""
    residual = z - b
    slope = np.clip(residual, -WIDTH, WIDTH)
    return slope * (residual - slope / 2), slope


def huber_loss(size: int = 20, samples: int = 40, condition: float = 10.0, seed: int = 2) -> Problem:
    """Return Huber's loss plus 1 on the rows of `least_squares`: f_* = 1, G = δ max ‖a_s‖ and L = max ‖a_s‖².

        f(x, s) = 1 + φ(<a_s, x> − b_s),   b = A x*
        φ(r) = r²/2  for |r| ≤ δ,   φ(r) = δ |r| − δ²/2  for |r| > δ

    That f_* is not 0 shows an optimizer that forgets it.

    Args:
        size: n.
        samples: N ≥ n.
        condition: σ_max/σ_min of the rows, about.
        seed: of the data.

    Raises:
        ValueError: size, samples or condition is outside its range.

    Source: Huber 1964; made here, to interpolate.

    >>> problem = huber_loss()
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([1.])
    """
    rows, optimum = rows_and_optimum(size, samples, condition, seed)
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=1.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Constant(WIDTH * longest),
        smoothness=longest**2,
    )
    oracle = LinearModel(rows, exact_products(rows, optimum), huber, constant=1.0)
    return Problem("huber", np.zeros(size), samples, oracle, constants, about="1 + Huber of <a, x> − b, b = A x*")
