"""Replicas between two steps, and one ordinary step of all of them with everything that is kept of it.

`tile.advance` takes every step here; a compiled tile those that its program leaves undone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.problems.problem import Array, Problem


class Replicas:
    """Some replicas of an ensemble; arrays have one row or number a replica.

    Args:
        problem: what is minimised, in the dtype of the points.
        method: with one hyperparameter a replica where it varies.
        certificates: those of steps and of losses that apply.
        x: the points.
        state: of the method.
    """

    def __init__(
        self, problem: Problem, method: Any, certificates: Sequence[Certificate], x: Array, state: Any
    ) -> None:
        self.problem, self.method, self.x, self.state = problem, method, x, state
        self.total = np.zeros(len(x))  # of the sampled losses
        self.capped = np.zeros(len(x), dtype=bool)  # whether a cap bound in any step so far
        self.of_momo, self.of_losses = ([c for c in certificates if c.of == kind] for kind in ("momo", "losses"))
        self.momo = Measurer(problem, method, x) if self.of_momo else None
        self.losses = LossMeasurer(problem, x) if self.of_losses else None
        self.ledgers = {c.id: Ledger.empty(len(x)) for c in (*self.of_momo, *self.of_losses)}

    def take_step(self, k: int, loss: Array, gradient: Array, alive: Array) -> Any:
        """Take step k from the losses and gradients at the points, and return the method's trace.

        Nothing is recorded of replicas that are not ``alive``; they are stepped all the same.
        """
        # The loss belongs to the point before the step, and so does the average of the losses.
        self.total = self.total + loss
        # The reference's own text makes the step: there is no other formula of it here.
        self.x, self.state, trace = self.method.step(self.x, gradient, self.state, loss=loss)
        # A bound on the expectation is about runs that no cap changed, so it is remembered where one did.
        if has_cap(self.method):
            lr = self.method.lr(k) if callable(self.method.lr) else self.method.lr
            self.capped = self.capped | (alive & is_at_cap(trace.step_size, trace.weight_sum, lr))
        # The certificates compare the step's two ends. Their sums go on from step to step, so that nothing of the path
        # needs to be kept.
        if self.momo is not None:
            norm_sq, distance_sq = self.momo.norms_sq(gradient, self.x)
            measured = self.momo.step(loss, norm_sq, trace, distance_sq, k)
            update_ledgers(self.ledgers, self.of_momo, measured, self.problem, k, alive)
        if self.losses is not None:
            update_ledgers(self.ledgers, self.of_losses, self.losses.step(loss, k), self.problem, k, alive)
        return trace


def select_certificates(ensemble: Ensemble) -> list[Certificate]:
    """Return the certificates that the theory claims for this ensemble."""
    points = [ensemble.method_at(i) for i in range(ensemble.grid)]
    return [
        c for c in ensemble.certificates if not any(c.not_applicable(ensemble.problem, method) for method in points)
    ]


def update_ledgers(
    ledgers: dict[str, Ledger], certificates: Sequence[Certificate], measured: Any, problem: Problem, k: int, at: Array
) -> None:
    """Carry the ledgers of some certificates over step k, for the replicas that are ``at`` it."""
    for certificate in certificates:
        ledgers[certificate.id] = ledgers[certificate.id].after(certificate.sides(measured, problem), k, at)


def is_beyond(loss: Array, gradient: Array, x: Array, limit: float) -> Array:
    """Tell which replicas have a loss or an entry that is NaN or beyond the limit."""
    largest = np.maximum(np.abs(gradient).max(axis=1), np.abs(x).max(axis=1))
    return ~(np.maximum(largest, np.abs(loss)) <= limit)


def has_cap(method: Any) -> bool:
    """Tell whether the learning rate of a method is a cap of its step size, as MoMo's is."""
    return hasattr(method, "lower_bound") and {"step_size", "weight_sum"} <= set(method.Trace._fields)


def is_at_cap(step_size: Any, weight_sum: Any, lr: Any) -> Any:
    """Tell where τ ρ is the cap α, less what rounding may take from (α/ρ) ρ."""
    return step_size * weight_sum >= lr * (1 - 4 * np.finfo(float).eps)
