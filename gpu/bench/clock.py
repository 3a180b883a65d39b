"""Time steps on a CUDA device with events that the device records before and after each call."""

import gc

from momoracle.gpu.bench.peer import Step


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
        """Return a step that copies ``nbytes`` from device memory to device memory."""
        with self.stream:
            source, target = self._cupy.zeros(nbytes, "uint8"), self._cupy.empty(nbytes, "uint8")
        return lambda: target.data.copy_from_device_async(source.data, nbytes, self.stream)

    def graph(self, step: Step) -> Step:
        """Return the step as a CUDA graph; a step that waits for the device cannot be captured and raises."""
        with self.stream:
            step()  # kernels are loaded at their first launch
            self.stream.synchronize()
            self.stream.begin_capture()
            try:
                step()
            finally:
                graph = self.stream.end_capture()

        def launch(kept: Step = step) -> None:  # the default argument keeps the step's arrays alive
            graph.launch(self.stream)

        return launch

    def release(self) -> None:
        """Return unused memory to the device, so that the next package can allocate it."""
        gc.collect()
        self._cupy.cuda.Device().synchronize()
        self._cupy.get_default_memory_pool().free_all_blocks()
        try:
            import torch
        except ImportError:
            return
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
