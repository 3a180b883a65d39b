"""The diagnosis of whole ports: what they compute instead, where they part, and what is set back after every step."""

from pathlib import Path

import pytest

from momoracle.ports import Report
from momoracle.ports.diagnosis.conditions import condition, of_step
from momoracle.ports.examine import examine, parts
from momoracle.ports.processes.check_vectors import check
from momoracle.ports.processes.resynchronise import resynchronise
from momoracle.ports.processes.session import open_session
from momoracle.reference.golden.files import load

EXAMPLES = Path(__file__).parents[1] / "examples" / "departed_ports.py"


def port(name: str) -> str:
    return f"{EXAMPLES}:{name}"


class Watch:
    def __init__(self) -> None:
        self.names: list[str] = []

    def done(self, name: str) -> None:
        self.names.append(name)

    def doing(self, name: str) -> None:
        pass


@pytest.fixture(scope="module")
def two_faults() -> Report:
    watch = Watch()
    report = examine("momo", port("TwoFaults"), load("momo"), watcher=watch)
    assert len(watch.names) == parts(load("momo"))
    return report


def test_it_is_explained_by_what_was_planted(two_faults: Report) -> None:
    assert two_faults.verdict == "deviates"
    assert two_faults.to_json()["explanation"] == ["decay-params-only", "norm-not-squared"]
    told = {one["explanation"] for one in two_faults.to_json()["deviations"]}
    assert {"norm-not-squared", "decay-params-only", "decay-params-only + norm-not-squared"} >= told - {None}
    assert None not in told


def test_both_faults_are_located_though_one_hides_the_other(two_faults: Report) -> None:
    equations = [one.equation for one in two_faults.locations if one.finding.startswith("the direction is right")]
    assert "MoMo (15)" in equations
    assert "MoMo (16)" in equations
    assert any("set back to the expected parameters after every step" in one.finding for one in two_faults.locations)


def test_behaviours_stand_beside(two_faults: Report) -> None:
    rows = {row.id: row.outcome for row in two_faults.behaviours}
    assert rows["deterministic"] == "holds"


def test_a_fault_of_one_branch_names_the_branch() -> None:
    report = examine("momo", port("NoCap"), load("momo"))
    assert report.to_json()["explanation"] == ["no-cap"]
    assert any("the step size τ is wrong" in one.finding for one in report.locations)
    vector = next(v for v in load("momo").vectors if v.id == "momo-float64-estimate")
    capped = {k for k in range(1, len(vector.steps) + 1) if "τ at its cap α/ρ" in of_step(vector, k)}
    for k, step in enumerate(vector.steps, start=1):
        tau, rho = (float(step.expected[name].values[0]) for name in ("step_size", "weight_sum"))
        assert (tau == float(str(vector.hyperparameters["lr"])) / rho) == (k in capped)


def test_a_right_port_is_not_diagnosed() -> None:
    report = examine("momo", port("Right"), load("momo"))
    assert report.verdict == "conforms"
    assert report.explanation is None
    assert report.locations == ()


def test_parameters_that_cannot_be_set_are_left() -> None:
    vectors = load("momo")
    with open_session("momo", port("Closed")) as session:
        assert resynchronise(session, check("momo", port("Closed"), vectors), vectors) == {}


def test_the_property_that_tells_best() -> None:
    deviating = [{"a", "b"}, {"a", "b", "c"}]
    found = condition(deviating, [{"a"}, {"c"}])
    assert found is not None
    assert found.of("vectors") == "exactly the vectors with this property deviate: b (2 of 2)"
    assert condition(deviating, [{"a", "b"}, {"a", "b"}, {"a", "b"}]) is None
    assert condition([], [{"a"}]) is None
