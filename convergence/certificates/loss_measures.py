"""What a path says about the losses themselves, by whatever method it was taken.

Rounding: an oracle is off by at most c ε |f|, c as in `Problem.oracle_error`. Where its terms cancel, as in
log Σ e^z − z_y, it is off by that much of the terms, which the largest loss of the path so far stands for.
"""

from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.problems.problem import Array, Problem


class Losses(NamedTuple):
    """The loss of one step, or the mean loss at one checkpoint, and its rounding; arrays of shape (R,)."""

    k: int
    loss: Array
    error: Array


class LossMeasurer:
    """Measures the loss of every step: of a sample, or the mean over ``samples`` of them."""

    #: what it carries from step to step, one number a replica
    CARRIED = ("largest_loss",)

    def __init__(self, problem: Problem, points: Array, samples: int = 0) -> None:
        self.problem, self.eps, self.samples = problem, float(np.finfo(points.dtype).eps), samples
        self.largest_loss: Any = np.zeros(len(points))

    def step(self, loss: Array, k: Any) -> Losses:
        """Return the measures of step k."""
        self.largest_loss = np.maximum(self.largest_loss, np.abs(loss))
        of_samples = self.samples * self.largest_loss
        return Losses(k, loss, self.eps * (self.problem.oracle_error(self.largest_loss, 0.0, 0.0) + of_samples))
