"""Kernels that a step launches and times that the host waits in it, from a trace of PyTorch's profiler.

The trace covers the whole process, CuPy's and JAX's kernels too. It has the waits of the CUDA runtime, through which
CuPy and PyTorch call, and not those of the driver, through which JAX does.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

Step = Callable[[], Any]
_WAITS = re.compile(r"^cu(da)?(\w*Synchronize|Memcpy(?!\w*Async)\w*)$")


class Counts(NamedTuple):
    """What one call did."""

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


def counted(step: Step) -> Counts | None:
    """Return what one call does on the device, beyond what tracing itself does; None where there is no PyTorch."""
    if find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    step()
    idle, seen = _idle(), traced(step)
    return Counts(seen.launches - idle.launches, seen.synchronisations - idle.synchronisations)


@cache
def _idle() -> Counts:
    """Return what tracing itself does; the first trace also sets the profiler up, and is left out."""
    traced(lambda: None)
    return traced(lambda: None)


def traced(step: Step) -> Counts:
    """Return what PyTorch's profiler sees of one call, and of the waits for the device before and after it."""
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
