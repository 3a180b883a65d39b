"""Convergence: how fast methods converge on problems whose constants are known, and what theory says of it.

``rates.py`` is the face: it runs an ensemble (``run.py``, ``engine/``, ``compiled/``), checks ``certificates/`` on each
step and fits slopes (``statistics/``). ``zoo.py`` finds problems by name; ``sweeps/`` and ``experiments/`` run many.
Whatever enters is about runs and their rates; proofs are in ``paper_checks``.
"""

from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.engine.summary import Summary
from momoracle.convergence.losses.least_squares import least_squares
from momoracle.convergence.problems.limits import NO_CAP
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
