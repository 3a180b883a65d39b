"""``--set`` and ``--name``: read from text, checked against the port, and passed to it."""

from pathlib import Path
from typing import Any

import pytest

from momoracle.ports import PortError, check
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.adapters.port_spec import parse_names, parse_port, parse_settings
from momoracle.ports.processes.local_session import LocalSession
from momoracle.ports.search.script import start as start_again
from momoracle.reference.golden.vectors import VectorFile

PORTS = Path(__file__).parents[1] / "examples" / "named_ports.py"


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("3", 3), ("-1e-3", -1e-3), ("inf", float("inf")), ("max", "max"), ("", "")],
)
def test_a_value_is_a_switch_a_number_or_text(text: str, value: Any) -> None:
    (read,) = parse_settings([f"name={text}"]).values()
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["nesterov"], "--set 'nesterov': expected --set NAME=VALUE"),
        (["=true"], "expected --set NAME=VALUE"),
        (["a b=1"], "expected --set NAME=VALUE"),
        (["a=1", "a=2"], "a is there twice"),
    ],
)
def test_a_wrong_text_is_refused(texts: list[str], says: str) -> None:
    with pytest.raises(PortError, match=says):
        parse_settings(texts)


def test_a_name_must_be_an_arguments() -> None:
    assert parse_names(["beta=decay", "lr=pace"]) == {"beta": "decay", "lr": "pace"}
    with pytest.raises(PortError, match="'1st' is no argument's name"):
        parse_names(["beta=1st"])


def test_a_named_argument_comes_before_an_alias() -> None:
    accepted = {"lr", "beta", "momentum"}
    assert PortArguments("sgdm").choose({"lr": 0.1, "beta": 0.5}, accepted) == {"lr": 0.1, "beta": 0.5}
    named = PortArguments("sgdm", names=(("beta", "momentum"),))
    assert named.choose({"lr": 0.1, "beta": 0.5}, accepted) == {"lr": 0.1, "momentum": 0.5}


def test_a_setting_comes_before_a_switch() -> None:
    accepted = {"lr", "momentum", "nesterov"}
    assert PortArguments("sgdm").choose({"lr": 0.1}, accepted)["nesterov"] is False
    assert PortArguments("sgdm", (("nesterov", True),)).choose({"lr": 0.1}, accepted)["nesterov"] is True


def test_a_port_is_called_with_both(sgd_vectors: VectorFile) -> None:
    port = f"{PORTS}:Named"
    assert check("sgd", port, sgd_vectors, settings={"mode": "descent"}, names={"lr": "pace"}).verdict == "conforms"
    report = check("sgd", port, sgd_vectors, settings={"mode": "ascent"}, names={"lr": "pace"})
    assert report.verdict == "deviates"
    assert report.unmatched == ()
    written = report.to_json()
    assert (written["settings"], written["names"]) == ({"mode": "ascent"}, {"lr": "pace"})


@pytest.mark.parametrize(
    ("settings", "names", "says"),
    [
        ({"mood": 1}, {"lr": "pace"}, "--set: the port has no argument 'mood'; .*did you mean mode?"),
        ({}, {"lr": "pacer"}, "--name: the port has no argument 'pacer'; .*did you mean pace?"),
        ({}, {"rate": "pace"}, "sgd has no hyperparameter 'rate'; it has lr, weight_decay"),
        ({"weight_decay": 1}, {"lr": "pace"}, "the vectors prescribe this hyperparameter"),
        ({"pace": 1}, {"lr": "pace"}, "the vectors prescribe this hyperparameter"),
    ],
)
def test_what_does_not_fit_the_port_is_refused(settings: Any, names: Any, says: str, sgd_vectors: VectorFile) -> None:
    with pytest.raises(PortError, match=says):
        check("sgd", f"{PORTS}:Named", sgd_vectors, settings=settings, names=names)


def test_a_factory_in_this_process_gets_them_too(sgd_vectors: VectorFile) -> None:
    namespace: dict[str, Any] = {}
    exec(PORTS.read_text(), namespace)
    with pytest.raises(PortError, match="no argument 'mood'"):
        LocalSession("sgd", namespace["Named"], {"mood": 1}, {"lr": "pace"})
    session = LocalSession("sgd", namespace["Named"], {"mode": "descent"}, {"lr": "pace"})
    assert session.ask("deterministic").outcome == "holds"


def test_a_script_starts_the_port_with_them(sgd_vectors: VectorFile) -> None:
    (params, *_) = (list(vector.params) for vector in sgd_vectors.vectors)
    port: Any = start_again(f"{PORTS}:Named", "sgd", params, {"mode": "ascent"}, {"lr": "pace"}, lr=0.5)
    assert (port.mode, port.pace) == ("ascent", 0.5)


def test_a_spec_keeps_them() -> None:
    spec = parse_port(f"{PORTS}:Named", {"mode": 1}, {"lr": "pace"})
    assert (spec.settings, spec.names) == ((("mode", 1),), (("lr", "pace"),))
