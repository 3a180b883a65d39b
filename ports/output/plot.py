"""A curve as a picture: where its points lie, on a logarithmic axis that has a place for zero and one for infinity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from momoracle.ports.output.curves import Curve, Point

WIDTH, HEIGHT = 360, 222
LEFT, RIGHT, TOP, BOTTOM = 56, 350, 12, 186  # the area of the plot
_EDGE = 18  # between the decades and the edge: zero lies below them, and what is not finite above
_MOST_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is, and the number (on the vertical axis the exponent of ten) beside it."""

    at: float
    number: int


@dataclass(frozen=True)
class Mark:
    """A point of the curve in the picture."""

    x: float
    y: float
    point: Point
    kind: str  # "zero", "inside", "outside" or "not finite"


@dataclass(frozen=True)
class Plot:
    """A picture of a curve, in units of a view box of ``WIDTH`` by ``HEIGHT``."""

    curve: Curve
    marks: tuple[Mark, ...]
    line: str  # the points of a polyline: the errors
    limit: str  # the same for the tolerances
    allowed: str  # the points of a polygon: all that lies within the tolerances
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]


def plot(curve: Curve) -> Plot:
    """Return the picture of a curve."""
    low, high = _decades(curve.points)
    last = max(point.step for point in curve.points)

    def x(step: int) -> float:
        return round(LEFT + 12 + (RIGHT - LEFT - 24) * ((step - 1) / (last - 1) if last > 1 else 0.5), 2)

    def y(value: float) -> float:
        if value == 0:
            return BOTTOM
        if not math.isfinite(value):
            return TOP
        return height(math.log10(value))

    def height(exponent: float) -> float:
        return round(BOTTOM - _EDGE - (BOTTOM - TOP - 2 * _EDGE) * (exponent - low) / (high - low), 2)

    marks = tuple(Mark(x(p.step), y(p.error), p, _kind(p)) for p in curve.points)
    tolerances = [(x(p.step), y(p.tolerance)) for p in curve.points]
    edges = [(LEFT, tolerances[0][1]), *tolerances, (RIGHT, tolerances[-1][1])]  # a step alone has a line too
    return Plot(
        curve,
        marks,
        line=_joined((mark.x, mark.y) for mark in marks),
        limit=_joined(edges),
        allowed=_joined([(LEFT, BOTTOM), *edges, (RIGHT, BOTTOM)]),
        rows=tuple(Tick(height(n), n) for n in _ticks(low, high)),
        columns=tuple(Tick(x(n), n) for n in _ticks(1, last)),
    )


def _decades(points: Iterable[Point]) -> tuple[int, int]:
    """Return exponents of ten that enclose all errors and tolerances, at least two apart."""
    values = [math.log10(v) for p in points for v in (p.error, p.tolerance) if math.isfinite(v) and v > 0]
    low, high = math.floor(min(values, default=-1.0)), math.ceil(max(values, default=1.0))
    return (low, high) if high - low >= 2 else (low - 1, high + 1)


def _ticks(first: int, last: int) -> range:
    return range(first, last + 1, max(1, math.ceil((last - first) / (_MOST_TICKS - 1))))


def _kind(point: Point) -> str:
    if not math.isfinite(point.error):
        return "not finite"
    return "zero" if point.error == 0 else "outside" if point.used > 1 else "inside"


def _joined(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
