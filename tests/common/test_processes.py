"""Work in several processes: Ctrl-C, as a terminal sends it, ends all of them at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from momoracle.common.processes import map_in_processes

LIMIT = 60.0  # seconds until all must have ended; it takes about one, where nothing else does
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="counts processes in /proc")


def interrupted(arguments: list[str], busy: Callable[["subprocess.Popen[str]"], bool]) -> tuple[int, str]:
    """Start Python, send its process group SIGINT once it is busy, and return its exit status and standard error."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # where it is ignored, children ignore it too
    try:
        process = subprocess.Popen(
            [sys.executable, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
        )
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        end = time.monotonic() + LIMIT
        while not busy(process):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "it never came to work"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)  # until no process is left that could write
        return process.returncode, errors
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def workers(process: "subprocess.Popen[Any]") -> int:
    """Return how many processes of multiprocessing are in the group of a process, its tracker left out."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            found += group == process.pid and b"spawn_main" in (folder / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
    return found


@LINUX
@pytest.mark.parametrize("command", [["verify", "--thorough"], ["golden", "check"], ["check", "--self-test"]])
@pytest.mark.parametrize("later", [0.0, 3.0])
def test_ctrl_c_ends_a_command_and_its_processes(command: list[str], later: float) -> None:
    """At once, while the processes still import what they need, and later, when they compute."""

    def busy(process: "subprocess.Popen[str]") -> bool:
        started = workers(process) >= 2
        time.sleep(later if started else 0.0)
        return started

    status, errors = interrupted(["-m", "momoracle", *command], busy)
    assert status == 130
    assert "Traceback" not in errors


def test_what_is_under_way_is_killed_where_the_reader_leaves() -> None:
    begin = time.monotonic()
    results = map_in_processes(time.sleep, [0.0, 3600.0], processes=2)
    assert next(results) == (0.0, None)
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begin < LIMIT


def test_an_error_ends_the_rest() -> None:
    with pytest.raises(ValueError, match="negative"):
        list(map_in_processes(time.sleep, [-1.0, 3600.0], processes=2))


def test_every_input_comes_with_its_result() -> None:
    results = map_in_processes(abs, range(-2, 3), processes=2)
    assert sorted(results) == [(-2, 2), (-1, 1), (0, 0), (1, 1), (2, 2)]
