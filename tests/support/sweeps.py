"""Sweeps as users run them: a problem that waits or kills its process, and processes that are waited for."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momoracle.convergence.sweeps.spec import read_spec
from momoracle.convergence.sweeps.store import Store
from momoracle.convergence.sweeps.task import compute_rows

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
