"""Run the benchmark on the CUDA device of this process."""

from collections.abc import Callable
from typing import Any

from momoracle.gpu.bench.clock import DeviceClock
from momoracle.gpu.bench.counts import count_calls
from momoracle.gpu.bench.run import run_benchmark
from momoracle.gpu.bench.shapes import workloads
from momoracle.gpu.cuda_device import CudaDevice


def measure_device(seconds: float, watch: Callable[[str], None]) -> dict[str, Any]:
    """Return the results of every workload; after ``seconds`` no further measurement begins.

    Raises:
        ImportError: CuPy is missing.
        RuntimeError: there is no CUDA device.
    """
    device = CudaDevice()
    clock = DeviceClock()
    with clock.stream:
        return run_benchmark(
            workloads(),
            device,
            clock,
            count_calls,
            where=device.where(),
            seconds=seconds,
            release=clock.release,
            watch=watch,
        )
