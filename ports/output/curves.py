"""How far the parameters are off after each step of a vector, and how far they may be."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import Expected, GoldenVector, VectorFile


@dataclass(frozen=True)
class Point:
    """One step: the error of the element that uses most of its tolerance, and that tolerance.

    ``error`` is NaN or infinite where the port's number is; ``used`` is error / tolerance, infinite then.
    """

    step: int
    error: float
    tolerance: float

    @property
    def used(self) -> float:
        """The share of the tolerance that the error takes; above 1 the step deviates."""
        if self.error == 0:
            return 0.0
        return self.error / self.tolerance if math.isfinite(self.error) and self.tolerance > 0 else math.inf


@dataclass(frozen=True)
class Curve:
    """The points of one vector, in the order of its steps."""

    vector: str
    flags: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def worst(self) -> Point:
        """The first of the points that use most of their tolerance."""
        return max(self.points, key=lambda point: point.used)

    @property
    def first_outside(self) -> Point | None:
        """The first point that is off by more than its tolerance."""
        return next((point for point in self.points if point.used > 1), None)


def choose_curves(report: Report, vectors: VectorFile, most: int = 6) -> tuple[Curve, ...]:
    """Return the curves that tell most: of core vectors that deviate, or of those that come nearest to it.

    Of vectors with the same flags only the first deviating one, or the nearest one, is taken.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    made = [curve for result in report.of("core") if (curve := _curve(by_id[result.vector], result)) is not None]
    outside = [curve for curve in made if curve.first_outside is not None]
    ordered = outside or sorted(made, key=lambda curve: -curve.worst.used)
    by_flags: dict[tuple[str, ...], Curve] = {}
    for curve in ordered:
        by_flags.setdefault(curve.flags, curve)
    return tuple(by_flags.values())[:most]


def _curve(vector: GoldenVector, result: VectorResult) -> Curve | None:
    points = tuple(_points(vector, result.observed))
    return Curve(vector.id, vector.flags, points) if points else None


def _points(vector: GoldenVector, observed: Iterable[Observed]) -> Iterator[Point]:
    for seen in observed:
        expected = vector.steps[seen.step - 1].expected.get("params")
        same = expected is not None and [p.shape for p in seen.params] == [v.shape for v in expected.values]
        if expected is not None and same and (point := _point(seen, expected)) is not None:
            yield point


def _point(observed: Observed, expected: Expected) -> Point | None:
    """Return the worst element's error and tolerance; None where the parameters have no element."""
    pairs = zip(observed.params, expected.values, expected.tolerances, strict=True)
    with np.errstate(all="ignore"):  # infinities subtracted on purpose
        points = [
            Point(observed.step, float(error), float(tolerance))
            for got, want, allowed in pairs
            for error, tolerance in zip(
                np.where(got == want, 0.0, np.abs(np.asarray(got, np.float64) - want)).flat, allowed.flat, strict=True
            )
        ]
    return max(points, key=lambda point: (point.used, -point.tolerance), default=None)
