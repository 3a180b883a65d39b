"""The papers' experiments, at the scale of this package: one table of them, and what they found as JSON."""

from collections.abc import Callable
from typing import Any

import numpy as np

from momoracle.convergence import (
    experiment_barrier,
    experiment_damping,
    experiment_label_flips,
    experiment_learning_rates,
    experiment_lower_bound,
    experiment_step_sizes,
)
from momoracle.convergence.experiment import Curve, Panel, Result, Scale, Table
from momoracle.convergence.interval import LEVEL, Interval

EXPERIMENTS: dict[str, Callable[[Scale], Result]] = {
    "learning-rates": experiment_learning_rates.run,
    "lower-bound": experiment_lower_bound.run,
    "step-sizes": experiment_step_sizes.run,
    "label-flips": experiment_label_flips.run,
    "damping": experiment_damping.run,
    "barrier": experiment_barrier.run,
}
SCHEMA = "momoracle experiments 1"
