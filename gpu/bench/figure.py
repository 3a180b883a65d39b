"""The plot of the GPU benchmark: the part of the copy's speed that each step reaches, against its size."""

import re
from itertools import cycle
from typing import Any

from matplotlib.figure import Figure as Canvas

from momoracle.common.figure import Figure

_ONE_TENSOR = re.compile(r"2\^(\d+) in one tensor")
_LOOKS = [(line, mark) for mark in "os^D" for line in ("-", "--")]  # told apart without colour, and in print


def curves(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Return (parameters, part of the copy's speed) of each step whose bytes are known, with one tensor."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        size = _ONE_TENSOR.fullmatch(row["workload"])
        if size and row["fraction"] is not None:
            found.setdefault(row["name"], []).append((2 ** int(size[1]), row["fraction"]))
    return {name: sorted(points) for name, points in found.items()}


def figure(rows: list[dict[str, Any]], device: str) -> Figure:
    """Return the plot; it has no curve for a step that was not measured."""

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
