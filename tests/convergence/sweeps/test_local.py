"""Local processes that are killed: nothing is lost, and what is resumed ends with the same bytes."""

from pathlib import Path

import pytest
from support.sweeps import HELD, files, here, spec_of, sweep, until
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="needs the extra `sweeps`")

from momoracle.commands.command_line import app
from momoracle.convergence.sweeps.local import run_locally
from momoracle.convergence.sweeps.spec import Spec


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "held_problem.py"
    path.write_text(HELD, "utf-8")
    return path


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


def test_a_process_that_dies_loses_nothing_and_a_task_that_kills_each_is_rows(module: Path) -> None:
    table = {"name": f"{module}:held", "number": [0, 1], "deaths": [0, 1, 9]}
    spec = Spec(table, {"name": "momo"}, steps=5, seeds=2)
    rows = {task.number: rows for task, rows in run_locally(spec.tasks(), 2)}
    assert sorted(rows) == list(range(6))
    for number in (0, 1, 3, 4):  # no process dies of these, or one does
        assert [row["error"] for row in rows[number]] == [None, None]
    for number in (2, 5):
        assert all("2 processes that ran it alone died" in row["error"] for row in rows[number])
