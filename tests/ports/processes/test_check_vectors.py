"""Example ports through the whole checker: each misbehaviour gets its row, and the rest still runs."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from momoracle.ports import PortError, Report, VectorResult, check
from momoracle.reference import AlgorithmError
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]
TRIGGER = "trigger-float64"


def result(report: Report, vector: str) -> VectorResult:
    return next(one for one in report.results if one.vector == vector)


def others_agree(report: Report) -> bool:
    return all(one.status == "agrees" for one in report.results if one.vector != TRIGGER)


@pytest.fixture(scope="module")
def of_float64(sgd_port: Ports, sgd_vectors: VectorFile) -> Callable[[str], Report]:
    """Return what checks a port on the vectors in float64, in one process, and remembers the report."""
    vectors = replace(sgd_vectors, vectors=tuple(v for v in sgd_vectors.vectors if v.dtype == "float64"))
    return cache(lambda name: check("sgd", sgd_port(name), vectors, time_limit=0.5))


@pytest.mark.parametrize("name", ["Right", "OtherNames", "Prints"])
def test_a_right_port_conforms(name: str, sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    seen: list[str] = []
    report = check("sgd", sgd_port(name), sgd_vectors, progress=lambda one: seen.append(one.vector))
    assert report.verdict == "conforms"
    assert [one.status for one in report.results] == ["agrees"] * 7
    assert sorted(seen) == sorted(vector.id for vector in sgd_vectors.vectors)
    assert [one.vector for one in report.results] == [vector.id for vector in sgd_vectors.vectors]
    assert {"numpy", "python"} <= set(report.versions)


def test_printing_does_not_garble_ours(
    sgd_port: Ports, sgd_vectors: VectorFile, capfd: pytest.CaptureFixture[str]
) -> None:
    check("sgd", sgd_port("Prints"), sgd_vectors)
    assert capfd.readouterr() == ("", "")


def test_a_warning_is_no_error_whatever_ours_are(
    sgd_port: Ports, sgd_vectors: VectorFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "warnoptions", ["error"])  # what `python -W error` passes on to its children
    assert check("sgd", sgd_port("Warns"), sgd_vectors).verdict == "conforms"


def test_the_first_deviation_is_located(of_float64: Callable[[str], Report]) -> None:
    report = of_float64("WrongSign")
    assert report.verdict == "deviates"
    assert others_agree(report)
    deviation = result(report, TRIGGER).deviation
    assert deviation is not None
    assert (deviation.step, deviation.quantity, deviation.then) == (2, "params", None)
    assert (deviation.tensor, deviation.index) == (0, (1,)) or deviation.tensor == 1
    assert deviation.observed == -float(str(deviation.expected))
    assert deviation.error == abs(2 * float(str(deviation.expected)))
    assert deviation.tolerance == 1e-12


@pytest.mark.parametrize(
    ("name", "kind", "message", "verdict"),
    [
        ("Hangs", "hang", "no answer within 1.5 s after step 1", "crashes"),  # it sleeps
        ("Spins", "hang", "no answer within 0.5 s of processor time after step 1", "crashes"),
        ("Exits", "crash", "exit status 3 after step 1", "crashes"),
        ("SystemExits", "exception", "SystemExit: 4 (sgd_ports.py:", "crashes"),
        ("Segfaults", "crash", "signal SIGSEGV after step 1", "crashes"),
        ("Raises", "exception", "RuntimeError: no [bold]such[/bold] thing (sgd_ports.py:", "crashes"),
        ("NoList", "wrong_shape", "step returned ndarray", "deviates"),
        ("Nan", "nan", "tensor 0: step returned NaN", "deviates"),
        ("WrongShape", "wrong_shape", "tensor 0: step returned shape (1, 2); it is (2,)", "deviates"),
        ("WrongCount", "wrong_shape", "step returned 1 arrays; there are 2", "deviates"),
        ("Upcasts", "dtype_change", "it is float64", "deviates"),
        ("ChangesGradients", "mutated_gradients", "(tensor 1)", "deviates"),
    ],
)
def test_misbehaviour_gets_its_row_and_the_rest_runs(
    name: str, kind: str, message: str, verdict: str, of_float64: Callable[[str], Report]
) -> None:
    report = of_float64(name)
    assert report.verdict == verdict
    assert others_agree(report)
    incident = result(report, TRIGGER).incidents[0]
    assert (incident.kind, incident.step) == (kind, 2)
    assert message in incident.message
    assert "/" not in incident.message.replace("[/bold]", "")  # no one's folders in a report


@pytest.mark.parametrize(
    ("name", "observed", "expected"),
    [("WrongShape", "shape (1, 2)", "shape (2,)"), ("WrongCount", "1 arrays", "2 arrays")],
)
def test_another_shape_is_a_deviation(
    name: str, observed: str, expected: str, of_float64: Callable[[str], Report]
) -> None:
    deviation = result(of_float64(name), TRIGGER).deviation
    assert deviation is not None
    assert (deviation.observed, deviation.expected) == (observed, expected)


def test_a_port_that_always_hangs_is_given_up(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    float64 = tuple(vector for vector in sgd_vectors.vectors if vector.dtype == "float64")
    report = check("sgd", sgd_port("HangsAlways"), replace(sgd_vectors, vectors=float64), time_limit=0.1)
    kinds = [result.incidents[0].kind for result in report.results]
    assert kinds == ["hang"] * 5 + ["not_run"]
    assert report.verdict == "crashes"


def test_what_is_not_offered_is_no_sign_of_life(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    float64 = [vector for vector in sgd_vectors.vectors if vector.dtype == "float64"]
    vectors = replace(sgd_vectors, vectors=(*float64, replace(float64[0], id="again")))
    report = check("sgd", sgd_port("HangsAndKnowsNoDecay"), vectors, time_limit=0.1)
    kinds = [result.incidents[0].kind if result.incidents else result.status for result in report.results]
    assert kinds == ["hang", "hang", "not_offered", "hang", "hang", "hang", "not_run"]


def test_not_offered_is_never_a_pass(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = check("sgd", sgd_port("NoDecay"), sgd_vectors)
    assert result(report, "decay-float64").status == "not_offered"
    assert report.not_offered == {"weight_decay": ["decay-float64"]}
    written = report.to_json()
    assert written["verdict"] == "conforms"
    assert (written["vectors"], written["agree"]) == (5, 4)


def test_buffers_are_compared_before_parameters(sgd_port: Ports, sgdm_vectors: VectorFile) -> None:
    assert check("sgdm", sgd_port("Momentum"), sgdm_vectors).verdict == "conforms"
    report = check("sgdm", sgd_port("ScaledMomentum"), sgdm_vectors)
    scaled = report.results[0].deviation
    assert scaled is not None
    assert (scaled.quantity, scaled.step, scaled.observed, scaled.expected) == ("momentum", 1, -1.0, -2.0)
    assert scaled.in_params is None
    assert report.verdict == "conforms"  # a port may scale its buffers as it likes
    assert [one["quantity"] for one in report.to_json()["buffers"]] == ["momentum"]
    assert report.to_json()["deviations"] == []
    assert "heavy ball" in scaled.equation
    odd = check("sgdm", sgd_port("OddMomentum"), sgdm_vectors).results[0].deviation
    assert odd is not None
    assert (odd.observed, odd.expected) == ("shape (1, 2)", "shape (2,)")


@pytest.mark.parametrize(
    ("algorithm", "port", "says"),
    [
        ("sgdd", "a:b", "choose one of sgd, sgdm"),
        ("SDG", "a:b", "did you mean sgd?"),
        ("sgd", "EXAMPLES/sgd_ports.py:right", "check the name after the colon; did you mean Right?"),
        ("sgd", "troch=a:b", "did you mean torch?"),
        ("sgd", "tensorflow=a:b", "no adapter 'tensorflow'"),
        ("sgd", "nothing", "put a colon"),
        ("sgd", "missing.py:Port", "no file 'missing.py'"),
        ("sgd", "no/module:Port", "must end in .py"),
        ("sgd", "momoracle_nowhere:Port", "No module named"),
        ("sgd", "json:Port", "has no 'Port'"),
        ("sgd", "json:JSONDecoder", "no method 'start'"),
        ("sgd", "EXAMPLES/broken.py:Port", "this file cannot be imported"),
        ("sgd", "EXAMPLES/dies.py:Port", "exit status 7 while loading"),
        ("sgd", "EXAMPLES/sgd_ports.py:nothing", "no class or function"),
        ("sgd", "EXAMPLES/sgd_ports.py:fails", "ValueError: not today (sgd_ports.py:"),
        ("sgd", "EXAMPLES/sgd_ports.py:Refuses", "no core vector of sgd could be run (anything)"),
    ],
)
def test_wrong_usage(algorithm: str, port: str, says: str, sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    examples = sgd_port("").removesuffix("/sgd_ports.py:")
    with pytest.raises((PortError, AlgorithmError)) as error:
        check(algorithm, port.replace("EXAMPLES", examples), sgd_vectors)
    assert says in str(error.value)


def test_an_error_in_the_callback_ends_the_check(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    def stop(_: VectorResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("sgd", sgd_port("Hangs"), sgd_vectors, time_limit=60.0, progress=stop)


def test_json_is_the_contract(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    written = json.loads(json.dumps(check("sgd", sgd_port("Nan"), sgd_vectors).to_json(), allow_nan=False))
    contract = {"algorithm", "port", "versions", "vectors", "agree", "verdict", "explanation", "deviations"}
    assert contract <= set(written)
    beside = {"buffers", "not_offered", "robustness", "precision", "incidents", "unmatched"}
    found = {"diagnosis", "locations", "behaviours", "counterexample", "breaches", "not_run", "unfinished"}
    assert set(written) - contract == beside | found | {"settings", "names"}
    entry = {"vector", "flags", "step", "quantity", "equation", "observed", "expected", "error", "tolerance"}
    (deviation,) = written["deviations"]
    assert entry | {"explanation"} <= set(deviation)
    assert (deviation["observed"], deviation["error"], deviation["explanation"]) == ("NaN", "NaN", None)
    assert (written["algorithm"], written["vectors"], written["agree"], written["explanation"]) == ("sgd", 5, 4, [])
    assert written["robustness"] == {"vectors": 1, "agree": 1, "deviations": [], "buffers": []}
    assert written["incidents"][0]["kind"] == "nan"
