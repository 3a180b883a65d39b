"""Certificates: inequalities that hold on every path, checked at every step of every replica as it is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from momoracle.convergence.problems.problem import Array, Problem

__all__ = [
    "Certificate",
    "Sides",
]

#: what a trace has, and what it does not have, if a method is MoMo in the Euclidean metric
_MOMO_TRACE = frozenset({"loss_average", "offset", "inner_product", "model_value", "direction_norm_sq", "weight_sum"})
_METRIC = "preconditioner"


class Sides(NamedTuple):
    """``left`` ≤ ``right`` up to ``tolerance``, for the replicas in ``among``; arrays of shape (R,)."""

    left: Array
    right: Array
    tolerance: Array
    among: Array


@dataclass(frozen=True)
class Certificate:
    """One inequality of the theory.

    Args:
        id: the claim it belongs to, and what distinguishes it there.
        statement: the inequality.
        needs: the facts of `problem.FACTS` without which it is not claimed.
        sides: its two sides at a step, from the measures and the problem.
        only: the steps that it is about.
        of: what is measured: ``momo`` for the steps of MoMo (`Measured`); for every method, ``losses`` for the loss of
            each step and ``means`` for the mean loss at each checkpoint (`Losses`).
        role: what it shows: ``outcome`` constrains where a run goes, ``identity`` holds however badly it goes,
            ``constant`` refutes what the problem states, and ``ball`` too, as long as no run leaves the ball around x*
            on which the constant is stated.

    >>> from momoracle.convergence import NO_CAP, Ensemble, rates
    >>> from momoracle.convergence import least_squares
    >>> from momoracle.reference import MoMo
    >>> def away(m, problem):  # false: MoMo would move away from x*
    ...     return Sides(m.distance_sq, m.distance_sq_after, 0 * m.gap, m.free)
    >>> wrong = Certificate("mine", "‖x − x*‖ ≤ ‖x⁺ − x*‖", ("optimum",), away)
    >>> (rate,) = rates(Ensemble(least_squares(), MoMo(lr=NO_CAP), steps=10, certificates=(wrong,)))
    >>> rate.certificates[0].verdict, rate.certificates[0].finding.first.step
    ('violated', 1)
    """

    id: str
    statement: str
    needs: tuple[str, ...]
    sides: Callable[[Any, Problem], Sides]
    only: str = "every step"
    of: Literal["momo", "losses", "means"] = "momo"
    role: Literal["outcome", "identity", "constant", "ball"] = "outcome"

    def not_applicable(self, problem: Problem, method: Any) -> str:
        """Return why the theory claims nothing for this ``method`` on this ``problem``; an empty text where it does."""
        reason = not_momo(method, problem) if self.of == "momo" else ""
        return reason or next(filter(None, map(problem.constants.lacks, self.needs)), "")


def not_momo(method: Any, problem: Problem) -> str:
    """Return why the theory of MoMo is not about this method, or an empty text where it is."""
    name = type(method).__name__
    trace = set(method.Trace._fields)
    if not trace >= _MOMO_TRACE:
        return f"the theory is about MoMo, the method is {name}"
    if _METRIC in trace:
        return f"the theory is about the Euclidean metric, {name} changes it from step to step"
    if np.any(np.asarray(method.weight_decay) != 0):
        return "the theory is about weight_decay = 0"
    if method.estimate_lower_bound:
        return "the theory is about a known lower bound, this one is estimated"
    if np.any(np.asarray(method.lower_bound) != problem.constants.lower_bound):
        return f"lower_bound is not the problem's f_* = {problem.constants.lower_bound:g}"
    return ""


class Violation(NamedTuple):
    """Where an inequality first fails: the replica, its step, and the numbers."""

    replica: int
    step: int
    left: float
    right: float
    tolerance: float

    def __str__(self) -> str:
        excess = self.left - self.right
        return (
            f"replica {self.replica}, step {self.step}: {self.left:.10g} > {self.right:.10g} "
            f"by {excess:.3g}, {self.tolerance:.3g} is rounding"
        )


class Ledger(NamedTuple):
    """What one certificate has seen of an ensemble so far, one number a replica; it does not grow with the steps."""

    checked: Array  # steps
    margin: Array  # largest (left − right)/tolerance
    ratio: Array  # left/right at the last step checked
    step: Array  # of the first violation (0: none), and what was found there
    left: Array
    right: Array
    tolerance: Array

    @classmethod
    def empty(cls, replicas: int) -> "Ledger":
        """Return the ledger before the first step."""
        return cls(*(np.full(replicas, -np.inf if name == "margin" else 0.0) for name in cls._fields))

    @property
    def first(self) -> Array:
        """Step, left, right and tolerance of the first violation of each replica, shape (R, 4)."""
        return np.stack([self.step, self.left, self.right, self.tolerance], axis=1)

    def after(self, sides: Sides, k: Any, alive: Array) -> "Ledger":
        """Return the ledger after one more step; replicas that are not ``alive`` are not looked at."""
        left, right, tolerance, among = sides
        among = among & alive
        excess = left - right
        # A comparison with NaN is false: a side that is not a number counts as violated.
        failed = among & ~(excess <= tolerance)
        with np.errstate(all="ignore"):  # a tolerance of zero gives an infinite margin, 0/0 none
            margin = np.fmax(self.margin, np.where(among, excess / tolerance, -np.inf))
            ratio = np.where(among, left / right, self.ratio)
        first: Any = self[3:]
        if np.any(failed):
            new = failed & (self.step < 1)
            first = [np.where(new, value, old) for value, old in zip((k, *sides[:3]), first, strict=True)]
        return Ledger(self.checked + among, margin, ratio, *first)
