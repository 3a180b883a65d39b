"""Convergence: problems with known constants, ensembles of runs, certificates, rates."""

from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.engine.summary import Summary
from momoracle.convergence.limits import NO_CAP
from momoracle.convergence.losses.least_squares import least_squares
from momoracle.convergence.problems.problem import Constants, Problem, one_point
from momoracle.convergence.rates import Rate, rates
from momoracle.convergence.run import run

__all__ = [
    "NO_CAP",
    "Constants",
    "Ensemble",
    "Problem",
    "Rate",
    "Summary",
    "least_squares",
    "one_point",
    "rates",
    "run",
]
