"""Worst cases of nonsmooth optimisation: a maximum of coordinates, one deterministic convex function each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from momoracle.convergence.problems.gradient_bounds import Constant
from momoracle.convergence.problems.problem import Array, Constants, Problem
from momoracle.reference.numbers import fixed_order


@dataclass(frozen=True)
class Largest:
    """The oracle of max_i |x_i| (``signed`` False), or of max_i x_i + (curvature/2) ‖x‖²; the first index at a tie."""

    signed: bool
    curvature: float

    def __call__(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return the losses and subgradients, one a point."""
        runs = np.arange(len(x))
        index = np.argmax(x if self.signed else np.abs(x), axis=1)
        chosen = x[runs, index]
        gradient = x * x.dtype.type(self.curvature)
        gradient[runs, index] += 1 if self.signed else np.sign(chosen)
        square = fixed_order.sum_products(x, x) if self.curvature else 0
        return (chosen if self.signed else np.abs(chosen)) + self.curvature / 2 * square, gradient


def polyak_max(size: int = 32) -> Problem:
    """Return max_i |x_i| from x^1 = (1, …, 1)/√n: f_* = 0 at the origin, G = 1, ‖x^1 − x*‖ = 1.

        f(x) = max_i |x_i|,   x^1 = (1, …, 1)/√n

    A subgradient names one coordinate only, so n steps must pass before each has been heard of. n is a power of four,
    so that 1/√n is exact; another n is rounded down to one.

    Args:
        size: n.

    Source: Polyak, Minimization of nonsmooth functionals, 1969, where Polyak's step size is introduced.

    >>> polyak_max(16).distance
    1.0
    """
    size = 4 ** ((int(size).bit_length() - 1) // 2)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=np.zeros(size),
        lipschitz=Constant(1.0),
        why_not={"smoothness": "max |x_i| has kinks"},
    )
    start = np.full(size, 1 / np.sqrt(size))
    return Problem("polyak-max", start, 1, Largest(False, 0.0), constants, about="max |x_i|")


class _Shifted(Constant):
    """G(r) = 1 + ‖x*‖ + r: the gradient e_i + x at ‖x − x*‖ ≤ r."""

    def __call__(self, radius: float) -> float:
        """Return the bound on the ball of this radius."""
        return (1 + self.factor + radius) * (1 + 4 * float(np.finfo(float).eps))


def nesterov_max(size: int = 32) -> Problem:
    """Return max_i x_i + ‖x‖²/2 from the origin: x* = −(1, …, 1)/n, f_* = −1/(2n), G(r) = 1 + ‖x*‖ + r.

        f(x) = max_i x_i + ‖x‖²/2,   x^1 = 0

    n ≥ 4 is rounded down to a power of two, so that x* and f_* are exact.

    Args:
        size: n.

    Source: Nesterov, Introductory Lectures on Convex Optimization, 2004, section 3.2.1.

    >>> problem = nesterov_max(8)
    >>> problem.mean_loss(problem.constants.optimum[None])
    array([-0.0625])
    """
    size = max(4, 1 << (int(size).bit_length() - 1))
    optimum = np.full(size, -1 / size)
    constants = Constants(
        lower_bound=-1 / (2 * size),
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=_Shifted(1 / np.sqrt(size)),
        why_not={"smoothness": "max x_i has kinks"},
    )
    oracle: Any = Largest(True, 1.0)
    # ‖x‖²/2 is rounded by n ε ‖x‖²/2. On the ball ‖x‖ ≤ 2/√n ≤ 1, so no coordinate of x, n ≥ 4 of them, lets the
    # largest be below −¾ and ‖g‖ below ¼; hence ‖x‖²/2 ≤ 2 ‖g‖ ‖x‖, and four times the usual factor is ample.
    return Problem(
        "nesterov-max",
        np.zeros(size),
        1,
        oracle,
        constants,
        roundoff=4.0 * size + 32,
        about="max x_i + ‖x‖²/2, one function",
    )
