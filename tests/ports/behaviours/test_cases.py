"""Ports that once passed or were explained falsely: each gives the answer that its head demands."""

from pathlib import Path

import pytest

from momoracle.ports import check
from momoracle.ports.adapters.loading import load
from momoracle.ports.adapters.port_spec import parse_port
from momoracle.ports.behaviours.table import carry_out
from momoracle.ports.examine import diagnose_port, observe_port
from momoracle.ports.processes.session import open_session
from momoracle.ports.running.messages import Answer
from momoracle.reference.golden import vectors_of

CASES = Path(__file__).parents[1] / "cases"


def ask(behaviour: str, port: str, algorithm: str) -> Answer:
    spec = parse_port(port)
    return carry_out(behaviour, spec, load(spec, algorithm, "float64"), algorithm)


def test_writing_into_the_gradients_is_all_that_is_wrong() -> None:
    vectors = vectors_of("sgdm")
    with open_session("sgdm", f"{CASES}/writes_into_gradient.py:Port") as session:
        report = observe_port(session, vectors)
        assert diagnose_port(session, report, vectors) is report  # nothing in the numbers asks for an explanation
    assert report.verdict == "deviates"
    assert all(result.deviation is None for result in report.results)
    assert report.breaches[0].startswith("step changed the gradients that it was given (tensor 0), in ")
    assert report.breaches[1].startswith("gradients-left-alone: 24 of 24 gradients were changed")
    assert report.to_json()["breaches"] == list(report.breaches)


def test_nan_from_the_first_step_deviates_there() -> None:
    report = check("adam", f"{CASES}/nan_from_step_one.py:Port", vectors_of("adam"))
    assert report.verdict == "deviates"
    deviations = [result.deviation for result in report.of("core") if result.deviation is not None]
    assert {deviation.step for deviation in deviations} == {1}
    assert {note.kind for result in report.results for note in result.incidents} == {"nan"}


@pytest.mark.ports
@pytest.mark.parametrize("behaviour", ["gradient-none", "parameter-added-late"])
def test_state_that_is_made_in_the_first_step_only_is_noticed(behaviour: str) -> None:
    with pytest.raises(KeyError):  # which the process that carries a check out makes a broken row of
        ask(behaviour, f"torch={CASES}/state_made_late.py:TAM", "tam")


@pytest.mark.ports
def test_a_loss_that_is_not_detached_is_noticed() -> None:
    wrong = ask("loss-with-graph", f"torch={CASES}/loss_not_detached.py:MoMo", "momo")
    assert wrong.outcome == "broken"
    assert wrong.evidence == "after step 1 loss_average requires a gradient: it keeps the graph of every loss"
    right = ask("loss-with-graph", f"torch={CASES}/loss_not_detached.py:Detached", "momo")
    assert (right.outcome, right.evidence[:40]) == ("holds", "a loss with its graph against one withou")


@pytest.mark.ports
@pytest.mark.parametrize(
    ("algorithm", "port"), [("tam", "state_made_late.py:TAM"), ("momo", "loss_not_detached.py:MoMo")]
)
def test_the_vectors_alone_do_not_show_it(algorithm: str, port: str) -> None:
    vectors = vectors_of(algorithm)
    with open_session(algorithm, f"torch={CASES}/{port}") as session:
        assert observe_port(session, vectors).verdict == "conforms"
