"""Ports of bug reports and minimal inputs that were once explained wrongly: each gets the answer that its head says."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from support.examined import examine_here

from momoracle.common.user_code import import_file
from momoracle.ports import Report
from momoracle.ports.diagnosis.propose import LONG
from momoracle.reference.golden.files import load

CASES = Path(__file__).parents[1] / "cases"


@cache
def examined(algorithm: str, name: str) -> Report:
    content = load(algorithm)
    short = [vector for vector in content.vectors if content.kind(vector) == "core" and len(vector.steps) <= LONG]
    # A few vectors of each dtype are enough to go wrong on, and a search over all of them takes a while.
    few = tuple(v for dtype, n in (("float64", 14), ("float32", 4)) for v in [v for v in short if v.dtype == dtype][:n])
    module = import_file(CASES / f"{name}.py")
    return examine_here(algorithm, module.Port, replace(content, vectors=few), name)


def findings(report: Report) -> str:
    return "\n".join(line for place in report.locations for line in (place.finding, *place.evidence))


WRONG = [
    ("adamw", "rate_parts_per_billion"),
    ("adam", "averages_start_at_gradient"),
    ("adam", "corrections_multiplied"),
    ("adamw", "counter_stuck"),
    ("adam", "nan_from_step_one"),
    ("tam", "eps_added_to_norms"),
    ("sgdm", "writes_into_gradient"),
]


@pytest.mark.parametrize(("algorithm", "name"), WRONG)
def test_it_deviates_and_nothing_false_is_said(algorithm: str, name: str) -> None:
    report = examined(algorithm, name)
    assert report.verdict == "deviates"
    assert report.to_json()["explanation"] == []
    assert all(deviation["explanation"] is None for deviation in report.to_json()["deviations"])


def test_a_rate_that_is_a_billionth_too_large_is_told_as_such() -> None:
    report = examined("adamw", "rate_parts_per_billion")
    assert "the direction is right, the step size is wrong" in findings(report)
    assert "(1 + 1e-09 times)" in findings(report)
    assert "float32 leak" not in findings(report)
    assert report.explanation is not None
    assert report.explanation.nearest == ()  # the method itself


def test_averages_that_start_at_the_gradient_are_off_in_step_one() -> None:
    report = examined("adam", "averages_start_at_gradient")
    (basic,) = (result for result in report.results if result.vector == "adam-float64-basic")
    assert basic.deviation is not None
    assert (basic.deviation.quantity, basic.deviation.step) == ("gradient_average", 1)


def test_corrections_that_multiply_leave_the_averages_right() -> None:
    report = examined("adam", "corrections_multiplied")
    off = [result.deviation for result in report.of("core") if result.deviation is not None]
    assert {deviation.quantity for deviation in off} == {"params"}
    assert min(deviation.step for deviation in off) == 1


def test_a_stuck_counter_makes_steps_too_long_and_not_their_direction_wrong() -> None:
    report = examined("adamw", "counter_stuck")
    assert "the direction is wrong" not in findings(report)
    assert "the direction is right, the step size is wrong" in findings(report)
    assert "ε explains" in findings(report)
    off = [result.deviation for result in report.of("core") if result.deviation is not None]
    assert min(deviation.step for deviation in off) == 2


def test_nan_agrees_with_nothing() -> None:
    report = examined("adam", "nan_from_step_one")
    assert all(result.deviation is None or result.deviation.step == 1 for result in report.of("core"))
    assert report.explanation is not None
    assert report.explanation.reproduced == 0
    assert report.explanation.nearest == ()


def test_an_eps_beside_the_norms_is_no_float32() -> None:
    report = examined("tam", "eps_added_to_norms")
    assert "float32 leak" not in findings(report)
    assert report.explanation is not None
    assert report.explanation.reproduced < report.explanation.vectors


def test_what_breaks_the_protocol_alone_is_not_explained() -> None:
    report = examined("sgdm", "writes_into_gradient")
    assert report.explanation is None
    assert {note.kind for result in report.of("core") for note in result.incidents} == {"mutated_gradients"}
