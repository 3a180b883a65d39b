"""Kernels that a step launches and times that the host waits in it, from a trace of PyTorch's profiler.

The trace covers the whole process, CuPy's and JAX's kernels too. It has the waits of the CUDA runtime, through which
CuPy and PyTorch call, and not those of the driver, through which JAX does.
"""

import json
import re
from collections.abc import Callable, Iterable
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
    torch.cuda.synchronize()
    seen, idle = _traced(step), _traced(lambda: None)
    return Counts(seen.launches - idle.launches, seen.synchronisations - idle.synchronisations)


def _traced(step: Step) -> Counts:
    import torch

    kinds = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[kinds.CPU, kinds.CUDA]) as trace:
        step()
        torch.cuda.synchronize()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        trace.export_chrome_trace(str(path))
        return tally(json.loads(path.read_text(encoding="utf-8"))["traceEvents"])
