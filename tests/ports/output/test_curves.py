"""Error against step: what is read from a report, and where it is drawn."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from momoracle.ports import Report, check
from momoracle.ports.output.curves import Curve, Point, choose_curves
from momoracle.ports.output.plot import BOTTOM, LEFT, RIGHT, TOP, plot
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]


@pytest.fixture(scope="module")
def wrong(sgd_port: Ports, sgd_vectors: VectorFile) -> Report:
    return check("sgd", sgd_port("WrongSign"), sgd_vectors)


def test_the_curve_of_a_deviating_vector(wrong: Report, sgd_vectors: VectorFile) -> None:
    (curve,) = choose_curves(wrong, sgd_vectors)
    (result,) = (one for one in wrong.results if one.vector == curve.vector)
    assert result.deviation is not None
    first = curve.first_outside
    assert first is not None
    assert [point.step for point in curve.points] == [1, 2, 3]
    assert curve.points[0] == Point(1, 0.0, 1e-12)
    assert (first.step, first.error, first.tolerance) == (2, result.deviation.error, result.deviation.tolerance)


def test_a_conforming_port_shows_what_comes_nearest(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = check("sgd", sgd_port("Right"), sgd_vectors)
    assert {curve.flags for curve in choose_curves(report, sgd_vectors)} == {
        ("plain",),
        ("trigger",),
        ("decay",),
        ("schedule",),
    }
    assert len(choose_curves(report, sgd_vectors, most=2)) == 2
    moved = [
        replace(one, observed=tuple(replace(o, params=tuple(p + 5e-13 for p in o.params)) for o in one.observed))
        if one.vector == "schedule-float64"
        else one
        for one in report.results
    ]
    nearest, *_ = choose_curves(replace(report, results=tuple(moved)), sgd_vectors)
    assert nearest.vector == "schedule-float64"
    assert nearest.first_outside is None
    assert 0.4 < nearest.worst.used < 0.6


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, math.isnan), (np.inf, math.isinf)])
def test_what_is_not_finite_is_the_worst(
    wrong: Report, sgd_vectors: VectorFile, bad: float, shown: Callable[[float], bool]
) -> None:
    results = [
        replace(one, observed=(replace(one.observed[0], params=tuple(p + bad for p in one.observed[0].params)),))
        for one in wrong.results
    ]
    curve = choose_curves(replace(wrong, results=tuple(results)), sgd_vectors)[0]
    assert shown(curve.worst.error)
    assert curve.worst.used == math.inf
    assert plot(curve).marks[0].kind == "not finite"
    assert plot(curve).marks[0].y == TOP


def test_other_shapes_have_no_curve(wrong: Report, sgd_vectors: VectorFile) -> None:
    results = [
        replace(one, observed=tuple(replace(o, params=(*o.params, np.zeros(1))) for o in one.observed))
        for one in wrong.results
    ]
    assert choose_curves(replace(wrong, results=tuple(results)), sgd_vectors) == ()


def made(*numbers: tuple[float, float]) -> Curve:
    return Curve("v", (), tuple(Point(k, error, tolerance) for k, (error, tolerance) in enumerate(numbers, 1)))


def test_a_point_lies_above_the_limit_exactly_where_it_deviates() -> None:
    drawn = plot(made((1e-9, 1e-8), (2e-8, 1e-8), (0.0, 1e-8), (1e-3, 1e-8)))
    limit = float(drawn.limit.split()[1].partition(",")[2])
    kinds = ["inside", "outside", "zero", "outside"]
    assert [mark.kind for mark in drawn.marks] == kinds
    assert [mark.y < limit for mark in drawn.marks] == [kind == "outside" for kind in kinds]
    assert drawn.marks[2].y == BOTTOM


@pytest.mark.parametrize(
    "numbers",
    [
        [(1e-320, 1e308), (1e308, 1e-320)],
        [(1.0, 1.0)],
        [(0.0, 0.0)],
        [(math.nan, 1e-8), (math.inf, 1e-8)],
        [(1e-9, 1e-8)] * 1000,
    ],
)
def test_everything_stays_inside_and_the_axes_have_few_marks(numbers: list[tuple[float, float]]) -> None:
    drawn = plot(made(*numbers))
    places = [(mark.x, mark.y) for mark in drawn.marks]
    places += [tuple(map(float, place.split(","))) for place in (drawn.limit + " " + drawn.allowed).split()]  # type: ignore[misc]
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in places)
    assert all(TOP < tick.at < BOTTOM for tick in drawn.rows)
    assert len(drawn.rows) in range(2, 8)
    assert len(drawn.columns) in range(1, 8)
    exponents = [tick.number for tick in drawn.rows]
    assert [tick.at for tick in drawn.rows] == sorted((tick.at for tick in drawn.rows), reverse=True)
    assert exponents == sorted(exponents)
