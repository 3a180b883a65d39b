"""Consistent least squares, f(x, s) = ½ (<a_s, x> − b_s)² with b = A x*."""

import numpy as np

from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products, on_grid
from momoracle.convergence.problems.gradient_bounds import Proportional, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem


def half_square(z: Array, b: Array) -> tuple[Array, Array]:
    """Return ½ (z − b)² and its derivative."""
    residual = z - b
    return residual * residual / 2, residual


def least_squares(
    size: int = 20, samples: int = 40, condition: float = 10.0, seed: int = 0, start: Array | None = None
) -> Problem:
    """Return least squares whose matrix has about the given condition number; x* is exact, f_* = 0.

        f(x, s) = ½ (<a_s, x> − b_s)²,   b = A x*

    G(r) = max ‖a_s‖² r, because the residual at x is <a_s, x − x*>; L = max ‖a_s‖².

    Args:
        size: n.
        samples: N ≥ n.
        condition: σ_max/σ_min of A before its entries are rounded to multiples of 2^−10.
        seed: of the random orthogonal factors and of x*.
        start: x^1; the origin if left out.

    Raises:
        ValueError: size, samples or condition is outside its range.

    Source: MoMo (arXiv 2305.07583) has interpolation as its setting; these data are made here.

    >>> problem = least_squares(size=5, samples=8)
    >>> problem.sample_loss_and_grad(problem.constants.optimum[None], np.array([3]))[0]
    array([0.])
    """
    rows, optimum = rows_and_optimum(size, samples, condition, seed)
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Proportional(longest**2),
        smoothness=longest**2,
    )
    oracle = LinearModel(rows, exact_products(rows, optimum), half_square)
    origin = np.zeros(size) if start is None else start
    return Problem("least-squares", origin, samples, oracle, constants, about="½ (<a, x> − b)², b = A x*")


def rows_and_optimum(size: int, samples: int, condition: float, seed: int) -> tuple[Array, Array]:
    """Return A with singular values spaced evenly in logarithm, of rows about 1 long, and an x* of quarters in [−2, 2].

    Raises:
        ValueError: there are fewer samples than unknowns, or the condition number is below 1.
    """
    if not 1 <= size <= samples:
        raise ValueError(f"size is {size} and samples {samples}; allowed: 1 <= size <= samples")
    if not 1 <= condition < 1e6:
        raise ValueError(f"condition is {condition}; allowed: 1 <= condition < 1e6, as entries have ten binary places")
    generator = np.random.default_rng(seed)
    left = np.linalg.qr(generator.standard_normal((samples, size)))[0]
    right = np.linalg.qr(generator.standard_normal((size, size)))[0]
    values = np.geomspace(1.0, 1 / condition, size)
    scale = np.sqrt(samples / np.sum(values**2))
    rows = on_grid(left * (scale * values) @ right.T, 2.0**-10)
    return rows, on_grid(generator.uniform(-2, 2, size), 0.25)
