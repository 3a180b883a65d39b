"""`momoracle rates` as a user runs it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.commands.rates import choose_problems
from momoracle.commands.terminal import console
from momoracle.convergence.zoo import PROBLEMS

QUICK = ["--steps", "60", "--seeds", "200"]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


def rates(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["rates", *arguments], env={"COLUMNS": "400"})


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
    assert last_line(none) == "1 rate: 1 no bound applies"
    assert json.loads(file.read_text("utf-8"))["verdict"] == "no bound applies"
    some = rates("hinge", *QUICK, "--method", "momo:beta=0.5|0.9", "--method", "sgdm:lr=0.01", "--json", str(file))
    assert some.exit_code == 0
    assert last_line(some) == "3 rates: 2 hold, 1 no bound applies"
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
    assert "1: one is violated, diverges, grows or is undecided (raise --seeds)" in told
    assert "2: wrong usage, or a problem states something wrong" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "is no problem"),
        (["hinge:foo=3"], "hinge has no option foo; it has size, samples, seed"),
        (["hinge", "--method", "sgdd"], "there is no such algorithm; choose one of sgd, sgdm"),
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


def test_a_method_is_called_what_was_typed(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    typed = [
        "--method",
        "momo",
        "--method",
        "momo:lower_bound=0",
        "--method",
        "momo:beta=0.9,lr=1|2",
        "--json",
        str(file),
    ]
    result = rates("hinge:size=3,samples=4", "--steps", "5", "--seeds", "2", *typed)
    content = json.loads(file.read_text("utf-8"))["rates"]
    labels = ["momo", "momo:lower_bound=0", "momo:beta=0.9,lr=1", "momo:beta=0.9,lr=2"]
    assert [rate["method"] for rate in content] == labels
    assert [rate["hyperparameters"]["lr"] for rate in content] == [1e30, 1e30, 1, 2]
    assert all(f"hinge, {label}: not applicable" in result.output for label in labels)
    assert "1e+30" not in result.output
    told = " ".join(rates("--help").output.replace("│", " ").split())
    assert "Unless they are given, MoMo has no cap of its step size (lr = 1e30) and the problem's lower bound." in told


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_from_the_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", width)
    long = "momo:lower_bound=0,bias_correction=yes,beta=0.99"
    methods = ["--method", "sgdm:lr=0.01,beta=0.9", "--method", "momo:beta=0.9,lr=0.1", "--method", long]
    table = rates("hinge", "noisy-least-squares", "--steps", "50", "--seeds", "8", *methods).output
    table = table.partition("hinge, sgdm")[0]
    assert max(map(len, table.splitlines())) <= width
    assert "…" not in table
    lines = [line.split("  ")[0].strip() for line in table.splitlines()]
    for name in ("noisy-least-squares", "sgdm:lr=0.01,beta=0.9", "momo:beta=0.9,lr=0.1"):
        assert name in lines
    assert (long if width == 120 else "momo:lower_bound=0,") in lines
    assert long in "".join(lines)
    assert table.count("no bound") == table.count("applies") == 2
    assert "average gap" in table


def test_a_column_without_entries_is_left_out() -> None:
    result = rates("hinge", "--steps", "50", "--seeds", "1", "--method", "sgdm:lr=0.01")
    assert "ratio" not in result.output
    assert "slope" not in result.output
    assert "average gap" in result.output


def test_brackets_are_no_markup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("momoracle.commands.rates.find_spec", lambda name: None)
    monkeypatch.setattr(console, "_width", 400)
    choose_problems(None)
    assert "pip install 'momoracle[data]'" in capsys.readouterr().out


def test_a_folder_with_brackets_is_shown_as_it_is(tmp_path: Path) -> None:
    result = rates("hinge:size=3,samples=4", "--steps", "5", "--seeds", "2", "--figures", str(tmp_path / "a[red]b"))
    assert f"{tmp_path}/a[red]b/hinge-rate.svg" in result.output


@pytest.mark.parametrize(("command", "default"), [("rates", "[default: momo]"), ("sweep", "[default: one a core]")])
def test_the_help_shows_the_default(command: str, default: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"})
    assert default in result.output


def test_the_list_names_all_and_their_options() -> None:
    result = rates("--list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    for name in PROBLEMS:
        (line,) = [line for line in lines if line.startswith(f"{name}  ")]
        assert "Return" not in line
    assert "hinge  the plain hinge loss: f_* = 0 is attained" in result.output
    assert "squared-hinge  the squared hinge loss: as hinge, with" in result.output
    assert "(size=20, samples=60, seed=3)" in result.output
    assert "(beta=0.5, steps=25)" in result.output


def test_what_can_be_compiled_is_and_each_rate_says_whether_it_was(tmp_path: Path) -> None:
    pytest.importorskip("llvmlite", reason="needs the extra `fast`")
    file = tmp_path / "rates.json"
    result = rates("absolute-loss", "logistic", *QUICK, "--compiled", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert [rate["compiled"] for rate in json.loads(file.read_text("utf-8"))["rates"]] == [True, False]
