"""Draw the plot of the GPU benchmark: the part of the copy's speed that each step reaches, against its size."""

import re
from itertools import cycle
from typing import Any

from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import Figure

_ONE_TENSOR = re.compile(r"2\^(\d+) in one tensor")
# looks that a reader can distinguish without colour and in print
_LOOKS = [(line, mark) for mark in "os^D" for line in ("-", "--")]


def curves(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Return the points (parameters, part of the copy's speed) of each step, from the workloads of one tensor.

    A step whose bytes are not known has no curve.
    """
    points_of: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        size = _ONE_TENSOR.fullmatch(row["workload"])
        if size and row["fraction"] is not None:
            points_of.setdefault(row["name"], []).append((2 ** int(size[1]), row["fraction"]))
    return {name: sorted(points) for name, points in points_of.items()}


def figure(rows: list[dict[str, Any]], device: str) -> Figure:
    """Return the plot of the steps that were measured."""

    def draw(canvas: Canvas) -> None:
        axes: Any = canvas.add_subplot()
        for (name, points), (line, mark) in zip(curves(rows).items(), cycle(_LOOKS), strict=False):
            axes.plot(*zip(*points, strict=True), line, marker=mark, markersize=4, label=name)
        axes.axhline(1.0, color="black", linewidth=0.9)
        axes.set_xscale("log", base=2)
        axes.set_ylim(bottom=0.0)
        axes.set(xlabel="parameters in one float32 tensor", ylabel="part of a device copy's speed", title=device)
        canvas.legend(fontsize=7, loc="outside right upper")

    return Figure("gpu_step", "Part of a device copy's speed", "", draw)
