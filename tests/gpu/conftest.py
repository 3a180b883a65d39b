"""The machines that run the kernels: the host, for which they are compiled once a run, and a CUDA device."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.device import cupy_stand_in, host_machine

from momoracle.gpu import cuda_device
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
    """Run a test on the host, and on a device where there is one."""
    return CudaDevice() if request.param == "device" else host_machine.Host(request.getfixturevalue("folder"))


@pytest.fixture(params=["stand-in", pytest.param("device", marks=pytest.mark.gpu)])
def cupy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return CuPy; and first the host in its place, so that what goes wrong on a device is not the test itself."""
    if request.param == "device":
        yield pytest.importorskip("cupy", reason="needs CuPy")
        return
    module = cupy_stand_in.stand_in(request.getfixturevalue("folder"))
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setattr(cuda_device, "_code", lambda kernel, bins, arch: f"{kernel} {bins}".encode())
    monkeypatch.setattr(cuda_device, "compiler_version", lambda: "none, the host's compiler")
    cuda_device._module.cache_clear()
    yield module
    cuda_device._module.cache_clear()
