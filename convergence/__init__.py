"""Convergence: problems with known constants, ensembles of runs, certificates, rates."""

from momoracle.convergence.ensemble import NO_CAP, Ensemble
from momoracle.convergence.least_squares import least_squares
from momoracle.convergence.problem import Constants, Problem, one_point
from momoracle.convergence.rates import Rate, rates
from momoracle.convergence.run import run
from momoracle.convergence.summary import Summary

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
