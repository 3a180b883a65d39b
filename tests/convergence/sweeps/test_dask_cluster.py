"""A cluster, one of whose workers is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sweeps import HELD, files, finished, here, spec_of, sweep, until

pytest.importorskip("pyarrow", reason="needs the extra `sweeps`")

from momoracle.convergence.sweeps.spec import Spec


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "held_problem.py"
    path.write_text(HELD, "utf-8")
    return path


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
