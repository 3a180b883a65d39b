"""Sweeps: the grid, the rows, and what is left after processes are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.own_methods import NESTEROV, NGN
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="needs the extra `sweeps`")

from momoracle.commands.command_line import app
from momoracle.convergence import NO_CAP, Ensemble, rates
from momoracle.convergence.method_text import make_method
from momoracle.convergence.sweeps.local import run_locally
from momoracle.convergence.sweeps.spec import Spec, check_spec, read_spec
from momoracle.convergence.sweeps.store import Store, read_rows
from momoracle.convergence.sweeps.task import compute_rows
from momoracle.convergence.zoo import problem

PATIENCE = 120.0  # seconds after which a test gives up on another process; none that works takes as long

#: a problem that waits while there is a file ``wait``, after writing its process id; or kills its process
HELD = """
import os, signal, time
from pathlib import Path

import numpy as np
from momoracle.convergence import Constants, Problem

HERE = Path(__file__).parent


def half_square(x, s):
    return (x**2).sum(axis=1) / 2, x.copy()


def held(number=0, waits=0, deaths=0, bad_seed=-1):
    if waits:
        mine = HERE / f"pid-{os.getpid()}"
        mine.write_text("")
        while (HERE / "wait").exists():
            time.sleep(0.01)
        mine.unlink()
    for death in range(deaths):
        marker = HERE / f"died-{number}-{death}"
        if not marker.exists():
            marker.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
    if bad_seed >= 0:
        return Problem("bad", np.ones(2), 64, Bad(bad_seed), Constants(lower_bound=0.0))
    optimum = np.zeros(2)
    constants = Constants(lower_bound=0.0, convex=True, interpolates=True, optimum=optimum, smoothness=1.0)
    return Problem("held", np.full(2, 1.0 + number), 3, half_square, constants)


class Bad:
    def __init__(self, sample):
        self.sample = sample

    def __call__(self, x, s):
        # On the way of the runs, whose coordinates are equal; no point that is sampled before them lies there.
        if ((s == self.sample) & (x[:, 0] == x[:, 1]) & (x[:, 0] < 0.9)).any():
            raise ArithmeticError(f"sample {self.sample} is bad")
        return half_square(x, s)

    def mean_loss(self, x):
        return half_square(x, None)[0]
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "held_problem.py"
    path.write_text(HELD, "utf-8")
    return path


def until(holds: Callable[[], Any], what: str, process: "subprocess.Popen[bytes] | None" = None) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        if process is not None and process.poll() is not None:
            pytest.fail(f"it ended before {what}: {process.communicate()[0].decode()}")
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


def sweep(spec: Path, out: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "error", "-m", "momoracle", "sweep", str(spec), "--out", str(out), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finished(process: "subprocess.Popen[bytes]", status: int = 0) -> str:
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, output.decode()
    return output.decode()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def here(spec_file: Path, folder: Path) -> None:
    """Run a sweep in this process."""
    spec = read_spec(spec_file)
    store = Store(folder, spec, resume=False)
    for task in spec.tasks():
        store.add(task, compute_rows(task))


def spec_of(folder: Path, module: Path, waits: bool) -> Path:
    path = folder / "spec.toml"
    path.write_text(
        f'steps = 20\nseeds = 3\n[problem]\nname = "{module}:held"\nnumber = [0, 1, 2, 3, 4, 5]\n'
        f"waits = {'[0, 1]' if waits else 0}\n"
        '[method]\nname = "momo"\n',
        "utf-8",
    )
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


# -- processes that are killed -----------------------------------------------------------------------------------------


def test_killed_and_resumed_it_ends_with_the_same_rows(tmp_path: Path, module: Path) -> None:
    spec, whole, cut = spec_of(tmp_path, module, waits=True), tmp_path / "whole", tmp_path / "cut"
    here(spec, whole)
    (tmp_path / "wait").write_text("")
    process = sweep(spec, cut, "--processes", "2")
    try:
        until(lambda: len(list(tmp_path.glob("pid-*"))) == 2, "both processes hold a task", process)
        until(lambda: list(cut.glob("task-*.parquet")), "a task is done", process)
        children = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    finally:
        process.kill()  # SIGKILL
        process.communicate()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "orphans end by themselves")
    # A hidden file may be left too: the kill came between writing and renaming.
    left = {name: content for name, content in files(cut).items() if name.startswith("task-")}
    assert 0 < len(left) < len(list(whole.glob("task-*")))
    refused = CliRunner().invoke(app, ["sweep", str(spec), "--out", str(cut)], env={"COLUMNS": "400"})
    assert refused.exit_code == 2
    assert "holds a sweep already" in " ".join(refused.output.split())
    (cut / ".task-00000011.parquet.tmp").write_bytes(b"half a file")  # as a process killed while writing leaves it
    (tmp_path / "wait").unlink()
    resumed = CliRunner().invoke(app, ["sweep", str(spec), "--out", str(cut), "--resume", "--processes", "1"])
    assert resumed.exit_code == 0, resumed.output
    assert f"{3 * len(left)} before" in resumed.output
    assert files(cut) == files(whole)
    assert all((cut / name).read_bytes() == content for name, content in left.items())


