"""Use the CUDA device of this process through CuPy."""

import atexit
import os
import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momoracle.gpu.compiling import THREADS, compile_kernel, compiler_version
from momoracle.gpu.machine import Array, Kernel

INSTALL = "pip install 'momoracle[gpu]', which brings CuPy for CUDA 13"
ELSEWHERE = "the methods of momoracle itself run anywhere"
CUDA_MEMORY = (2, 13)  # DLPack's kDLCUDA and kDLCUDAManaged


class CudaDevice:
    """Arrays and launches on the current CUDA device.

    Raises:
        ImportError: CuPy is missing.
        RuntimeError: CuPy finds no CUDA device.
    """

    def __init__(self) -> None:
        try:
            import cupy
        except ImportError as error:
            raise ImportError(f"momoracle.gpu needs CuPy ({error}): {INSTALL}; {ELSEWHERE}") from error
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise RuntimeError(
                f"momoracle.gpu needs a CUDA device, and CuPy finds none ({error}); {ELSEWHERE}"
            ) from None
        if count == 0:
            raise RuntimeError(f"momoracle.gpu needs a CUDA device, and there is none; {ELSEWHERE}")
        self._cupy = cupy

    def where(self) -> dict[str, str]:
        """Return the names of the device and its driver, and the versions of CUDA, NVRTC and CuPy."""
        runtime = self._cupy.cuda.runtime
        return {
            "device": runtime.getDeviceProperties(self._cupy.cuda.Device().id)["name"].decode(),
            "driver": _driver(),
            "CUDA of the driver": _format_version(runtime.driverGetVersion()),
            "CUDA": _format_version(runtime.runtimeGetVersion()),
            "NVRTC": compiler_version(),
            "CuPy": self._cupy.__version__,
        }

    def array(self, value: Any, label: str) -> Array:
        array = self._import_array(value, label)
        current = self._cupy.cuda.Device().id
        if array.device.id != current:
            raise ValueError(
                f"{label} is on {self.place(array)} where the current one is {current}: copy it there, or step inside "
                f"`with cupy.cuda.Device({array.device.id}):`"
            )
        return array

    def _import_array(self, value: Any, label: str) -> Array:
        if isinstance(value, self._cupy.ndarray):
            return value
        detached = value.detach() if getattr(value, "requires_grad", False) else value
        if hasattr(detached, "__dlpack__") and hasattr(detached, "__dlpack_device__"):
            if detached.__dlpack_device__()[0] in CUDA_MEMORY:
                return self._cupy.from_dlpack(detached)
        elif hasattr(detached, "__cuda_array_interface__"):
            return self._cupy.asarray(detached)
        raise TypeError(
            f"{label} is a {type(value).__module__}.{type(value).__qualname__} that is not on a CUDA device; an array "
            f"there is needed, of CuPy or with __dlpack__ or __cuda_array_interface__: pass cupy.asarray({label})"
        )

    def contiguous(self, array: Array) -> Array:
        return array if array.flags.c_contiguous else self._cupy.ascontiguousarray(array)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return self._cupy.empty(shape, dtype)

    def full(self, shape: tuple[int, ...], value: float, dtype: Any) -> Array:
        return self._cupy.full(shape, value, dtype)

    def pointer(self, array: Array) -> int:
        return int(array.data.ptr)

    def place(self, array: Array) -> str:
        return f"CUDA device {array.device.id}"

    def write(self, array: Array, content: NDArray[Any]) -> None:
        array.set(content)

    def read(self, array: Array) -> NDArray[Any]:
        result: NDArray[Any] = self._cupy.asnumpy(array)
        return result

    def kernel(self, kernel: str, bins: int, entry: str) -> Kernel:
        device = self._cupy.cuda.Device()
        function = _module(kernel, bins, device.id, device.compute_capability).get_function(entry)

        def launch(blocks: int, job: Array, chunk: int) -> None:
            with device:  # the module is loaded there alone
                function((blocks,), (THREADS,), (job, np.int64(chunk)))

        return launch


def _format_version(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def _driver() -> str:
    """Return the driver's version from the kernel module's file, which some containers lack."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    match = re.search(r"\b\d{3}\.\d+(\.\d+)?\b", text)
    return match[0] if match else "unknown"


@cache
def _module(kernel: str, bins: int, device: int, capability: str) -> Any:
    """Return a kernel loaded on a device: a module belongs to the one that was current when it was loaded."""
    import cupy

    path = _folder() / f"{kernel}.cubin"
    path.write_bytes(_code(kernel, bins, f"sm_{capability}"))
    module = cupy.RawModule(path=str(path))
    module.compile()
    return module


def _folder() -> Path:
    """Return a new folder for machine code while this process lives: CuPy reads it anew after ``cupy.clear_memo()``."""
    folder = Path(mkdtemp(prefix="momoracle-"))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # and not a child that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


_code = cache(compile_kernel)  # devices of one kind share the compiler's work
