"""ThreadSanitizer over the kernels on the host: nothing to say about them, and much as soon as a barrier is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.device import host_machine

from momoracle.gpu.source import KERNELS, source

BARRIER = "__syncthreads();"
TRIAL = """
import sys
from pathlib import Path
import numpy as np
from support.device.host_machine import Host
from momoracle import TAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu import Fused

folder, name, dtype = sys.argv[1:]
method = {"momo": MoMo(), "momo_adam": MoMoAdam(), "tam": TAM(), "adatam": AdaTAMW()}[name]
fused = Fused(method, machine=Host(Path(folder), threads=8))
x = [np.linspace(-1, 1, n).astype(dtype).reshape(shape) for n, shape in ((9000, (90, 100)), (33, (33,)), (0, (0,)))]
bound = fused.bind(x, [z + z.dtype.type(1) for z in x], fused.init(x), 1.0)
for _ in range(3):
    bound()
bound.check()
print("done")
"""


def sanitizer() -> str:
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


def trial(text: str, kernel: str, dtype: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Take three steps with the kernel's text, instrumented, in a process of its own."""
    bins = 5 if dtype == "float64" else 1
    target = folder / f"{kernel}-{bins}-8.so"
    host_machine.build(text, target, f"-DBINS={bins}", "-g", "-fsanitize=thread", threads=8)
    environment = os.environ | {
        "LD_PRELOAD": sanitizer(),
        "TSAN_OPTIONS": "exitcode=66 halt_on_error=1 report_signal_unsafe=0",
        "PYTHONPATH": str(Path(host_machine.__file__).parents[2]),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", TRIAL, str(folder), kernel, dtype]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_kernels_on_the_host_are_apart(tmp_path: Path) -> None:
    """Unique symbols would be one in a process: a double of TAM's and a structure of MoMo's, both named ``shared``."""
    readelf = shutil.which("readelf")
    if host_machine.COMPILER is None or readelf is None:
        pytest.skip("needs g++ and readelf")
    host_machine.build(source("momo"), tmp_path / "momo.so", "-DBINS=1")
    symbols = subprocess.run([readelf, "-Ws", tmp_path / "momo.so"], capture_output=True, text=True, check=True).stdout
    of_the_kernel = [line for line in symbols.splitlines() if "second_pass" in line or "block_sum" in line]
    assert of_the_kernel
    assert not any("UNIQUE" in line for line in of_the_kernel)


@pytest.mark.parametrize(("kernel", "dtype"), [*((kernel, "float64") for kernel in KERNELS), ("momo", "float32")])
def test_the_kernels_have_no_race(kernel: str, dtype: str, tmp_path: Path) -> None:
    sanitizer()
    result = trial(source(kernel), kernel, dtype, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "done\n"
    assert "ThreadSanitizer" not in result.stderr


@pytest.mark.parametrize(("kernel", "which"), [("momo", 0), *((kernel, 1) for kernel in KERNELS)])  # 0 is in sums.cuh
def test_each_barrier_is_needed(kernel: str, which: int, tmp_path: Path) -> None:
    sanitizer()
    places = [match.start() for match in re.finditer(re.escape(BARRIER), source(kernel))]
    assert len(places) == 2
    start = places[which]
    without = source(kernel)[:start] + source(kernel)[start + len(BARRIER) :]
    result = trial(without, kernel, "float32", tmp_path)
    assert result.returncode == 66, result.stdout + result.stderr
    assert "ThreadSanitizer: data race" in result.stderr
