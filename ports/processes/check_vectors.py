"""Check a port against vectors: run them in the processes of a session and compare."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from threading import Lock
from typing import Any, TypeAlias

from momoracle.ports.adapters.port_spec import PortError, Setting
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.processes.session import PortSession, open_session
from momoracle.ports.running.compare import result_of
from momoracle.ports.running.messages import Incident, Kind, Observed, Outcome, job_of
from momoracle.ports.running.report import Report, VectorResult
from momoracle.ports.running.unknown_names import find_unknown_buffers, unknown_name_lines
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

Progress: TypeAlias = Callable[[VectorResult], None]
Results: TypeAlias = dict[str, VectorResult]


def check(
    algorithm: str,
    port: str,
    vectors: VectorFile,
    *,
    time_limit: float = 10.0,
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run every vector on a fresh port and compare each recorded step within the vector's own tolerances.

    Each dtype has its own process, and these run side by side.

    Args:
        algorithm: one of those of the command line.
        port: what the command line takes as PORT.
        vectors: as ``momoracle.reference.golden.vectors_of`` returns them.
        time_limit: seconds of processor time that a vector may take; imports have their own.
        settings: values for arguments of the port's own, as ``--set``.
        names: hyperparameter -> what the port calls it, as ``--name``.
        progress: called after each vector, from one thread at a time, in no fixed order.

    Raises:
        AlgorithmError: there is no such ``algorithm``.
        PortError: ``port`` is wrong, the port cannot be loaded, or it offers the features of no core vector: nothing
            has been checked then, which must not look like a verdict.

    >>> from momoracle.reference.golden import vectors_of
    >>> check("sgd", "nonsense", vectors_of("sgd"))
    Traceback (most recent call last):
    ...
    momoracle.ports.adapters.port_spec.PortError: PORT='nonsense': expected FILE.py:NAME...
    """
    with open_session(algorithm, port, time_limit=time_limit, settings=settings, names=names) as session:
        results: Results = {}
        check_vectors(session, vectors, results, progress)
        report = report_of(session, vectors, results)
    require_something_checked(report)
    return report


def check_vectors(
    session: PortSession, vectors: VectorFile, results: Results, progress: Progress | None = None
) -> None:
    """Put what came of each vector into ``results``, by its id; what is there when this is interrupted is valid.

    Raises `PortError` where the port cannot be loaded.
    """
    dtypes = sorted({vector.dtype for vector in vectors.vectors})
    lock = Lock()

    def run(dtype: str) -> None:
        for vector in vectors.vectors:
            if vector.dtype == dtype:
                result = result_of(vector, vectors, session.run(job_of(vector), dtype))
                with lock:
                    results[vector.id] = result
                    if progress is not None:
                        progress(result)

    for dtype in dtypes:  # here, for the threads are not to make one at the same time
        session.child(dtype)
    with ThreadPoolExecutor(max_workers=max(1, len(dtypes))) as pool:
        running = [pool.submit(run, dtype) for dtype in dtypes]
        try:
            for future in as_completed(running):
                future.result()
        except BaseException:  # Ctrl-C too: nobody waits for the rest
            session.cancel()
            raise
    _run_lost_again(session, vectors, results)
    _find_ignored_switches(session, vectors, results)
    session.forgive()


def report_of(session: PortSession, vectors: VectorFile, results: Mapping[str, VectorResult]) -> Report:
    """Return the report on what has been run so far; the other vectors are not run."""
    incident = Incident("not_run", 0, "not run: the check was interrupted")
    in_order = tuple(
        results.get(vector.id) or result_of(vector, vectors, Outcome(incidents=[incident]))
        for vector in vectors.vectors
    )
    buffers = sorted({name for result in in_order for seen in result.observed for name in seen.buffers})
    return Report(
        session.algorithm,
        session.spec.text,
        session.versions,
        vectors.flags,
        in_order,
        unmatched=(*session.unmatched, *find_unknown_buffers(session.algorithm, buffers)),
        settings=dict(session.spec.settings),
        names=dict(session.spec.names),
    )


def require_something_checked(report: Report) -> None:
    """Raise `PortError` where the port offers the features of no core vector."""
    core = report.of("core")
    if all(result.status == "not_offered" for result in core):
        seen = "".join(f"; {line}" for line in unknown_name_lines(report.unmatched))
        missing = ", ".join(report.not_offered) or "there are no core vectors"
        raise PortError(
            f"PORT={report.port!r}: no core vector of {report.algorithm} could be run ({missing}), so nothing was "
            f"checked; name a port of this algorithm, or give it arguments of these names{seen}"
        )


def _run_lost_again(session: PortSession, vectors: VectorFile, results: Results) -> None:
    """Run again, alone and in a fresh process, what a busy machine may have cost, until one is lost once more.

    A limit that was exceeded because of the load is kept by a port that runs on its own. A loss that is confirmed
    settles the verdict, and the vectors after it would only take the time; so do those that were given up for crashes.
    """
    crashed = any(_has(result, "crash") and not _was_killed(result) for result in results.values())
    session.forgive()
    for vector in vectors.vectors:
        if _may_be_the_machine(results[vector.id]) and not (crashed and _has(results[vector.id], "not_run")):
            session.renew(vector.dtype)
            results[vector.id] = result_of(vector, vectors, session.run(job_of(vector), vector.dtype))
            if _may_be_the_machine(results[vector.id]):
                return


def _may_be_the_machine(result: VectorResult) -> bool:
    return _has(result, "hang") or _has(result, "not_run") or _was_killed(result)


def _was_killed(result: VectorResult) -> bool:
    """Tell whether the system ended the process, as it does where the memory is short."""
    return any(incident.kind == "crash" and "SIGKILL" in incident.message for incident in result.incidents)


def _has(result: VectorResult, kind: Kind) -> bool:
    return any(incident.kind == kind for incident in result.incidents)


def _find_ignored_switches(session: PortSession, vectors: VectorFile, results: Results) -> None:
    """Find the switches that the port's ``**kwargs`` swallow, by setting them both ways; they are not offered then.

    A port is not asked where it agrees: there the switch may make no difference. It ignores a switch where every vector
    that sets it gives the same numbers, bit for bit, without it.
    """
    for switch in session.unnamed:
        default = facts_of(session.algorithm).defaults[switch]
        setting = [vector for vector in vectors.vectors if vector.hyperparameters.get(switch, default) != default]
        wrong = [vector for vector in setting if results[vector.id].status == "deviates"]
        if wrong and all(_ignores(session, vector, {switch: default}, results[vector.id]) for vector in setting):
            reason = f"the port accepts {switch} and ignores it"
            for vector in wrong:
                result = results[vector.id]
                results[vector.id] = replace(result, deviation=None, incidents=(), feature=switch, reason=reason)


def _ignores(session: PortSession, vector: GoldenVector, default: dict[str, Any], result: VectorResult) -> bool:
    """Tell whether the port gives the same numbers with a switch at its default."""
    job = job_of(vector)
    other = session.run(replace(job, hyperparameters={**job.hyperparameters, **default}), vector.dtype)
    return not other.incidents and _bytes_of(other.observed) == _bytes_of(result.observed)


def _bytes_of(results: Iterable[Observed]) -> bytes:
    return b"".join(array.tobytes() for result in results for array in result.params)
