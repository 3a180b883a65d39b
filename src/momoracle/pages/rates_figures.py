"""Figures of rates: curves with bounds, the effect of one hyperparameter, and step size and damping over time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import LINES, MARKS, Figure, write
from momoracle.convergence import NO_CAP, Rate
from momoracle.convergence.method_text import method_label

_MOST = 8  # curves in one figure
_VARIED = ("lr", "beta")


def draw(rates: Sequence[Rate], folder: Path) -> list[Path]:
    """Write every figure of these rates as SVG and PNG, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for figure in figures(rates) for path in write(figure, folder)]


def figures(rates: Sequence[Rate]) -> Iterator[Figure]:
    """Yield the figures: for each problem its curves, what is watched, and each hyperparameter with three values."""
    problems = list(dict.fromkeys(rate.ensemble.problem.name for rate in rates))
    for problem in problems:
        mine = [rate for rate in rates if rate.ensemble.problem.name == problem]
        few = mine[:_MOST]
        yield Figure(f"{problem}-rate", f"Rates on {problem}", "M6", lambda canvas, few=few: curves(canvas, few))  # type: ignore[misc]
        if any(rate.watched for rate in few):
            caption = f"Step size and damping on {problem}"
            yield Figure(f"{problem}-time", caption, "M6", lambda canvas, few=few: over_time(canvas, few))  # type: ignore[misc]
        for name in _VARIED:
            if any(len(group) >= 3 for group in _group_rates(mine, name).values()):
                caption = f"The effect of {name} on {problem}"
                yield Figure(
                    f"{problem}-{name}",
                    caption,
                    "M6",
                    lambda canvas, mine=mine, name=name: against(canvas, mine, name),  # type: ignore[misc]
                )


def label(rate: Rate) -> str:
    """Return the method for a legend, without a lower bound that is the problem's."""
    name, _, rest = method_label(rate.method).partition(":")
    known = f"lower_bound={rate.ensemble.problem.constants.lower_bound:g}"
    kept = [item for item in rest.replace(f"lr={NO_CAP:g}", "no cap").split(",") if item and item != known]
    return f"{name} {', '.join(kept)}".strip()


def curves(canvas: Canvas, rates: Sequence[Rate]) -> None:
    """Draw the average gap with its confidence band, and the bound, against the steps."""
    axes: Any = canvas.add_subplot()
    for i, rate in enumerate(rates):
        style, colour, mark = LINES[i // 4 % 4], f"C{i % 4}", MARKS[(i + i // 4) % 4]
        every = max(1, len(rate.steps) // 8)
        axes.loglog(
            rate.steps, rate.average, style, color=colour, marker=mark, markevery=every, markersize=4,
            label=label(rate),
        )  # fmt: skip
        if rate.upper is not None:
            axes.fill_between(rate.steps, rate.average, rate.upper, color=colour, alpha=0.15, linewidth=0)
        if rate.bound is not None:
            axes.loglog(rate.steps, rate.bound, color=colour, linewidth=0.9, linestyle=(0, (1, 1)))
    if any(rate.bound is not None for rate in rates):
        axes.plot([], [], color="black", linewidth=0.9, linestyle=(0, (1, 1)), label="bound G‖x¹−x*‖/((1−β)√k)")
        axes.fill_between([], [], [], color="black", alpha=0.15, label="up to its 99 % confidence bound")
    axes.set(xlabel="step k", ylabel="mean of (1/k) Σ f(xʲ, sʲ) − f*", title=rates[0].ensemble.problem.name)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def over_time(canvas: Canvas, rates: Sequence[Rate]) -> None:
    """Draw the mean step size of MoMo's methods, and TAM's damping, at the checkpoints."""
    names = list(dict.fromkeys(name for rate in rates for name in rate.watched))
    for column, name in enumerate(names, start=1):
        axes: Any = canvas.add_subplot(1, len(names), column)
        for i, rate in enumerate(r for r in rates if name in r.watched):
            line = axes.semilogx(
                rate.steps,
                rate.watched[name],
                LINES[i // 4 % 4],
                marker=MARKS[i % 4],
                markersize=3,
                label=label(rate),
            )
            cap = rate.method.lr if name == "step_size" else NO_CAP
            if cap < NO_CAP:
                axes.axhline(cap, color=line[0].get_color(), linewidth=0.8, linestyle=(0, (1, 1)))
        if name == "step_size":
            axes.set_yscale("log")
        axis_label = "mean step size τ (dotted: its cap)" if name == "step_size" else "mean damping (1 + ŝ)/2"
        axes.set(xlabel="step k", ylabel=axis_label, title=rates[0].ensemble.problem.name)
        axes.legend(fontsize=7)


def against(canvas: Canvas, rates: Sequence[Rate], name: str) -> None:
    """Draw the last average gap against a hyperparameter, all else equal, and beside it the ratio to the bound."""
    panels: list[tuple[str, Any]] = [("last mean of (1/k) Σ f(xʲ, sʲ) − f*", lambda rate: rate.average[-1])]
    if any(len(group) >= 3 for group in _group_rates([r for r in rates if r.ratio is not None], name).values()):
        panels.append(("ratio to the bound", lambda rate: np.nan if rate.ratio is None else rate.ratio))
    for column, (axis_label, value) in enumerate(panels, start=1):
        axes: Any = canvas.add_subplot(1, len(panels), column)
        drawn = [r for r in rates if np.isfinite(value(r))]
        groups = {kind: group for kind, group in _group_rates(drawn, name).items() if len(group) >= 3}
        for i, (kind, group) in enumerate(groups.items()):
            points = sorted((getattr(rate.method, name), float(value(rate))) for rate in group)
            axes.plot(*zip(*points, strict=True), LINES[i % 4], marker=MARKS[i % 4], markersize=4, label=kind)
        axes.set(xlabel="learning rate α" if name == "lr" else "β", ylabel=axis_label, yscale="log")
        if name == "lr":
            axes.set_xscale("log")
        axes.set_title(rates[0].ensemble.problem.name)
        axes.legend(fontsize=7)


def _group_rates(rates: Sequence[Rate], name: str) -> dict[str, list[Rate]]:
    """Return the rates that differ in ``name`` alone, by the label that they share."""
    groups_of: dict[str, list[Rate]] = {}
    for rate in rates:
        if hasattr(rate.method, name) and (name != "lr" or rate.method.lr < NO_CAP):
            head, _, rest = label(rate).partition(" ")
            kept = [item for item in rest.split(", ") if item and not item.startswith(f"{name}=")]
            groups_of.setdefault(f"{head} {', '.join(kept)}".strip(), []).append(rate)
    return groups_of
