"""Draw a figure to SVG and PNG with the same bytes in every run."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

#: looks of curves that a reader can distinguish without colour and in print
LINES = ("-", "--", "-.", ":")
MARKS = ("o", "s", "^", "D")

# A fixed salt gives the ids inside an SVG the same text in every run. The four colours can be distinguished by people
# without colour vision too. Text becomes paths, so that no installed font changes the picture.
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
    """Describe one figure and how to draw it.

    Args:
        name: the name of its files, without the ending.
        caption: what the figure shows.
        claim: the id of the claim whose page shows the figure; empty if there is none.
        draw: draws the figure on an empty canvas.
        size: width and height in inches.
    """

    name: str
    caption: str
    claim: str
    draw: Callable[[Canvas], None]
    size: tuple[float, float] = (7.0, 3.2)

    def render(self, ending: str, dpi: int = 150) -> bytes:
        """Draw the figure and return the bytes of the file.

        Args:
            ending: ``svg`` or ``png``.
            dpi: dots per inch of a PNG.
        """
        # Start from matplotlib's own defaults, so that a user's matplotlibrc changes nothing.
        settings: dict[Any, Any] = dict(matplotlib.rcParamsDefault) | _STYLE
        with matplotlib.rc_context(settings | {"backend": "agg"}):
            canvas = Canvas(figsize=self.size, layout="constrained")
            FigureCanvasAgg(canvas)
            self.draw(canvas)
            stream = io.BytesIO()
            # Leave out the date and matplotlib's version, which would differ between runs and machines.
            metadata = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
            canvas.savefig(stream, format=ending, dpi=dpi, metadata=metadata)
        return stream.getvalue()


def write(figure: Figure, folder: Path) -> list[Path]:
    """Write a figure as SVG and PNG into a folder and return the two paths."""
    paths = []
    for ending in ("svg", "png"):
        path = folder / f"{figure.name}.{ending}"
        path.write_bytes(figure.render(ending))
        paths.append(path)
    return paths