def test_another_spec_does_not_resume_it(tmp_path: Path) -> None:
    first = Spec({"name": "hinge"}, {"name": "momo"}, steps=2)
    Store(tmp_path / "out", first, resume=False)
    with pytest.raises(ValueError, match="holds another sweep"):
        Store(tmp_path / "out", Spec({"name": "hinge"}, {"name": "momo"}, steps=3), resume=True)
    assert read_rows(tmp_path / "out").num_rows == 0


def test_a_process_that_dies_loses_nothing_and_a_task_that_kills_each_is_rows(module: Path) -> None:
    table = {"name": f"{module}:held", "number": [0, 1], "deaths": [0, 1, 9]}
    spec = Spec(table, {"name": "momo"}, steps=5, seeds=2)
    rows = {task.number: rows for task, rows in run_locally(spec.tasks(), 2)}
    assert sorted(rows) == list(range(6))
    for number in (0, 1, 3, 4):  # no process dies of these, or one does
        assert [row["error"] for row in rows[number]] == [None, None]
    for number in (2, 5):
        assert all("2 processes that ran it alone died" in row["error"] for row in rows[number])


# -- a cluster ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Start a scheduler and two workers, processes of their own on 127.0.0.1."""
    pytest.importorskip("distributed", reason="needs the extra `distributed`")
    contact, environment = tmp_path / "scheduler.json", os.environ | {"DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    local_only = ["--host", "127.0.0.1", "--no-dashboard"]

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", *arguments]
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    processes = [start("scheduler", "--port", "0", "--scheduler-file", str(contact), *local_only)]
    try:
        until(contact.exists, "the scheduler is there", processes[0])
        for _ in range(2):
            worker = ["--scheduler-file", str(contact), "--nthreads", "1", "--no-nanny", *local_only]
            processes.append(start("worker", *worker))
        yield json.loads(contact.read_text("utf-8"))["address"], processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def test_a_cluster_whose_worker_is_killed_ends_with_the_same_rows(
    tmp_path: Path, module: Path, cluster: tuple[str, list["subprocess.Popen[bytes]"]]
) -> None:
    address, processes = cluster
    spec, whole, out = spec_of(tmp_path, module, waits=True), tmp_path / "whole", tmp_path / "out"
    here(spec, whole)
    (tmp_path / "wait").write_text("")
    process = sweep(spec, out, "--scheduler", address)
    try:
        # Both workers hold a task; one of them is killed over it.
        until(lambda: len(list(tmp_path.glob("pid-*"))) == 2, "both workers hold a task", process)
        victim = processes[1]
        assert (tmp_path / f"pid-{victim.pid}").exists()
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        (tmp_path / "wait").unlink()
        output = finished(process)
    finally:
        process.kill()
    assert "holds: 36 runs here, 0 before; 36 holds" in output
    assert files(out) == files(whole)


def test_no_scheduler_is_told(tmp_path: Path, module: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra `distributed`")
    from momoracle.convergence.sweeps.dask_cluster import run_on_cluster

    (task, *_) = Spec({"name": "hinge"}, {"name": "momo"}, steps=2).tasks()
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        list(run_on_cluster([task], "tcp://127.0.0.1:9", timeout=0.5))


def test_a_row_says_whether_its_run_was_compiled() -> None:
    pytest.importorskip("llvmlite", reason="needs the extra `fast`")
    spec = Spec({"name": ["hinge", "logistic"], "size": 4}, {"name": "momo"}, steps=20, seeds=2, compiled=True)
    found = [row for task in spec.tasks() for row in compute_rows(task)]
    assert [(row["error"], row["compiled"]) for row in found] == [(None, True)] * 2 + [(None, False)] * 2
