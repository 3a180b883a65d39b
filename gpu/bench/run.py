"""Run the whole benchmark: every workload, the most informative first, until its time is over."""

import platform
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from typing import Any

from momoracle.gpu.bench.measure import FUSED, ROUNDS, Bench, Clock, Counter, Row
from momoracle.gpu.bench.peers import PEERS, find_missing
from momoracle.gpu.bench.shapes import Shapes
from momoracle.gpu.machine import Machine

SCHEMA = "momoracle-gpu-bench-v1"
#: these workloads are measured before the others
FIRST = ("1000 in ten tensors", "2^26 in one tensor", "GPT-2 small", "2^28 in one tensor", "2^27 in one tensor")
_PACKAGES = ("momoracle", "numpy", "cupy-cuda13x", "torch", "momo-opt", "pytorch_optimizer", "jax", "optax")


def run_benchmark(
    shapes: dict[str, Shapes],
    machine: Machine,
    clock: Clock,
    count: Counter,
    *,
    where: dict[str, str],
    seconds: float,
    rounds: int = ROUNDS,
    release: Callable[[], None] = lambda: None,
    watch: Callable[[str], None] = lambda name: None,
    now: Callable[[], float] = monotonic,
) -> dict[str, Any]:
    """Return every measurement, and what was not measured with the reason.

    Args:
        shapes: the workloads by name; those in `FIRST` go first.
        machine: runs the steps.
        clock: times them.
        count: counts their launches and waits, or returns None where it cannot.
        where: names the device and its driver, for the result.
        seconds: after so long, no further measurement begins.
        rounds: timings of each step.
        release: returns unused memory to the device; called after each measurement.
        watch: called with the name of each workload that is done.
        now: returns the time in seconds.
    """
    rows: list[Row] = []
    unmeasured: list[dict[str, str]] = []
    end, absent = now() + seconds, find_missing(clock.device)

    for workload in sorted(shapes, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
        bench = Bench(workload, shapes[workload], machine, clock, count, rounds)
        mine: list[Row] = []
        for name in (*FUSED, *(name for name in PEERS if name not in absent)):
            reason = None if now() < end else f"{seconds:.0f} s were over"
            if reason is None:
                try:
                    mine.append(bench.fused(name) if name in FUSED else bench.peer(name))
                except Exception as error:  # a step that fails is listed, and the others are measured all the same
                    reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                release()
            if reason is not None:
                unmeasured.append({"workload": workload, "name": name, "reason": reason})
        rows += [*bench.copies(), *mine]
        watch(workload)
    unmeasured += [{"workload": "every workload", "name": name, "reason": reason} for name, reason in absent.items()]
    order = list(shapes)
    return {
        "schema": SCHEMA,
        "where": where,
        "versions": list_versions(),
        "rounds": rounds,
        "rows": [row.to_json() for row in sorted(rows, key=lambda row: order.index(row.workload))],
        "unmeasured": unmeasured,
    }


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed and can change the numbers."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
