"""The figures of the experiments: panels of curves with their intervals."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import LINES, MARKS, Figure, write
from momoracle.convergence.experiments.result import Curve, Panel, Result

_ACROSS = 3  # panels in a row at most
_SIZE = (3.5, 3.0)  # inches, of a panel


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write the figure of each experiment as SVG and PNG, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for result in results for path in write(figure(result), folder)]


def figure(result: Result) -> Figure:
    """Return the figure of an experiment: all of its panels."""
    across = min(_ACROSS, len(result.panels)) if len(result.panels) != 4 else 2
    down = -(-len(result.panels) // across)
    size = (_SIZE[0] * across, _SIZE[1] * down)

    def panels(canvas: Canvas) -> None:
        for place, panel in enumerate(result.panels, start=1):
            _panel(canvas.add_subplot(down, across, place), panel)

    return Figure(f"experiment-{result.name}", result.question, "", panels, size)


def _panel(axes: Any, panel: Panel) -> None:
    x, y = panel.labels
    axes.set(xscale=panel.scales[0], yscale=panel.scales[1], xlabel=x, ylabel=y)
    axes.set_title(panel.title, fontsize=9)
    bottom = -np.inf
    if panel.scales[1] == "log":  # an interval that reaches zero has no lower end here: it ends with the frame
        bottom = min(v for curve in panel.curves for v in curve.mean if v is not None and v > 0) / 3
    for i, curve in enumerate(panel.curves):
        _curve(axes, curve, i, bottom)
    for label, value in panel.levels:
        axes.axhline(value, color="black", linewidth=0.8, linestyle=(0, (1, 1)), label=label or None)
    if np.isfinite(bottom):
        axes.set_ylim(bottom=bottom)
    axes.legend(fontsize=7)


def _curve(axes: Any, curve: Curve, i: int, bottom: float) -> None:
    """Draw a mean and its interval; nothing where a run diverged."""
    mean, low, high = (np.array([np.nan if v is None else v for v in part]) for part in curve[2:])
    every = max(1, len(curve.x) // 12)
    (line,) = axes.plot(
        curve.x, mean, LINES[i % 4], marker=MARKS[i % 4], markevery=every, markersize=3.5, label=curve.label
    )
    axes.fill_between(curve.x, np.maximum(low, bottom), high, color=line.get_color(), alpha=0.18, linewidth=0)
