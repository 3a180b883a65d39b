"""Certificates of what a problem states about its losses: they refute a wrong constant, whatever the method is."""

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Sides
from momoracle.convergence.certificates.loss_measures import Losses
from momoracle.convergence.certificates.momo import CERTIFICATES
from momoracle.convergence.problems.problem import Problem

__all__ = ["ALL", "STATED"]


def lower_bound(m: Losses, problem: Problem) -> Sides:
    """State the constant f_*: f_* ≤ f(x^k, s_k)."""
    return Sides(np.full_like(m.loss, problem.constants.lower_bound), m.loss, m.error, True)


def minimum(m: Losses, problem: Problem) -> Sides:
    """State the infimum of the mean loss: min f ≤ f(x^k), the mean over N samples with N ε more of rounding."""
    return Sides(np.full_like(m.loss, problem.constants.infimum), m.loss, m.error, True)


#: what a problem states that every method can refute
STATED = (
    Certificate("f*", "f* ≤ f(x, s), the stated lower_bound", (), lower_bound, of="losses", role="constant"),
    Certificate(
        "min f", "min f ≤ f(x), the stated minimum", ("minimum",), minimum, "checkpoints", of="means", role="constant"
    ),
)
#: everything that is checked on paths
ALL = (*CERTIFICATES, *STATED)
