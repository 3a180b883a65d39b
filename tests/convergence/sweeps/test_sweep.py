"""Sweeps: the grid, its rows, and what the command says of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.own_methods import NESTEROV, NGN
from support.sweeps import HELD
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="needs the extra `sweeps`")

from momoracle.commands.command_line import app
from momoracle.convergence import NO_CAP, Ensemble, rates
from momoracle.convergence.method_text import make_method
from momoracle.convergence.sweeps.spec import Spec, check_spec, read_spec
from momoracle.convergence.sweeps.store import Store, read_rows
from momoracle.convergence.sweeps.task import compute_rows
from momoracle.convergence.zoo import problem


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "held_problem.py"
    path.write_text(HELD, "utf-8")
    return path


# -- the grid and its rows ---------------------------------------------------------------------------------------------


def test_the_grid_is_the_product_of_the_lists(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(
        'steps = 9\nseeds = 5\nchunk = 2\n[problem]\nname = ["hinge", "huber"]\nsize = 4\n'
        '[method]\nname = "momo"\nbeta = [0.0, 0.5, 0.9]\nlr = 1',
        "utf-8",
    )
    spec = read_spec(path)
    tasks = spec.tasks()
    assert spec.runs == 2 * 3 * 5 == sum(task.seeds for task in tasks)
    assert [task.number for task in tasks] == list(range(18))
    assert [(t.first_seed, t.seeds) for t in tasks[:3]] == [(0, 2), (2, 2), (4, 1)]
    assert {(t.problem, t.method_options["beta"]) for t in tasks} == {
        (name, beta) for name in ("hinge", "huber") for beta in (0.0, 0.5, 0.9)
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps = ", "is not TOML"),
        ("step = 1", "has step; allowed: problem, method, steps"),
        ("steps = 1", "has no \\[problem\\] and no \\[method\\]"),
        ('[problem]\nname="hinge"\n[method]\nbeta=1', "\\[method\\] has no name"),
        ('seeds=0\n[problem]\nname="hinge"\n[method]\nname="momo"', "seeds is 0"),
        ('dtype="half"\n[problem]\nname="hinge"\n[method]\nname="momo"', "dtype is 'half'"),
        ('certificates=1\n[problem]\nname="hinge"\n[method]\nname="momo"', "certificates is 1"),
        ('[problem]\nname="hinge"\n[method]\nname="momo"\nlr=[]', "empty list for lr"),
    ],
)
def test_a_wrong_spec_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=told):
        read_spec(path)


def test_a_row_is_a_replica_of_the_engine() -> None:
    options = {"size": 5, "samples": 8}
    spec = Spec({"name": "absolute-loss", **options}, {"name": "momo", "beta": 0.5}, steps=30, seeds=7, chunk=3)
    found = [row for task in spec.tasks() for row in compute_rows(task)]
    assert [row["seed"] for row in found] == list(range(7))
    given = problem("absolute-loss", **options)
    (rate,) = rates(Ensemble(given, make_method("momo", {"beta": 0.5}, given), 30, seeds=7))
    assert sum(row["average_gap"] for row in found) / 7 == pytest.approx(rate.average[-1], rel=1e-14)
    assert all("M5" in row["certified"] and not row["violated"] and row["error"] is None for row in found)
    assert make_method("momo", {}, given).lr == NO_CAP


def test_a_run_that_fails_is_a_row_with_its_error(module: Path) -> None:
    table = {"name": f"{module}:held", "bad_seed": 5}
    spec = Spec(table, {"name": "sgdm", "lr": 0.1}, steps=12, seeds=9)
    (task,) = spec.tasks()
    found = compute_rows(task)
    errors = [row["seed"] for row in found if row["error"] is not None]
    assert 0 < len(errors) < 9, "some seeds meet the bad sample in twelve steps, others do not"
    told = "bad: sample_loss_and_grad raised ArithmeticError: sample 5 is bad (held_problem.py:41 in __call__)"
    assert {row["error"] for row in found} == {None, told}
    assert [row["seed"] for row in found] == list(range(9))
    assert all(("average_gap" in row) == (row["error"] is None) for row in found)


@pytest.mark.parametrize(
    ("table", "method", "told"),
    [
        ({"name": "nothing"}, {"name": "momo"}, "LookupError: 'nothing' is no problem"),
        ({"name": "hinge"}, {"name": "sgdd"}, "AlgorithmError: ALGORITHM='sgdd': there is no such algorithm"),
        ({"name": "hinge"}, {"name": "momo", "lr": -1}, "ValueError: lr is -1"),
    ],
)
def test_a_point_of_the_grid_that_cannot_be_made_is_rows_too(
    table: dict[str, Any], method: dict[str, Any], told: str
) -> None:
    (task,) = Spec(table, method, steps=3, seeds=2).tasks()
    assert [row["error"].startswith(told) for row in compute_rows(task)] == [True, True]


def test_a_folder_is_a_data_set(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    out, spec = tmp_path / "out", Spec({"name": "hinge", "size": 4}, {"name": "momo", "beta": [0.0, 0.9]}, steps=3)
    store = Store(out, spec, resume=False)
    for task in spec.tasks():
        store.add(task, compute_rows(task))
    assert pq.read_table(out).equals(read_rows(out))


@pytest.mark.parametrize(
    ("problems", "methods", "told"),
    [
        ('name = ["hinge", "hnge"]', 'name = "momo"', "'hnge' is no problem; choose one of least-squares"),
        ('name = "hinge"', 'name = "momo"\nbta = [0.0, 0.9]', "momo has no option bta; it has lr, beta"),
        (
            'name = "hinge"',
            'name = ["momo", "sgdd"]',
            "'sgdd': there is no such algorithm; choose one of sgd",
        ),
        ('name = "hinge"', 'name = "momo"\nbeta = [0.0, 2.0]', "beta is 2.0"),
        ('name = "hinge"\nsizes = 4', 'name = "momo"', "hinge has no option sizes; it has size, samples, seed"),
        ('name = "OWN:held"\nnumbr = 1', 'name = "momo"', "has no option numbr; it has number, waits"),
        ('name = "OWN:hold"', 'name = "momo"', "has no 'hold'"),
    ],
)
def test_a_misspelt_spec_is_refused_before_anything_runs(
    tmp_path: Path, module: Path, problems: str, methods: str, told: str
) -> None:
    spec, out = tmp_path / "spec.toml", tmp_path / "out"
    spec.write_text(f"[problem]\n{problems}\n[method]\n{methods}\n".replace("OWN", str(module)), "utf-8")
    result = CliRunner().invoke(app, ["sweep", str(spec), "--out", str(out)], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert told in " ".join(result.output.replace("│", " ").split())
    assert not out.exists()


def test_the_first_error_of_a_run_is_shown(tmp_path: Path, module: Path) -> None:
    spec, told = tmp_path / "spec.toml", tmp_path / "sweep.json"
    table = f'[problem]\nname = "{module}:held"\nbad_seed = [5, 6]\n[method]\nname = "sgdm"\nlr = 0.1\n'
    spec.write_text(f"steps = 12\nseeds = 9\n{table}", "utf-8")
    arguments = ["sweep", str(spec), "--out", str(tmp_path / "out"), "--processes", "1", "--json", str(told)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    content = json.loads(told.read_text("utf-8"))
    message, count = content["first_error"]["message"], content["first_error"]["runs"]
    assert "raised ArithmeticError: sample 5 is bad" in message
    assert 0 < count < content["errors"]
    assert f"{count} runs: {message}; 1 other message in the column error" in result.output


def test_runs_that_diverge_or_that_nothing_bounds_never_hold(tmp_path: Path) -> None:
    spec, told = tmp_path / "spec.toml", tmp_path / "sweep.json"
    spec.write_text(
        'steps = 60\nseeds = 3\n[problem]\nname = "least-squares"\nsize = 4\nsamples = 6\n'
        '[method]\nname = "sgdm"\nlr = [0.01, 1e6]\n',
        "utf-8",
    )
    arguments = ["sweep", str(spec), "--out", str(tmp_path / "out"), "--processes", "1", "--json", str(told)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert "fails: 6 runs here, 0 before; 3 diverged, 3 no bound applies" in result.output
    assert json.loads(told.read_text("utf-8"))["verdicts"] == {"diverged": 3, "no bound applies": 3}
    again = CliRunner().invoke(app, [*arguments, "--resume"])  # nothing is left to run, and what was found still counts
    assert again.exit_code == 1, again.output
    assert "fails: 0 runs here, 6 before; 3 diverged, 3 no bound applies" in again.output


def test_a_method_in_a_file_is_swept() -> None:
    spec = Spec({"name": "hinge", "size": 4}, {"name": [NESTEROV, NGN], "lr": 0.1}, steps=20, seeds=2)
    check_spec(spec)
    rows = [row for task in spec.tasks() for row in compute_rows(task)]
    assert {(row["method"], row["error"], row["verdict"]) for row in rows} == {
        (NESTEROV, None, "no bound applies"),
        (NGN, None, "no bound applies"),
    }


def test_a_problem_that_states_something_wrong_is_rows_with_that_error(tmp_path: Path) -> None:
    path = tmp_path / "doubled.py"
    text = "import numpy as np\nfrom momoracle.convergence import Constants, Problem\n"
    text += "mine = Problem('mine', np.ones(1), 1, lambda x, s: (x[:, 0] ** 2, 4 * x), Constants(lower_bound=0.0))\n"
    path.write_text(text, "utf-8")
    (task,) = Spec({"name": f"{path}:mine"}, {"name": "sgd"}, steps=3, seeds=2).tasks()
    rows = compute_rows(task)
    assert len(rows) == 2
    assert all("mine: the gradient is not that of the loss, sample 0: at x = " in row["error"] for row in rows)


def test_another_spec_does_not_resume_it(tmp_path: Path) -> None:
    first = Spec({"name": "hinge"}, {"name": "momo"}, steps=2)
    Store(tmp_path / "out", first, resume=False)
    with pytest.raises(ValueError, match="holds another sweep"):
        Store(tmp_path / "out", Spec({"name": "hinge"}, {"name": "momo"}, steps=3), resume=True)
    assert read_rows(tmp_path / "out").num_rows == 0


def test_a_row_says_whether_its_run_was_compiled() -> None:
    pytest.importorskip("llvmlite", reason="needs the extra `fast`")
    spec = Spec({"name": ["hinge", "logistic"], "size": 4}, {"name": "momo"}, steps=20, seeds=2, compiled=True)
    found = [row for task in spec.tasks() for row in compute_rows(task)]
    assert [(row["error"], row["compiled"]) for row in found] == [(None, True)] * 2 + [(None, False)] * 2
