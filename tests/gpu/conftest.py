"""The kernels compiled for the host: once a run, whatever the number of processes."""

import os
from pathlib import Path

import host_machine
import pytest


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
