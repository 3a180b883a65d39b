"""`momoracle experiments` as a user runs it, and its figures."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.commands.terminal import console
from momoracle.convergence.experiments.registry import EXPERIMENTS
from momoracle.convergence.experiments.result import Curve, Panel, Result, Table
from momoracle.pages.experiments_figures import draw, figure


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


def experiments(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["experiments", *arguments])


def made_up() -> Result:
    """Return two panels: one with an interval below zero on a logarithmic axis, and one with a run that diverged."""
    values = np.array([[1.0, 1e-3], [3.0, 5e-2]])
    wide = Curve.over("wide", [1, 10], values)
    gap = Curve.over("gap", [1, 10], np.array([[1.0, np.nan], [2.0, 1.0]]))
    panels = [
        Panel("first", ("x", "y"), ("log", "log"), [wide], [("level", 0.1)]),
        Panel("second", ("x", "y"), ("linear", "linear"), [wide, gap]),
    ]
    return Result("made-up", "Why?", "So.", "Thus.", Table(("a",), [("b",)]), panels)


def axes_of(result: Result) -> list[Any]:
    canvas = Canvas()
    FigureCanvasAgg(canvas)
    figure(result).draw(canvas)
    return canvas.axes


@pytest.mark.parametrize("stop", [KeyboardInterrupt, FloatingPointError])
def test_what_was_found_is_told_before_another_is_stopped(
    stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(scale: Any) -> Result:
        raise stop

    monkeypatch.setitem(EXPERIMENTS, "learning-rates", lambda scale: made_up())
    monkeypatch.setitem(EXPERIMENTS, "lower-bound", stopped)
    result = experiments("learning-rates", "lower-bound")
    assert result.exit_code != 0
    assert "Thus." in result.output


def test_one_experiment_is_run_told_drawn_and_written(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    page, found = tmp_path / "page.md", tmp_path / "found.json"
    options = ["--quick", "--seeds", "2", "--figures", str(tmp_path / "drawn"), "--page", str(page)]
    result = experiments("damping", *options, "--json", str(found))
    assert result.exit_code == 0, result.output
    content = json.loads(found.read_text("utf-8"))
    (only,) = content["experiments"]
    assert (content["seeds"], content["quick"], only["name"]) == (2, True, "damping")
    assert only["answer"] in " ".join(result.output.split())
    text = page.read_text("utf-8")
    assert "answer nothing" in text
    for picture in re.findall(r"\]\((.*?)\)", text):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "drawn/experiment-damping.svg").is_file()


def test_a_run_that_diverged_is_counted_and_is_no_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    written = tmp_path / "written.json"
    monkeypatch.setitem(EXPERIMENTS, "damping", lambda scale: made_up())
    result = experiments("damping", "--json", str(written))
    assert result.exit_code == 1
    assert "1 point of the curves without a mean: a run diverged there" in result.output
    assert json.loads(written.read_text("utf-8"))["diverged"] == {"made-up": 1}


def test_the_list_names_each() -> None:
    result = experiments("--list")
    assert result.exit_code == 0
    assert all(name in result.output for name in EXPERIMENTS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none-such"], "no such experiment"),
        (["damping", "--page", "page.md"], "needs --figures"),
        (["damping", "--seeds", "1"], "seeds"),
    ],
)
def test_wrong_usage_is_told_before_the_work(arguments: list[str], says: str) -> None:
    result = experiments(*arguments)
    assert result.exit_code == 2
    assert says in re.sub(r"[\s│]+", " ", result.output)


def test_an_interval_that_reaches_zero_does_not_stretch_a_logarithmic_axis() -> None:
    first, _ = axes_of(made_up())
    bottom, top = first.get_ylim()
    assert bottom == pytest.approx((1e-3 + 5e-2) / 2 / 3)
    assert 14 < top < 100  # the interval's upper end is 2 + 12.7


def test_every_curve_level_and_interval_is_drawn() -> None:
    first, second = axes_of(made_up())
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["wide", "level"]
    assert len(second.lines) == len(second.collections) == 2
    assert np.isnan(second.lines[1].get_ydata()).tolist() == [False, True]


def test_the_bytes_are_the_same_in_every_run(tmp_path: Path) -> None:
    one, other = (draw([made_up()], tmp_path / name) for name in ("one", "other"))
    assert [path.name for path in one] == ["experiment-made-up.svg", "experiment-made-up.png"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
