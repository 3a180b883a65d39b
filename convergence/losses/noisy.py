"""Controls that do not interpolate: noise in the targets, so that no point fits every sample."""

from dataclasses import replace

import numpy as np

from momoracle.convergence.losses.absolute_loss import absolute_loss
from momoracle.convergence.losses.least_squares import least_squares
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import on_grid
from momoracle.convergence.problems.problem import Array, Constants, Problem
from momoracle.reference.numbers import fixed_order


def noisy_least_squares(size: int = 20, samples: int = 40, level: float = 0.5, seed: int = 7) -> Problem:
    """Return least squares with noise in the targets: every f(·, s) still has infimum 0, at a point of its own.

        f(x, s) = ½ (<a_s, x> − b_s)²,   b = A x* + ξ

    The minimum of the mean and its minimiser come from a least-squares solution in float64, to about 15 digits.

    Args:
        size: n.
        samples: N ≥ n.
        level: the standard deviation of the noise, above 0, in the unit of b.
        seed: of the data and of the noise.

    Raises:
        ValueError: level is not above 0, or size or samples is outside its range.

    Source: made here, not to interpolate.

    >>> noisy_least_squares().constants.minimum > 0
    True
    """
    problem = least_squares(size, samples, seed=seed)
    model = _noisy(problem, level, seed)
    # LAPACK's last bits depend on the processor; rounded to this grid they are gone, and f is off by 1e-16 at most.
    best = on_grid(np.linalg.lstsq(model.rows, model.targets, rcond=None)[0], 2.0**-28)
    residual = fixed_order.sum_products(model.rows, best) - model.targets
    minimum = float(np.sum(residual**2)) / (2 * samples)
    constants = _without(problem.constants, level, minimum, best)
    return replace(
        problem, name="noisy-least-squares", sample_loss_and_grad=model, constants=constants, about="b = A x* + noise"
    )


def noisy_absolute_loss(size: int = 20, samples: int = 40, level: float = 0.5, seed: int = 8) -> Problem:
    """Return absolute loss with noise in the targets; the minimum of the mean is not computed.

        f(x, s) = |<a_s, x> − b_s|,   b = A x* + ξ

    Args:
        size: n.
        samples: N ≥ n.
        level: the standard deviation of the noise, above 0, in the unit of b.
        seed: of the data and of the noise.

    Raises:
        ValueError: level is not above 0, or size or samples is outside its range.

    Source: made here, not to interpolate.

    >>> noisy_absolute_loss().constants.interpolates
    False
    """
    problem = absolute_loss(size, samples, seed=seed)
    constants = _without(problem.constants, level, None, None)
    model = _noisy(problem, level, seed)
    return replace(
        problem, name="noisy-absolute-loss", sample_loss_and_grad=model, constants=constants, about="b = A x* + noise"
    )


def _noisy(problem: Problem, level: float, seed: int) -> LinearModel:
    if not level > 0:
        raise ValueError(f"level is {level}; allowed: level > 0, the standard deviation of the noise")
    model = problem.sample_loss_and_grad
    assert isinstance(model, LinearModel)
    noise = np.random.default_rng(seed).normal(scale=level, size=problem.samples)
    return replace(model, targets=model.targets + on_grid(noise, 2.0**-10))


def _without(constants: Constants, level: float, minimum: float | None, optimum: Array | None) -> Constants:
    why = f"noise of standard deviation {level:g} was added to the targets"
    return replace(
        constants,
        interpolates=False,
        minimum=minimum,
        optimum=optimum,
        lipschitz=None,
        why_not={
            **constants.why_not,
            "interpolates": why,
            "optimum": "the minimiser of the mean is not computed",
            "lipschitz": f"it was for the targets without noise; {why}",
        },
    )
