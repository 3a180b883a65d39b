"""The port checker on the fused path, as on any other port: it calls it conformant."""

import shutil
from pathlib import Path

import pytest
from support.device import host_machine, host_port

from momoracle.gpu.programs import PROGRAMS
from momoracle.gpu.source import source
from momoracle.ports.processes.check_vectors import check
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load

FUSED = [name for name, method in ALGORITHMS.items() if method in PROGRAMS]


def port_of(algorithm: str, where: str) -> str:
    return f"{where}:{algorithm.replace('-', '_')}"


# One with a loss and two tensors, one without; test_vectors.py runs the vectors of all five in this process.
@pytest.mark.parametrize("algorithm", ["momo-adam", "tam"])
def test_the_kernels_on_the_host_conform(algorithm: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(host_port.FOLDER, str(folder))
    report = check(algorithm, port_of(algorithm, host_port.__file__), load(algorithm), time_limit=60.0)
    assert report.verdict == "conforms", report.to_json()
    assert len(report.results) > 40


def test_a_wrong_kernel_does_not_conform(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TAM's damping (2 + s)/2 instead of (1 + s)/2, in the kernel for float32; that for float64 is right."""
    monkeypatch.setenv(host_port.FOLDER, str(tmp_path))
    right = "(1.0 + s_hat) / 2.0"
    assert right in source("tam")
    text = source("tam").replace(right, "(2.0 + s_hat) / 2.0")
    host_machine.build(text, host_machine.library_path(tmp_path, "tam", 1), "-DBINS=1")
    host_machine.Host(folder).kernel("tam", 5, "first_float64")  # compiles it unless a test already has
    shutil.copy(host_machine.library_path(folder, "tam", 5), tmp_path)
    report = check("tam", port_of("tam", host_port.__file__), load("tam"), time_limit=60.0)
    assert report.verdict == "deviates"


@pytest.mark.gpu
@pytest.mark.parametrize("algorithm", FUSED)
def test_the_kernels_on_a_device_conform(algorithm: str) -> None:
    report = check(algorithm, port_of(algorithm, "momoracle.gpu.port"), load(algorithm), time_limit=60.0)
    assert report.verdict == "conforms", report.to_json()
