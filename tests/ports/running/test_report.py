"""One function turns evidence into the verdict, and what it says is what every output says."""

from dataclasses import replace

import pytest

from momoracle.ports import Deviation, Report, VectorResult
from momoracle.ports.output.badge import badge
from momoracle.ports.output.junit import junit
from momoracle.ports.output.terminal import headline
from momoracle.ports.running.findings import Behaviour, BehaviourOutcome, Counterexample
from momoracle.ports.running.messages import Incident, Kind
from momoracle.ports.running.report import EXIT_STATUS, Verdict, judge

OFF = Deviation("a", (), 1, "params", "", 1.5, 1.0, 0.5, 1e-9, 0, (0,))
AGREES = VectorResult("a", "core", ())
DEVIATES = VectorResult("b", "core", (), OFF)
CASE = Counterexample("params", 1, 1.0, 2.0, 1e-9, "", 1, 1.0)


def incident(kind: Kind) -> VectorResult:
    return VectorResult("c", "core", (), incidents=(Incident(kind, 1, "what happened"),))


def row(name: str, outcome: BehaviourOutcome) -> Behaviour:
    return Behaviour(name, "a policy", outcome, "evidence")


@pytest.mark.parametrize(
    ("results", "rows", "case", "verdict"),
    [
        ([AGREES], [], None, "conforms"),
        ([AGREES, DEVIATES], [], None, "deviates"),
        ([DEVIATES, incident("exception")], [], None, "crashes"),
        ([AGREES, incident("not_run")], [], None, "undecided"),
        ([DEVIATES, incident("not_run")], [], None, "deviates"),
        ([incident("hang"), incident("not_run")], [], None, "crashes"),
        ([AGREES, replace(incident("not_run"), kind="robustness")], [], None, "conforms"),
        ([AGREES, replace(DEVIATES, kind="precision")], [], None, "conforms"),
        ([AGREES], [row("gradients-left-alone", "broken")], None, "deviates"),
        ([AGREES], [row("gradients-left-alone", "not_run")], None, "undecided"),
        ([AGREES], [row("gradients-left-alone", "holds"), row("nan-loss", "broken")], None, "conforms"),
        ([AGREES], [], CASE, "deviates"),
        ([AGREES], [], replace(CASE, quantity="hang"), "crashes"),
        ([incident("not_run")], [], CASE, "deviates"),
    ],
)
def test_the_verdict(
    results: list[VectorResult], rows: list[Behaviour], case: Counterexample | None, verdict: Verdict
) -> None:
    assert judge(results, rows, case) == verdict
    report = Report("sgd", "p", {}, {}, tuple(results), behaviours=tuple(rows), counterexample=case)
    assert report.verdict == report.to_json()["verdict"] == verdict
    assert f"p {verdict} as sgd" in headline(report).plain
    assert f"{verdict} · sgd" in badge(report)
    assert f'name="verdict" value="{verdict}"' in junit(report)
    assert EXIT_STATUS[verdict] == {"conforms": 0, "undecided": 3}.get(verdict, 1)


def test_a_breach_is_told_once_with_its_number() -> None:
    wrong = incident("mutated_gradients")
    report = Report("sgd", "p", {}, {}, (wrong, replace(wrong, vector="d"), incident("nan")))
    assert report.breaches == ("what happened, in 2 vectors",)


def test_advice_is_for_the_undecided() -> None:
    assert Report("sgd", "p", {}, {}, (AGREES,)).advice == ""
    advice = Report("sgd", "p", {}, {}, (AGREES, incident("not_run"))).advice
    assert advice.startswith("1 vector was not run (what happened); run the check again")
