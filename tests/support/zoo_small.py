"""The problems of the zoo in sizes that tests can afford, and runs on them."""

from functools import cache
from typing import Any

import pytest

from momoracle import MoMo
from momoracle.convergence import NO_CAP, Ensemble, Problem, Rate, rates
from momoracle.convergence.zoo import PROBLEMS, REAL_DATA, problem

SMALL: dict[str, dict[str, Any]] = {
    "least-squares": {"size": 6, "samples": 10},
    "absolute-loss": {"size": 6, "samples": 10},
    "huber": {"size": 6, "samples": 10},
    "hinge": {"size": 6, "samples": 15},
    "squared-hinge": {"size": 6, "samples": 15},
    "logistic": {"size": 6, "samples": 15},
    "relu-regression": {"size": 6, "samples": 10},
    "polyak-max": {"size": 16},
    "nesterov-max": {"size": 8},
    "one-function": {"beta": 0.5, "steps": 20},
    "one-each-step": {"beta": 0.5, "steps": 60},
    "diabetes": {"samples": 20, "features": 24},
    "breast-cancer": {"samples": 20, "features": 24},
    "digits": {"samples": 20, "features": 24},
    "noisy-least-squares": {"size": 6, "samples": 10},
    "noisy-absolute-loss": {"size": 6, "samples": 10},
}
assert set(SMALL) == set(PROBLEMS)
NAMES = list(SMALL)
INTERPOLATING = [name for name in NAMES if not name.startswith(("noisy", "logistic", "relu"))]
SMOOTH = ["least-squares", "huber", "squared-hinge"]


@cache
def small(name: str) -> Problem:
    """Return a problem; a test of one with real data is skipped where there is no scikit-learn."""
    if name in REAL_DATA:
        pytest.importorskip("sklearn", reason="needs scikit-learn")
    return problem(name, **SMALL[name])


def momo(given: Problem, make: Any = MoMo, **options: Any) -> Any:
    """Return MoMo without a cap, with the lower bound of the problem."""
    return make(**{"lr": NO_CAP, "lower_bound": given.constants.lower_bound, **options})


def rate_of(given: Problem, method: Any, steps: int = 60, seeds: int = 8, **options: Any) -> Rate:
    """Return the rate of a run; the problem is not tried first, for tests state wrong constants on purpose."""
    (rate,) = rates(Ensemble(given, method, steps, seeds=seeds, **options), try_first=False)
    return rate
