"""Hinge losses on separable data: (1 − <a_s, x>)_+ and its half square, with labels multiplied into a_s."""

import numpy as np

from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products, on_grid
from momoracle.convergence.problems.gradient_bounds import Constant, Proportional, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem


def hinge(z: Array, b: Array) -> tuple[Array, Array]:
    """Return (b − z)_+ and its derivative, 0 at the kink."""
    short = np.maximum(b - z, 0)
    return short, -(short > 0).astype(short.dtype)


def half_square_hinge(z: Array, b: Array) -> tuple[Array, Array]:
    """Return ½ (b − z)_+² and its derivative."""
    short = np.maximum(b - z, 0)
    return short * short / 2, -short


def hinge_loss(size: int = 20, samples: int = 60, seed: int = 3) -> Problem:
    """Return the plain hinge loss: f_* = 0 is attained at an x* with margin at least 1 on every sample, G = max ‖a_s‖.

        f(x, s) = (1 − <a_s, x>)_+

    Args:
        size: n ≥ 1.
        samples: N ≥ 1.
        seed: of the data.

    Raises:
        ValueError: size or samples is below 1.

    Source: made here, to interpolate.

    >>> problem = hinge_loss()
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([0.])
    """
    rows, optimum = separable(size, samples, seed)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Constant(longest_row(rows)),
        why_not={"smoothness": "the hinge has a kink"},
    )
    oracle = LinearModel(rows, np.ones(samples), hinge)
    return Problem("hinge", np.zeros(size), samples, oracle, constants, about="(1 − y <a, x>)_+, separable")


def squared_hinge_loss(size: int = 20, samples: int = 60, seed: int = 4) -> Problem:
    """Return the squared hinge loss: as `hinge_loss`, with L = max ‖a_s‖² and G(r) = L r.

        f(x, s) = ½ (1 − <a_s, x>)_+²

    For where the margin at x is short by r_s, that at x* is not, so r_s ≤ <a_s, x* − x> ≤ ‖a_s‖ ‖x − x*‖.

    Args:
        size: n ≥ 1.
        samples: N ≥ 1.
        seed: of the data.

    Raises:
        ValueError: size or samples is below 1.

    Source: made here, to interpolate.

    >>> problem = squared_hinge_loss()
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([0.])
    """
    rows, optimum = separable(size, samples, seed)
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Proportional(longest**2),
        smoothness=longest**2,
    )
    oracle = LinearModel(rows, np.ones(samples), half_square_hinge)
    return Problem("squared-hinge", np.zeros(size), samples, oracle, constants, about="½ (1 − y <a, x>)_+², separable")


def separable(size: int, samples: int, seed: int) -> tuple[Array, Array]:
    """Return rows y_s a_s about 1 long, and an x* with <y_s a_s, x*> ≥ 1 for each, exactly.

    A direction w separates the rows, since each is given the label of its side and moved along w to a margin of 1/4 at
    least; x* is a multiple of w that makes the least margin 1 or more.

    Raises:
        ValueError: size or samples is below 1.
    """
    if size < 1 or samples < 1:
        raise ValueError(f"size is {size} and samples {samples}; allowed: integers >= 1")
    generator = np.random.default_rng(seed)
    direction = generator.standard_normal(size)
    direction /= np.linalg.norm(direction)
    rows = generator.standard_normal((samples, size)) / np.sqrt(size)
    margin = rows @ direction
    side = np.where(margin < 0, -1.0, 1.0)
    rows = side[:, None] * rows + np.maximum(0.25 - np.abs(margin), 0)[:, None] * direction
    rows, length = on_grid(rows, 2.0**-10), 5.0
    while exact_products(rows, on_grid(length * direction, 0.125)).min() < 1:
        length *= 2
    return rows, on_grid(length * direction, 0.125)
