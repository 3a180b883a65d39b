"""Time on a CUDA device: events around each call, recorded by the device itself."""

import gc
from collections.abc import Callable
from typing import Any

Step = Callable[[], Any]


class DeviceClock:
    """Times steps on CuPy's current device, on a stream of its own."""

    def __init__(self) -> None:
        import cupy

        self._cupy = cupy
        self.stream = cupy.cuda.Stream(non_blocking=True)
        self.device = "cuda"
        self.stream_pointer: int | None = int(self.stream.ptr)
        self.cache = int(cupy.cuda.Device().attributes["L2CacheSize"])

    def seconds(self, step: Step) -> float:
        """Return how long one call takes on the device."""
        events = [self._cupy.cuda.Event() for _ in range(2)]
        with self.stream:
            events[0].record()
            step()
            events[1].record()
        events[1].synchronize()
        return float(self._cupy.cuda.get_elapsed_time(*events)) / 1e3

    def copy(self, nbytes: int) -> Step:
        """Return a copy of so many bytes from device memory to device memory."""
        with self.stream:
            source, target = self._cupy.zeros(nbytes, "uint8"), self._cupy.empty(nbytes, "uint8")
        return lambda: target.data.copy_from_device_async(source.data, nbytes, self.stream)

    def graph(self, step: Step) -> Step:
        """Return the step captured in a graph; whatever waits for the device in it cannot be captured."""
        with self.stream:
            step()  # kernels are loaded at their first launch
            self.stream.synchronize()
            self.stream.begin_capture()
            try:
                step()
            finally:
                graph = self.stream.end_capture()

        def launch(kept: Step = step) -> None:  # the step's arrays live as long as the graph
            graph.launch(self.stream)

        return launch

    def release(self) -> None:
        """Give memory that is no longer used back to the device, for the next package to take."""
        gc.collect()
        self._cupy.cuda.Device().synchronize()
        self._cupy.get_default_memory_pool().free_all_blocks()
        try:
            import torch
        except ImportError:
            return
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
