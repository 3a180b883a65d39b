"""Names of a port that mean nothing here: they are told, with what was meant, and decide nothing."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from momoracle.ports import PortError, Report, check
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.adapters.port_spec import parse_port
from momoracle.ports.output.page import page
from momoracle.ports.output.terminal import render
from momoracle.ports.published.catalogue import PUBLISHED
from momoracle.ports.running.findings import Unmatched
from momoracle.ports.running.unknown_names import find_unknown_arguments, find_unknown_buffers, unknown_name_lines
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]


def text(report: Report) -> str:
    out = StringIO()
    Console(file=out, width=200).print(render(report))
    return out.getvalue()


def start(params: Any, lr: float, weigth_decay: float = 0.0, flag: bool = False) -> None: ...


def optimizer(params: Any, lr: float, momentun: float, wd: float, foreach: Any = None, name: str = "") -> None: ...


def complete(
    params: Any, lr: float, momentum: float, weight_decay: float, ema_momentum: float, decay: float
) -> None: ...


def named(found: tuple[Unmatched, ...]) -> dict[str, str | None]:
    return {one.name: one.meant for one in found}


def test_every_argument_of_start_is_told() -> None:
    found = find_unknown_arguments(PortArguments("sgd"), start, of_framework=False)
    assert named(found) == {"weigth_decay": "weight_decay", "flag": None}
    assert list(unknown_name_lines(found)) == [
        "arguments that are no hyperparameter's name, left at their defaults: weigth_decay (did you mean "
        "weight_decay?), flag"
    ]


def test_of_a_framework_only_what_resembles_something_that_is_missing() -> None:
    assert named(find_unknown_arguments(PortArguments("sgdm"), optimizer, of_framework=True)) == {
        "momentun": "momentum",
        "wd": "weight_decay",
    }
    assert find_unknown_arguments(PortArguments("sgdm"), complete, of_framework=True) == ()


def test_a_buffer_under_a_published_name_is_known_again() -> None:
    found = find_unknown_buffers("tam", ["momentm", "cosine", "momentum_buffer", "k"])
    assert named(found) == {"momentm": "momentum", "momentum_buffer": "momentum", "k": None}


def test_the_report_tells_them_beside_the_verdict(
    sgd_port: Ports, sgd_vectors: VectorFile, sgdm_vectors: VectorFile
) -> None:
    report = check("sgd", sgd_port("Misspelt"), sgd_vectors)
    assert report.verdict == "conforms"
    assert "left at their defaults: weigth_decay (did you mean weight_decay?)" in text(report)
    assert report.to_json()["unmatched"] == [{"kind": "argument", "name": "weigth_decay", "meant": "weight_decay"}]
    assert "weigth_decay (did you mean weight_decay?)" in page(report, sgd_vectors, "")
    report = check("sgdm", sgd_port("Momentum"), sgdm_vectors)
    assert "buffers that are no quantity's name, compared with nothing: else" in text(report)
    report = check("sgd", sgd_port("Right"), sgd_vectors)
    assert (report.unmatched, "no hyperparameter" in text(report)) == ((), False)


def test_a_port_that_can_be_told_nothing_is_told_why(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    with pytest.raises(PortError, match=r"left at their defaults: learningrate \(did you mean learning_rate\?\)"):
        check("sgd", sgd_port("NoRate"), sgd_vectors)


@pytest.mark.ports
def test_published_ports_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import import_module

    monkeypatch.setenv("KERAS_BACKEND", "torch")
    for one in PUBLISHED:
        spec = parse_port(one.port)
        pytest.importorskip(spec.source)
        assert (
            find_unknown_arguments(
                PortArguments(one.algorithm), getattr(import_module(spec.source), spec.name), of_framework=True
            )
            == ()
        ), one
