"""What `CudaDevice` asks of CuPy, on a stand-in for it: the device of a module, and whose arrays are taken."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from momoracle.gpu import cuda_device
from momoracle.gpu.cuda_device import CudaDevice

pytestmark = pytest.mark.parametrize("cupy", ["stand-in"], indirect=True)


def test_a_module_is_loaded_once_a_device_and_launched_there(cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, entered, paths = [], [], []
    device_class = cupy.cuda.Device

    class Module:
        def __init__(self, path: str) -> None:
            assert Path(path).is_file()
            paths.append(Path(path))

        def compile(self) -> None:
            loaded.append(device_class.id)

        def get_function(self, entry: str) -> Any:
            return lambda grid, block, arguments: entered.append(("launched", grid))

    monkeypatch.setattr(cupy, "RawModule", Module)
    monkeypatch.setattr(device_class, "__enter__", lambda self: entered.append(("entered", self.id)))
    kernels = []
    for device in (0, 0, 1, 1, 0):
        monkeypatch.setattr(device_class, "id", device)
        kernels.append(CudaDevice().kernel("tam", 1, "first_float32"))
    assert loaded == [0, 1]
    assert all(path.is_file() for path in paths)  # CuPy reads it again after clear_memo
    for path in paths:
        cuda_device._remove(path.parent, os.getppid())  # as a forked child would, at its end
    assert all(path.is_file() for path in paths)
    kernels[0](7, cupy.zeros(1), 0)
    assert entered == [("entered", 0), ("launched", (7,))]


@pytest.mark.usefixtures("cupy")
@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("NVRM version: NVIDIA UNIX Kernel Module  580.159.04  Release Build\nGCC version: gcc 13.3.0", "580.159.04"),
        ("something else", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_driver_is_named(text: str | None, driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def __init__(self, path: str) -> None:
            assert path.startswith("/proc/driver")

        def read_text(self, encoding: str) -> str:
            if text is None:
                raise FileNotFoundError
            return text

    monkeypatch.setattr(cuda_device, "Path", Missing)
    where = CudaDevice().where()
    assert where["driver"] == driver
    assert where["device"] == "the host in a device's place"


def test_other_packages_arrays_are_taken_where_they_say_that_they_are(cupy: Any) -> None:
    class Foreign:
        requires_grad = False

        def __init__(self, kind: int) -> None:
            self._kind = kind

        def __dlpack__(self, **options: Any) -> Any:
            raise AssertionError("CuPy takes it")

        def __dlpack_device__(self) -> tuple[int, int]:
            return self._kind, 0

    class Learned(Foreign):
        requires_grad = True

        def detach(self) -> Foreign:
            return there

    there, device, taken = Foreign(2), CudaDevice(), cupy.ones(3)
    cupy.from_dlpack = lambda value: taken if value is there else None
    assert device.array(there, "params") is taken
    assert device.array(Learned(2), "params") is taken
    for wrong in (Foreign(1), np.ones(3), [1.0], 1.0):
        with pytest.raises(
            TypeError, match=r"params is a .* that is not on a CUDA device; .*pass cupy.asarray\(params\)"
        ):
            device.array(wrong, "params")
