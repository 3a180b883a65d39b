"""`momoracle rates` as a user runs it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from momoracle.command_line import app
from momoracle.rates_command import DEFAULT_PROBLEMS
from momoracle.terminal import console

QUICK = ["--steps", "60", "--seeds", "200"]
OWN = """
import numpy as np
from momoracle.convergence import Constants, Problem, one_point

rows, targets = np.eye(2), np.ones(2)


def half_square(x, sample):
    residual = rows[sample] @ x - targets[sample]
    return residual**2 / 2, residual * rows[sample]


constants = Constants(lower_bound=0.0, convex=True, interpolates=True, optimum=np.ones(2), smoothness=1.0)
mine = Problem("mine", np.zeros(2), 2, one_point(half_square), constants)


def scaled(start=0.0):
    return Problem("scaled", np.full(2, start), 2, one_point(half_square), constants)
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


def rates(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["rates", *arguments])


def last_line(result: Any) -> str:
    return str(result.output).splitlines()[-1]


def test_a_rate_holds_and_is_written(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    result = rates("absolute-loss", *QUICK, "--json", str(file), "--details")
    assert result.exit_code == 0, result.output
    assert last_line(result) == "1 rate: 1 holds"
    assert "Σ(h − ρf*)²/‖d‖² ≤ ‖x¹−x*‖²" in result.output
    content = json.loads(file.read_text("utf-8"))
    assert content["verdict"] == "holds"
    (rate,) = content["rates"]
    assert rate["checkpoints"][-1] == 60
    assert 0 < rate["average"][-1] < rate["average_upper"][-1] < rate["bound"][-1]
    assert {c["verdict"] for c in rate["certificates"]} == {"holds", "not applicable"}


def test_the_reasons_are_told() -> None:
    result = rates("noisy-least-squares", "logistic", *QUICK)
    assert result.exit_code == 0, result.output
    assert "noise of standard deviation 0.5 was added to the targets" in result.output
    assert "approached at infinity and not attained" in result.output


def test_methods_are_compared() -> None:
    result = rates("hinge", *QUICK, "--method", "momo:beta=0.5", "--method", "sgdm:lr=0.01", "--method", "tam:lr=0.02")
    assert result.exit_code == 0, result.output
    for text in ("beta=0.5", "sgdm:lr=0.01", "tam:lr=0.02", "the method is TAM"):
        assert text in result.output


def test_the_last_line_counts_the_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    none = rates("hinge", *QUICK, "--method", "sgdm:lr=0.01", "--json", str(file))
    assert none.exit_code == 0
    assert last_line(none) == "1 rate: 1 not applicable"
    assert json.loads(file.read_text("utf-8"))["verdict"] == "not applicable"
    some = rates("hinge", *QUICK, "--method", "momo:beta=0.5|0.9", "--method", "sgdm:lr=0.01", "--json", str(file))
    assert some.exit_code == 0
    assert last_line(some) == "3 rates: 2 hold, 1 not applicable"
    assert json.loads(file.read_text("utf-8"))["verdict"] == "holds"


def test_what_is_undecided_or_diverges_falls_short(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    undecided = ["--steps", "100", "--seeds", "2", "--method", "momo:beta=0", "--json", str(file)]
    few = rates("absolute-loss", *undecided)
    assert few.exit_code == 1
    assert "raise --seeds to decide" in few.output
    assert last_line(few) == "1 rate: 1 undecided"
    assert json.loads(file.read_text("utf-8"))["verdict"] == "undecided"
    far = rates("least-squares", *QUICK, "--method", "sgdm:lr=1e6", "--json", str(file))
    assert far.exit_code == 1
    assert "left the range of float64" in far.output
    assert last_line(far) == "1 rate: 1 diverged"
    assert json.loads(file.read_text("utf-8"))["verdict"] == "fails"


def test_the_help_says_the_exit_statuses() -> None:
    told = " ".join(rates("--help").output.replace("│", " ").split())
    assert "1: one is violated, diverged or undecided (raise --seeds)" in told


def test_a_users_own_problem(tmp_path: Path) -> None:
    file = tmp_path / "own_problem.py"
    file.write_text(OWN, "utf-8")
    try:
        result = rates(f"{file}:mine", f"{file}:scaled:start=3", *QUICK)
        assert result.exit_code == 0, result.output
        assert "mine" in result.output
        assert "scaled" in result.output
        refused = rates(f"{file}:mine", *QUICK, "--processes", "2")
        assert refused.exit_code == 2
    finally:
        sys.modules.pop("own_problem", None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "is no problem"),
        (["hinge", "--method", "sgdd"], "is no algorithm"),
        (["hinge", "--method", "momo:beta"], "has no value"),
        (["hinge", "--method", "momo:gamma=1"], "has no option gamma"),
        (["hinge", "--method", "momo:beta=2"], "beta"),
        (["hinge", "--method", "momo:beta=high"], "allowed: a number"),
        (["hinge", "--dtype", "float16"], "dtype is"),
        (["hinge", "--json", "nowhere/file.json"], "there is no folder"),
    ],
)
def test_wrong_usage(arguments: list[str], told: str) -> None:
    result = rates(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_the_list_names_all() -> None:
    result = rates("--list")
    assert result.exit_code == 0
    assert all(name in result.output for name in DEFAULT_PROBLEMS)


def test_what_can_be_compiled_is_and_each_rate_says_whether_it_was(tmp_path: Path) -> None:
    pytest.importorskip("llvmlite", reason="needs the extra `fast`")
    file = tmp_path / "rates.json"
    result = rates("absolute-loss", "logistic", *QUICK, "--compiled", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert [rate["compiled"] for rate in json.loads(file.read_text("utf-8"))["rates"]] == [True, False]
