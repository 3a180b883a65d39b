"""The benchmark on this process's CUDA device."""

from collections.abc import Callable
from typing import Any

from momoracle.gpu.bench.clock import DeviceClock
from momoracle.gpu.bench.counts import counted
from momoracle.gpu.bench.run import run
from momoracle.gpu.bench.shapes import workloads
from momoracle.gpu.cuda_device import CudaDevice


def measured(seconds: float, watch: Callable[[str], None]) -> dict[str, Any]:
    """Return the results of every workload; after ``seconds`` no other measurement is begun.

    Raises:
        ImportError: CuPy is missing.
        RuntimeError: there is no CUDA device.
    """
    device = CudaDevice()
    clock = DeviceClock()
    with clock.stream:
        return run(
            workloads(),
            device,
            clock,
            counted,
            where=device.where(),
            seconds=seconds,
            release=clock.release,
            watch=watch,
        )
