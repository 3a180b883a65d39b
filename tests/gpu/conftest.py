"""The machines that run the kernels: the host, for which they are compiled once a run, and a CUDA device."""

import os
from pathlib import Path

import host_machine
import pytest

from momoracle.gpu.cuda_device import CudaDevice
from momoracle.gpu.machine import Machine


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if host_machine.COMPILER is None:
        pytest.skip("needs g++, which compiles the kernels for the host")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path = shared / "kernels"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture
def host(folder: Path) -> host_machine.Host:
    return host_machine.Host(folder)


@pytest.fixture(params=["host", pytest.param("device", marks=pytest.mark.gpu)])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Run a test on the host, and once more on a device where there is one."""
    return CudaDevice() if request.param == "device" else host_machine.Host(request.getfixturevalue("folder"))
