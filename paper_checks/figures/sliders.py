"""Sliders on MoMo's Figure 1 and TAM's Figure 2: live where there is ipywidgets and a kernel, a picture elsewhere."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

from momoracle.common.figure import Figure
from momoracle.paper_checks.figures.momo import FIGURES as MOMO
from momoracle.paper_checks.figures.tam import FIGURES as TAM

DPI = 80  # of a screen: a notebook holds the picture


@dataclass(frozen=True)
class Range:
    """The least and the largest value of a slider, and where it starts."""

    least: float
    largest: float
    start: float


@dataclass(frozen=True)
class Sliders:
    """A figure and the sliders of its arguments. A notebook shows them; where no kernel is live, it shows the figure.

    Args:
        figure: what is drawn; its ``draw`` takes the sliders' names as arguments.
        ranges: the range of each slider.
    """

    figure: Figure
    ranges: Mapping[str, Range]

    def render(self, values: Mapping[str, float]) -> bytes:
        """Return the figure as PNG, for these values of its arguments."""
        draw: Callable[..., None] = self.figure.draw
        return replace(self.figure, draw=partial(draw, **values)).render("png", dpi=DPI)

    def widget(self) -> Any:
        """Return the sliders above the figure that they draw.

        Raises:
            ModuleNotFoundError: ipywidgets is not installed; the extra `notebooks` brings it.
        """
        import ipywidgets

        picture = ipywidgets.Image(format="png")
        handles = {
            name: ipywidgets.FloatSlider(
                value=limits.start,
                min=limits.least,
                max=limits.largest,
                step=(limits.largest - limits.least) / 50,
                description=name,
                style={"description_width": "7em"},
                continuous_update=False,
            )
            for name, limits in self.ranges.items()
        }

        def redraw(change: Any = None) -> None:
            picture.value = self.render({name: handle.value for name, handle in handles.items()})

        for handle in handles.values():
            handle.observe(redraw, names="value")
        redraw()
        return ipywidgets.VBox([*handles.values(), picture])

    def _repr_mimebundle_(self, **asked: Any) -> dict[str, Any]:
        still = self.render({name: limits.start for name, limits in self.ranges.items()})
        bundle = {"text/plain": self.figure.caption, "image/png": b64encode(still).decode("ascii")}
        if find_spec("ipywidgets") is not None:
            bundle |= {kind: view for kind, view in self.widget()._repr_mimebundle_().items() if kind != "text/plain"}
        return bundle


def momo_model() -> Sliders:
    """Return MoMo's model of two losses after two samples, with sliders for α, β and f_* (in the unit of the loss).

    Source: MoMo (arXiv 2305.07583), Figure 1.

    >>> sorted(momo_model().ranges)
    ['alpha', 'beta', 'lower_bound']
    """
    ranges = {"alpha": Range(0.1, 8.0, 5.0), "beta": Range(0.0, 0.95, 0.5), "lower_bound": Range(-1.0, 1.5, 0.0)}
    return Sliders(_of(MOMO, "momo-model"), ranges)


def tam_damping() -> Sliders:
    """Return TAM beside SGDM in a narrow valley, with a slider for γ, the weight of the past in the averaged cosine.

    Source: TAM (arXiv 2412.18790), Figure 2.

    >>> sorted(tam_damping().ranges)
    ['gamma']
    """
    return Sliders(_of(TAM, "tam-trajectory"), {"gamma": Range(0.0, 0.99, 0.9)})


def _of(figures: tuple[Figure, ...], name: str) -> Figure:
    return next(figure for figure in figures if figure.name == name)
