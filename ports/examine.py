"""Everything that the checker can say of a port: vectors and behaviours, which give the verdict, then the diagnosis."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from momoracle.ports.adapters.port_spec import Setting
from momoracle.ports.behaviours.table import CHECKS
from momoracle.ports.diagnosis.diagnose import diagnose
from momoracle.ports.processes.check_behaviours import Rows, check_behaviours, rows_in_order
from momoracle.ports.processes.check_vectors import Results, check_vectors, report_of, require_something_checked
from momoracle.ports.processes.resynchronise import resynchronise
from momoracle.ports.processes.session import PortSession, open_session
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile

HANGS = 2  # vectors that hang, after which the behaviours would too
PARTS = ("vectors", "behaviours", "diagnosis")


class Watcher(Protocol):
    """Is notified of what is going on: ``done`` with each part that `parts` counts, ``doing`` with anything else."""

    def done(self, name: str) -> None:
        """Count one more part as done."""

    def doing(self, name: str) -> None:
        """Say what is under way, which has no known length."""


class Unwatched:
    """A `Watcher` that shows nothing."""

    def done(self, name: str) -> None:
        """Count one more part as done."""

    def doing(self, name: str) -> None:
        """Say what is under way, which has no known length."""


def parts(vectors: VectorFile) -> int:
    """Return how many times `observe_port` says that a part is done."""
    return len(vectors.vectors) + len(CHECKS)


def examine(
    algorithm: str,
    port: str,
    vectors: VectorFile,
    *,
    time_limit: float = 10.0,
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
    watcher: Watcher | None = None,
) -> Report:
    """Check a port and its behaviours, and say of one that deviates where and what it computes instead.

    Arguments and errors are those of `momoracle.ports.check`; ``time_limit`` holds for a behaviour too.
    """
    with open_session(algorithm, port, time_limit=time_limit, settings=settings, names=names) as session:
        report = observe_port(session, vectors, watcher)
        return diagnose_port(session, report, vectors, watcher)


def observe_port(session: PortSession, vectors: VectorFile, watcher: Watcher | None = None) -> Report:
    """Run vectors and behaviours; the verdict of the report is final.

    Ctrl-C ends this, and what has been done until then is returned; ``unfinished`` names the rest. Where `HANGS`
    vectors hung, behaviours are not tried. Raises `PortError` as `momoracle.ports.check` does.
    """
    watch = watcher or Unwatched()
    results: Results = {}
    rows: Rows = {}
    reason = ""
    unfinished: tuple[str, ...] = PARTS
    try:
        check_vectors(session, vectors, results, lambda result: watch.done(result.vector))
        require_something_checked(report_of(session, vectors, results))
        unfinished = PARTS[1:]
        hangs = sum(any(note.kind == "hang" for note in result.incidents) for result in results.values())
        if hangs >= HANGS:
            reason = f"not tried: the port hung in {hangs} vectors"
        else:
            check_behaviours(session, rows, lambda row: watch.done(row.id))
        unfinished = ()
    except KeyboardInterrupt:
        session.cancel()
        reason = "not run: the check was interrupted"
    return replace(
        report_of(session, vectors, results),
        behaviours=rows_in_order(session.algorithm, session.spec, rows, reason),
        unfinished=unfinished,
    )


def diagnose_port(
    session: PortSession, report: Report, vectors: VectorFile, watcher: Watcher | None = None, *, seed: str = ""
) -> Report:
    """Return the report with an explanation and locations, where the parameters of a core vector deviate.

    ``seed`` names the drawing of the fresh cases that confirm an explanation; the port's name where it is empty.
    Nothing is done to a report that is ``unfinished``. Ctrl-C ends this, and the report is returned as it was.
    """
    watch = watcher or Unwatched()
    say: Callable[[str], None] = watch.doing
    off = [result for result in report.of("core") if result.deviation is not None and result.deviation.in_params]
    if report.unfinished or not off:
        return report
    try:
        resynchronised = resynchronise(session, report, vectors, say)
        return diagnose(report, vectors, session.run, resynchronised, say, seed=seed)
    except KeyboardInterrupt:
        session.cancel()
        return replace(report, unfinished=PARTS[2:])
