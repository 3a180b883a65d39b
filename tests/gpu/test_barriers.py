"""ThreadSanitizer over the kernels on the host: it reports nothing, and a race as soon as a barrier is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.device import host_machine
from support.device.once import locked

from momoracle.gpu.source import KERNELS, source

BARRIER = "__syncthreads();"
THREADS = 8
EXIT_CODE = 66  # of a process in which ThreadSanitizer has reported a race

#: every trial in a process of its own, forked from one that has imported everything: imports are slow when instrumented
RUNNER = """
import json, os, sys
from pathlib import Path
import numpy as np
from support.device.host_machine import Host
from momoracle import TAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu import Fused

METHODS = {"momo": MoMo(), "momo_adam": MoMoAdam(), "tam": TAM(), "adatam": AdaTAMW()}

def step(folder, kernel, dtype):
    fused = Fused(METHODS[kernel], machine=Host(Path(folder), threads=8))
    shapes = (9000, (90, 100)), (33, (33,)), (0, (0,))
    x = [np.linspace(-1, 1, n).astype(dtype).reshape(shape) for n, shape in shapes]
    bound = fused.bind(x, [z + z.dtype.type(1) for z in x], fused.init(x), 1.0)
    for _ in range(3):
        bound()
    bound.check()

results = {}
for name, (folder, kernel, dtype) in json.loads(sys.argv[1]).items():
    log = Path(folder) / "log"
    child = os.fork()
    if child == 0:
        os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 2)
        step(folder, kernel, dtype)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    results[name] = os.waitstatus_to_exitcode(status), log.read_text()
print(json.dumps(results))
"""


class Trial(NamedTuple):
    """A kernel, the dtype of its arrays, and which of its barriers is left out."""

    kernel: str
    dtype: str
    without: int | None = None

    @property
    def name(self) -> str:
        return f"{self.kernel}-{self.dtype}" + ("" if self.without is None else f"-without-{self.without}")

    def text(self) -> str:
        """Return the kernel's source, with one barrier fewer if one is left out."""
        whole = source(self.kernel)
        places = [match.start() for match in re.finditer(re.escape(BARRIER), whole)]
        assert len(places) == 2
        if self.without is None:
            return whole
        start = places[self.without]
        return whole[:start] + whole[start + len(BARRIER) :]


#: the kernels as they are; float32 has other sums than float64, in a header that all share
WHOLE = [*(Trial(kernel, "float64") for kernel in KERNELS), Trial("momo", "float32")]
#: without their first barrier, which is in the shared sums.cuh, and without the second, which is each kernel's own
BROKEN = [Trial("momo", "float32", 0), *(Trial(kernel, "float32", 1) for kernel in KERNELS)]


def find_sanitizer() -> str:
    """Return the library that ThreadSanitizer needs before everything else; skip where it does not run."""
    if host_machine.COMPILER is None:
        pytest.skip("needs g++")
    command = [host_machine.COMPILER, "-print-file-name=libtsan.so"]
    path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_absolute():
        pytest.skip("needs ThreadSanitizer's library (libtsan) for g++")
    probe = subprocess.run([sys.executable, "-c", ""], env=os.environ | {"LD_PRELOAD": path}, capture_output=True)
    if probe.returncode != 0:
        pytest.skip(f"ThreadSanitizer does not run here: {probe.stderr.decode()[:200]}")
    return path


def run_trials(folder: Path, sanitizer: str) -> dict[str, tuple[int, str]]:
    """Take three steps with each kernel, instrumented; return exit status and log of each trial."""
    arguments = {}
    for trial in (*WHOLE, *BROKEN):
        place = folder / trial.name
        place.mkdir()
        bins = 5 if trial.dtype == "float64" else 1
        library = host_machine.library_path(place, trial.kernel, bins, THREADS)
        host_machine.build(trial.text(), library, f"-DBINS={bins}", "-fsanitize=thread", threads=THREADS)
        arguments[trial.name] = str(place), trial.kernel, trial.dtype
    environment = os.environ | {
        "LD_PRELOAD": sanitizer,
        "TSAN_OPTIONS": f"exitcode={EXIT_CODE} halt_on_error=1 report_signal_unsafe=0",
        "PYTHONPATH": str(Path(host_machine.__file__).parents[2]),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", RUNNER, json.dumps(arguments)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return {name: (status, log) for name, (status, log) in json.loads(result.stdout).items()}


@pytest.fixture(scope="session")
def results(folder: Path) -> Any:
    """Return what all trials gave; they run once a session."""
    sanitizer, kept = find_sanitizer(), folder / "barriers.json"
    with locked(kept) as is_missing:
        if is_missing:
            place = folder / "barriers"
            place.mkdir()
            kept.write_text(json.dumps(run_trials(place, sanitizer)), encoding="utf-8")
    return json.loads(kept.read_text("utf-8"))


def test_kernels_on_the_host_are_apart(folder: Path) -> None:
    """Unique symbols would be one in a process: a double of TAM's and a structure of MoMo's, both named ``shared``."""
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("needs readelf")
    host_machine.Host(folder).kernel("momo", 1, "first_float32")  # compiles it unless a test already has
    library = host_machine.library_path(folder, "momo", 1)
    symbols = subprocess.run([readelf, "-Ws", library], capture_output=True, text=True, check=True).stdout
    of_the_kernel = [line for line in symbols.splitlines() if "second_pass" in line or "block_sum" in line]
    assert of_the_kernel
    assert not any("UNIQUE" in line for line in of_the_kernel)


@pytest.mark.parametrize("trial", WHOLE, ids=lambda trial: trial.name)
def test_the_kernels_have_no_race(trial: Trial, results: Any) -> None:
    status, log = results[trial.name]
    assert status == 0, log
    assert "ThreadSanitizer" not in log


@pytest.mark.parametrize("trial", BROKEN, ids=lambda trial: trial.name)
def test_each_barrier_is_needed(trial: Trial, results: Any) -> None:
    status, log = results[trial.name]
    assert status == EXIT_CODE, log
    assert "ThreadSanitizer: data race" in log
