"""Run the kernels on the host: the same sources as on a device, compiled as C++ behind `host_shim.hpp`."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from momoracle.gpu.machine import Array, Kernel
from momoracle.gpu.source import source
from support.device.once import locked

COMPILER = shutil.which("g++")
SHIM = Path(__file__).with_name("host_shim.hpp")
FOLDER = files("momoracle.gpu.kernels")


def build(text: str, target: Path, *options: str, threads: int = 4) -> None:
    """Compile the text of a kernel into a shared library."""
    assert COMPILER
    part = target.with_suffix(f".{os.getpid()}")  # renamed when it is complete
    command = [COMPILER, "-std=c++20", "-Og", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-shared", "-fPIC"]
    command += ["-fno-gnu-unique"]  # else libraries share what is __shared__ under one name in several kernels
    command += ["-ffp-contract=off"]  # products are rounded before they are added, as on a device
    command += ["-pthread", "-include", str(SHIM), f"-DTHREADS={threads}", *options, "-x", "c++", "-o", str(part), "-"]
    result = subprocess.run(command, input=text, text=True, capture_output=True)
    assert result.returncode == 0, result.stderr
    part.rename(target)


def build_and_load(text: str, target: Path, *options: str) -> ctypes.CDLL:
    """Compile a text and load it."""
    build(text, target, *options)
    return ctypes.CDLL(str(target))


def call(library: ctypes.CDLL, name: str, argument: Any, result: Any) -> None:
    """Call a function of two arrays and their length."""
    getattr(library, name)(*(ctypes.c_void_p(z.ctypes.data) for z in (argument, result)), ctypes.c_long(argument.size))


def library_path(folder: Path, kernel: str, bins: int, threads: int = 4) -> Path:
    """Return where a machine keeps a compiled kernel."""
    return folder / f"{kernel}-{bins}-{threads}.so"


class Host:
    """A machine with NumPy's arrays, and blocks of a few threads.

    Args:
        folder: keeps the compiled kernels; every machine of a session shares it.
        threads: of a block.
        text: returns the source of a kernel; a machine with another text than the package's needs a folder of its own.
        backwards: run the blocks from the last to the first.
    """

    def __init__(
        self, folder: Path, threads: int = 4, text: Callable[[str], str] = source, backwards: bool = False
    ) -> None:
        self._folder, self._threads, self._text, self._backwards = folder, threads, text, backwards
        self._libraries: dict[tuple[str, int], ctypes.CDLL] = {}
        self.launches: list[tuple[str, int]] = []  # entry and blocks of each so far

    def array(self, value: Any, label: str) -> Array:
        if isinstance(value, np.ndarray):
            return value
        detached = value.detach() if getattr(value, "requires_grad", False) else value
        if hasattr(detached, "__dlpack__"):
            return np.from_dlpack(detached)
        raise TypeError(f"{label} is a {type(value).__qualname__}; an array of the host is needed")

    def contiguous(self, array: Array) -> Array:
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.frombuffer(b"\xff" * (int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype).reshape(shape).copy()

    def full(self, shape: tuple[int, ...], value: float, dtype: Any) -> Array:
        return np.full(shape, value, dtype)

    def pointer(self, array: Array) -> int:
        return int(array.ctypes.data)

    def place(self, array: Array) -> str:
        return "the host"

    def write(self, array: Array, content: Any) -> None:
        array[...] = content

    def read(self, array: Array) -> Any:
        return array.copy()

    def kernel(self, kernel: str, bins: int, entry: str) -> Kernel:
        library = self._library(kernel, bins)
        function, start = getattr(library, entry), library.launch
        backwards = ctypes.c_int.in_dll(library, "backwards")  # one for all machines that loaded this library

        def launch(blocks: int, job: Array, chunk: int) -> None:
            self.launches.append((entry, blocks))
            backwards.value = self._backwards
            start(function, ctypes.c_uint(blocks), ctypes.c_void_p(job.ctypes.data), ctypes.c_longlong(chunk))

        return launch

    def _library(self, kernel: str, bins: int) -> ctypes.CDLL:
        key = kernel, bins
        if key not in self._libraries:
            path = library_path(self._folder, kernel, bins, self._threads)
            with locked(path) as is_missing:
                if is_missing:
                    build(self._text(kernel), path, f"-DBINS={bins}", threads=self._threads)
            library = ctypes.CDLL(str(path))
            library.launch.restype = None
            self._libraries[key] = library
        return self._libraries[key]
