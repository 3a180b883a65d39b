"""The whole check: what an interrupt leaves of it, and that its parts are done in order."""

from pathlib import Path

import pytest

from momoracle.ports.behaviours.table import CHECKS
from momoracle.ports.examine import Unwatched, diagnose_port, observe_port
from momoracle.ports.processes.session import open_session
from momoracle.reference.golden.vectors import VectorFile

PORTS = Path(__file__).parent / "examples" / "limited_ports.py"


class Interrupting(Unwatched):
    """Presses Ctrl-C after so many parts."""

    def __init__(self, after: int) -> None:
        self.left = after

    def done(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupt_among_the_vectors_keeps_what_is_done(after: int, sgd_vectors: VectorFile) -> None:
    with open_session("sgd", f"{PORTS}:Right") as session:
        report = observe_port(session, sgd_vectors, Interrupting(after))
        again = diagnose_port(session, report, sgd_vectors)
    assert report.unfinished == ("vectors", "behaviours", "diagnosis")
    assert again is report
    done = [result for result in report.results if result.status == "agrees"]
    assert after <= len(done) < len(report.results)
    assert {result.status for result in report.results} == {"agrees", "not_run"}
    assert report.verdict == "undecided"  # never a crash of the port
    assert {row.outcome for row in report.behaviours} == {"not_run", "not_applicable"}
    assert report.to_json()["unfinished"] == list(report.unfinished)


def test_an_interrupt_among_the_behaviours_keeps_the_vectors(sgd_vectors: VectorFile) -> None:
    meaningless = sum(bool(check.why_not("", "sgd")) for check in CHECKS)  # rows that come first
    with open_session("sgd", f"{PORTS}:Right") as session:
        report = observe_port(session, sgd_vectors, Interrupting(len(sgd_vectors.vectors) + meaningless))
    assert report.unfinished == ("behaviours", "diagnosis")
    assert {result.status for result in report.results} == {"agrees"}
    assert report.verdict == "undecided"  # a behaviour that decides has not been seen


def test_an_interrupt_of_the_diagnosis_keeps_the_verdict(
    sgd_vectors: VectorFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("momoracle.ports.examine.diagnose", interrupt)
    with open_session("sgd", f"{PORTS.parent / 'sgd_ports.py'}:WrongSign") as session:
        report = observe_port(session, sgd_vectors)
        assert (report.verdict, report.unfinished) == ("deviates", ())
        after = diagnose_port(session, report, sgd_vectors)
    assert (after.verdict, after.unfinished) == ("deviates", ("diagnosis",))
