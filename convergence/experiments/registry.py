"""The papers' experiments at the scale of this package: the table of them, and what they find as JSON."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from momoracle.convergence.experiments import (
    barrier,
    damping,
    label_flips,
    learning_rates,
    lower_bound,
    step_sizes,
)
from momoracle.convergence.experiments.result import Result, Scale, format_interval
from momoracle.convergence.statistics.interval import LEVEL, Interval

EXPERIMENTS: dict[str, Callable[[Scale], Result]] = {
    "learning-rates": learning_rates.run_experiment,
    "lower-bound": lower_bound.run_experiment,
    "step-sizes": step_sizes.run_experiment,
    "label-flips": label_flips.run_experiment,
    "damping": damping.run_experiment,
    "barrier": barrier.run_experiment,
}


def to_json(results: Sequence[Result], scale: Scale) -> dict[str, Any]:
    """Return what was found as JSON values; where a run diverged there is null."""
    return {
        "seeds": scale.seeds,
        "quick": scale.quick,
        "level": LEVEL,
        "diverged": {result.name: count_diverged(result) for result in results},
        "versions": {name: version(name) for name in ("momoracle", "numpy", "scipy", "scikit-learn")},
        "experiments": [_plain(result) for result in results],
    }


def count_diverged(result: Result) -> int:
    """Count the points of the curves at which a run diverged: they have no mean, and are in no answer.

    >>> from momoracle.convergence.experiments.result import Curve, Panel, Table
    >>> curve = Curve("a", [1.0, 2.0], [0.5, None], [0.4, None], [0.6, None])
    >>> panel = Panel("", ("x", "y"), ("linear", "linear"), [curve])
    >>> count_diverged(Result("made-up", "", "", "", Table((), []), [panel]))
    1
    """
    return sum(mean is None for panel in result.panels for curve in panel.curves for mean in curve.mean)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def format_cell(value: str | Interval) -> str:
    """Return a cell of a table as text: of an interval, mean and ends with digits as its width asks for.

    >>> format_cell(Interval(97.389, 96.996, 97.782)), format_cell(Interval(-0.5, -0.5, -0.5))
    ('97.39 [97.00, 97.78]', '−0.5')
    """
    if isinstance(value, str):
        return value
    width = value.high - value.low
    if width == 0:
        return f"{value.mean:.3g}".replace("-", "−")
    places = int(np.clip(1 - np.floor(np.log10(width)), 0, 6)) if width < 1 else 1
    return format_interval(value, places)
