"""CuPy on the host, for tests of its users: arrays that only CuPy's operations reach, kernels compiled for the host.

It has what the package and its device tests use of CuPy, and refuses what a device refuses: NumPy's functions on its
arrays, an implicit copy to the host, and waiting for the device while a stream is being captured.
"""

import time
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from momoracle.gpu.compiling import THREADS
from support.device import host_machine


class Array(NDArrayOperatorsMixin):
    """An array that NumPy's functions cannot read: ufuncs and methods only, and no silent copy to the host."""

    __module__ = "cupy"
    device: ClassVar[Any] = SimpleNamespace(id=0)

    def __init__(self, host: Any) -> None:
        self.host = np.array(host)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("implicit conversion to a host array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc is np.vecdot:
            raise TypeError(f"not on the device: {ufunc} {method}")
        given = [z.host if isinstance(z, Array) else z for z in inputs]
        if "out" in options:
            options["out"] = tuple(z.host for z in options["out"])
        return self._like(ufunc(*given, **options))

    def __getattr__(self, name: str) -> Any:
        if name not in ("shape", "dtype", "size", "ndim", "flags"):
            raise AttributeError(name)
        return getattr(self.host, name)

    def __getitem__(self, index: Any) -> "Array":
        return self._view(self.host[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray):
            raise TypeError("an array of the host is not copied by itself")
        self.host[index] = value.host if isinstance(value, Array) else value

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())

    @property
    def T(self) -> "Array":  # noqa: N802 - its name in CuPy
        return self._view(self.host.T)

    @property
    def data(self) -> Any:
        def copy(source: Any, nbytes: int, stream: Any) -> None:
            self.host.reshape(-1).view(np.uint8)[:nbytes] = source.host.reshape(-1).view(np.uint8)[:nbytes]

        return SimpleNamespace(ptr=self.host.ctypes.data, host=self.host, copy_from_device_async=copy)

    def reshape(self, *shape: Any) -> "Array":
        return self._view(self.host.reshape(*shape))

    def astype(self, dtype: Any, copy: bool = True) -> "Array":
        return self if self.host.dtype == dtype and not copy else self._like(self.host.astype(dtype))

    def copy(self) -> "Array":
        return self._like(self.host)

    def sum(self, dtype: Any = None) -> "Array":
        return self._like(self.host.sum(dtype=dtype))

    def all(self) -> "Array":
        return self._like(self.host.all())

    def waits(self) -> None:
        """Wait for the device, or refuse to."""

    def get(self) -> Any:
        self.waits()
        return self.host.copy()

    def set(self, content: Any) -> None:
        self.waits()
        assert isinstance(content, np.ndarray)
        assert (content.shape, content.dtype) == (self.shape, self.dtype)
        self.host[...] = content

    def tolist(self) -> Any:
        return self.get().tolist()

    def _like(self, host: Any) -> "Array":
        return type(self)(host)

    def _view(self, host: Any) -> "Array":
        view = self._like(0)
        view.host = np.asarray(host)
        return view


class Context:
    """Does nothing on the way in and out, as a device or stream that is current anyway."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        pass


def stand_in(folder: Path) -> Any:
    """Return a module for CuPy's place; ``folder`` keeps the compiled kernels."""
    cupy: Any = ModuleType("cupy")
    host, captured = host_machine.Host(folder), []  # type: ignore[var-annotated]  # launches of each capture under way

    def waits() -> None:
        if captured:
            raise cupy.cuda.runtime.CUDARuntimeError("operation not permitted when stream is capturing")

    class Bound(Array):
        __module__ = "cupy"

        def waits(self) -> None:
            waits()

    class Device(Context):
        id, compute_capability = 0, "90"
        attributes: ClassVar[dict[str, int]] = {"L2CacheSize": 1000}

        def __init__(self, number: int = 0) -> None:
            assert number == 0

        def synchronize(self) -> None:
            waits()

    class Stream(Context):
        ptr = 0

        def __init__(self, non_blocking: bool = False) -> None:
            self.non_blocking = non_blocking

        def synchronize(self) -> None:
            waits()

        def begin_capture(self) -> None:
            captured.append([])

        def end_capture(self) -> Any:
            launches = captured.pop()

            def launch(stream: Any = None) -> None:
                for one in launches:
                    one()

            return SimpleNamespace(launch=launch)

    class Event:
        def record(self) -> None:
            self.at = time.perf_counter()

        def synchronize(self) -> None:
            waits()

    class RawModule:
        def __init__(self, path: str) -> None:
            self._path = path

        def compile(self) -> None:
            self._kernel, bins = Path(self._path).read_text("utf-8").split()
            self._bins = int(bins)

        def get_function(self, entry: str) -> Any:
            kernel = host.kernel(self._kernel, self._bins, entry)

            def launch(grid: Any, block: Any, arguments: Any) -> None:
                job, chunk = arguments
                assert block == (THREADS,)
                (blocks,) = grid
                one = partial(kernel, blocks, job.host, int(chunk))
                captured[-1].append(one) if captured else one()

            return launch

    def made(make: Any) -> Any:
        return lambda *given, **options: Bound(make(*given, **options))

    cupy.__version__, cupy.__spec__ = "14, on the host", ModuleSpec("cupy", None)
    cupy.ndarray, cupy.RawModule = Bound, RawModule
    cupy.asarray = lambda z, dtype=None: z if isinstance(z, Array) else Bound(np.asarray(z, dtype))
    cupy.array = lambda z, dtype=None: Bound(np.array(z.host if isinstance(z, Array) else z, dtype))
    cupy.asnumpy = lambda z: z.get()
    cupy.ascontiguousarray = lambda z: Bound(np.ascontiguousarray(z.host))
    cupy.get_array_module = lambda array: cupy
    for name in ("zeros", "ones", "empty", "full"):
        setattr(cupy, name, made(getattr(np, name)))
    cupy.get_default_memory_pool = lambda: SimpleNamespace(free_all_blocks=lambda: None)
    runtime = SimpleNamespace(
        CUDARuntimeError=type("CUDARuntimeError", (RuntimeError,), {}),
        getDeviceCount=lambda: 1,
        getDeviceProperties=lambda number: {"name": b"the host in a device's place"},
        driverGetVersion=lambda: 0,
        runtimeGetVersion=lambda: 0,
    )
    cupy.cuda = SimpleNamespace(
        Device=Device,
        Stream=Stream,
        Event=Event,
        runtime=runtime,
        get_elapsed_time=lambda start, end: 1e3 * (end.at - start.at),
    )
    return cupy
