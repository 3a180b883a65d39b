"""Count the kernels that a step launches and the times that the host waits in it, with PyTorch's profiler.

The trace covers the whole process, also the kernels of CuPy and JAX. It sees waits in the CUDA runtime, which CuPy and
PyTorch call. It does not see waits in the driver, which JAX calls.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from momoracle.gpu.bench.peer import Step

_WAITS = re.compile(r"^cu(da)?(\w*Synchronize|Memcpy(?!\w*Async)\w*)$")


class Counts(NamedTuple):
    """How many kernels one call launched, and how often the host waited in it."""

    launches: int
    synchronisations: int


def tally(events: Iterable[dict[str, Any]]) -> Counts:
    """Count the kernels, and the calls in which the host waits, in the events of a trace.

    >>> tally([{"cat": "kernel", "name": "f"}, {"cat": "cuda_runtime", "name": "cudaStreamSynchronize"}])
    Counts(launches=1, synchronisations=1)
    """
    kernels = waits = 0
    for event in events:
        kind = event.get("cat")
        kernels += kind == "kernel"
        waits += kind in ("cuda_runtime", "cuda_driver") and bool(_WAITS.match(event["name"]))
    return Counts(kernels, waits)


def count_calls(step: Step) -> Counts | None:
    """Return the counts of one call, without those of the profiler itself; None if there is no PyTorch on CUDA."""
    if find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    step()
    idle, total = _count_idle(), count_in_trace(step)
    return Counts(total.launches - idle.launches, total.synchronisations - idle.synchronisations)


@cache
def _count_idle() -> Counts:
    """Return the counts of an empty step, which are the profiler's own; the first trace only warms it up."""
    count_in_trace(lambda: None)
    return count_in_trace(lambda: None)


def count_in_trace(step: Step) -> Counts:
    """Return the counts in a trace of one call and of the two waits for the device around it."""
    import torch

    wait = torch.cuda.synchronize if torch.cuda.is_available() else (lambda: None)
    wait()
    with torch.profiler.profile(activities=torch.profiler.supported_activities()) as trace:
        step()
        wait()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        trace.export_chrome_trace(str(path))
        return tally(json.loads(path.read_text(encoding="utf-8"))["traceEvents"])
