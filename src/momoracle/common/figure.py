"""A figure drawn from the reference: a name, a caption, and the bytes of its SVG and PNG, the same in every run."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

#: curves are told apart without colour, and in print
LINES = ("-", "--", "-.", ":")
MARKS = ("o", "s", "^", "D")

#: one salt for the ids inside an SVG, and colours that are told apart without colour vision too
_STYLE: dict[str, Any] = {
    "svg.hashsalt": "momoracle",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.prop_cycle": cycler(color=["#0072b2", "#d55e00", "#009e73", "#cc79a7"]),
}


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        name: of its files, without the ending.
        caption: what it shows.
        claim: the id of the claim whose page shows it.
        draw: draws it on an empty canvas.
        size: width and height in inches.
    """

    name: str
    caption: str
    claim: str
    draw: Callable[[Canvas], None]
    size: tuple[float, float] = (7.0, 3.2)

    def rendered(self, ending: str, dpi: int = 150) -> bytes:
        """Return the figure as ``svg`` or ``png``; no date and no version is written into it."""
        settings: dict[Any, Any] = dict(matplotlib.rcParamsDefault) | _STYLE
        with matplotlib.rc_context(settings | {"backend": "agg"}):
            canvas = Canvas(figsize=self.size, layout="constrained")
            FigureCanvasAgg(canvas)
            self.draw(canvas)
            stream = io.BytesIO()
            metadata = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
            canvas.savefig(stream, format=ending, dpi=dpi, metadata=metadata)
        return stream.getvalue()


def write(figure: Figure, folder: Path) -> list[Path]:
    """Write a figure as SVG and PNG into a folder, and return the files."""
    paths = []
    for ending in ("svg", "png"):
        path = folder / f"{figure.name}.{ending}"
        path.write_bytes(figure.rendered(ending))
        paths.append(path)
    return paths
