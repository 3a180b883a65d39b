"""Results of a benchmark that nobody measured: for tests of the page and the plot, and for nothing else."""

from typing import Any

from momoracle.gpu.bench.measure import FUSED, Row
from momoracle.gpu.bench.run import SCHEMA
from momoracle.gpu.bench.shapes import workloads

PEERS = {"torch Adam, fused": 28, "momo-opt Momo": None, "optax momo, jit": None}


def made_up(fraction: float = 0.9, launches: int = 2, waits: int = 0) -> dict[str, Any]:
    """Return results in which each fused step reaches this part of a copy of 1 byte a picosecond, and peers a tenth."""
    rows = []
    for workload, shapes in workloads().items():
        n = sum(_product(shape) for shape in shapes)
        for name, (_, _, each) in FUSED.items():
            ceiling = n * each * 1e-12
            rows.append(Row(workload, name, ceiling / fraction, "graph", each, n * each, ceiling, launches, waits))
        for name, known in PEERS.items():
            moved = None if known is None else n * known
            ceiling_or_none = None if moved is None else moved * 1e-12
            by = "host" if name.startswith("optax") else "events"
            rows.append(Row(workload, name, n * 28e-11, by, known, moved, ceiling_or_none, 7, None))
    return {
        "schema": SCHEMA,
        "where": {"device": "made up", "driver": "0"},
        "versions": {"python": "0"},
        "rounds": 1,
        "rows": [row.to_json() for row in rows],
        "unmeasured": [{"workload": "every workload", "name": "pytorch-optimizer TAM", "reason": "not installed"}],
        "tests": {"passed": 3, "failed": 0, "skipped": ["needs a second device"]},
    }


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total
