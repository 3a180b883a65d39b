"""All that the checker can tell of a port: vectors, diagnosis, and what it does beside its update."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from momoracle.ports.adapters.loading import parse
from momoracle.ports.behaviours.table import CHECKS
from momoracle.ports.diagnosis.diagnose import diagnose
from momoracle.ports.processes.check_behaviours import behaviours, not_tried
from momoracle.ports.processes.check_vectors import check
from momoracle.ports.processes.resynchronise import resynchronised
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile

HANGS = 2  # vectors that hang, after which the behaviours would too


class Watcher(Protocol):
    """Is told what is going on: ``done`` a part of what `parts` counts, or only ``doing`` something."""

    def done(self, name: str) -> None:
        """Count one more part as done."""

    def doing(self, name: str) -> None:
        """Say what is under way, which has no known length."""


class Unwatched:
    """A `Watcher` that looks away."""

    def done(self, name: str) -> None:
        """Count one more part as done."""

    def doing(self, name: str) -> None:
        """Say what is under way, which has no known length."""


def parts(vectors: VectorFile) -> int:
    """Return how many times `examine` says that a part is done."""
    return len(vectors.vectors) + len(CHECKS)


def examine(
    algorithm: str,
    port: str,
    vectors: VectorFile,
    *,
    time_limit: float = 10.0,
    watcher: Watcher | None = None,
) -> Report:
    """Check a port, say of one that deviates where and what it computes instead, and look at its behaviours.

    ``time_limit`` is in seconds a vector or behaviour; where `HANGS` vectors took longer, behaviours are not tried.
    Raises `PortError` as `check` does.
    """
    watch = watcher or Unwatched()
    say: Callable[[str], None] = watch.doing
    report = check(algorithm, port, vectors, time_limit=time_limit, progress=lambda result: watch.done(result.vector))
    again = resynchronised(report, vectors, time_limit=time_limit, progress=say)
    report = diagnose(report, vectors, again, say)
    spec = parse(port)
    hangs = sum(any(note.kind == "hang" for note in result.incidents) for result in report.results)
    if hangs >= HANGS:
        rows = not_tried(algorithm, spec, f"not tried: the port hung in {hangs} vectors")
    else:
        rows = behaviours(algorithm, spec, time_limit=time_limit, progress=lambda row: watch.done(row.id))
    return replace(report, behaviours=rows)
