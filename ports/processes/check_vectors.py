"""Check a port against vectors: run them in child processes and compare."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock
from typing import TypeAlias

from momoracle.ports.adapters.loading import PortError, check_algorithm, parse
from momoracle.ports.processes.child import Job
from momoracle.ports.processes.process import Child, Outcome
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.report import Report, VectorResult
from momoracle.ports.running.unknown_names import buffers, told
from momoracle.reference.golden.vectors import Vector, VectorFile

Progress: TypeAlias = Callable[[VectorResult], None]


def check(
    algorithm: str,
    port: str,
    vectors: VectorFile,
    *,
    time_limit: float = 10.0,
    progress: Progress | None = None,
) -> Report:
    """Run every vector on a fresh port and compare each recorded step within the vector's own tolerances.

    Each dtype has its own process, and these run side by side.

    Args:
        algorithm: one of those of the command line.
        port: what the command line takes as PORT.
        vectors: as ``momoracle.reference.golden.files.load`` returns them.
        time_limit: in seconds a vector; imports have their own.
        progress: called after each vector, from one thread at a time, in no fixed order.

    Raises:
        PortError: ``algorithm`` or ``port`` is wrong, the port cannot be loaded, or it offers the features of no core
            vector: nothing has been checked then, which must not look like a verdict.

    >>> from momoracle.reference.golden import files
    >>> check("sgd", "nonsense", files.load("sgd"))
    Traceback (most recent call last):
    ...
    momoracle.ports.adapters.loading.PortError: PORT='nonsense': expected FILE.py:NAME...
    """
    check_algorithm(algorithm)
    spec = parse(port)
    dtypes = sorted({vector.dtype for vector in vectors.vectors})
    lock = Lock()

    def report_one(result: VectorResult) -> None:
        if progress is not None:
            with lock:
                progress(result)

    def run(dtype: str) -> None:
        with children[dtype] as child:
            for vector in vectors.vectors:
                if vector.dtype == dtype:
                    results[vector.id] = result_of(vector, vectors, child.run(job_of(vector)))
                    report_one(results[vector.id])

    results: dict[str, VectorResult] = {}
    children = {dtype: Child(spec, algorithm, dtype, time_limit=time_limit) for dtype in dtypes}
    with ThreadPoolExecutor(max_workers=max(1, len(dtypes))) as pool:
        running = [pool.submit(run, dtype) for dtype in dtypes]
        try:
            for future in as_completed(running):
                future.result()
        except BaseException:  # Ctrl-C too: nobody waits for the rest
            for child in children.values():
                child.cancel()
            raise
    versions = {name: version for child in children.values() for name, version in child.versions.items()}
    in_order = tuple(results[vector.id] for vector in vectors.vectors)
    arguments = next((child.unmatched for child in children.values() if child.unmatched), ())
    names = sorted({name for result in in_order for seen in result.observed for name in seen.buffers})
    unmatched = (*arguments, *buffers(algorithm, names))
    report = Report(algorithm, port, versions, vectors.flags, in_order, unmatched=unmatched)
    _require_something_checked(report)
    return report


def job_of(vector: Vector) -> Job:
    """Return what a vector prescribes, without what it expects."""
    return Job(
        params=vector.params,
        hyperparameters=dict(vector.hyperparameters),
        losses=tuple(step.loss for step in vector.steps),
        grads=tuple(step.grads for step in vector.steps),
        recorded=tuple(bool(step.expected) for step in vector.steps),
    )


def result_of(vector: Vector, vectors: VectorFile, outcome: Outcome) -> VectorResult:
    """Compare what came of one vector with what it expects."""
    return VectorResult(
        vector=vector.id,
        kind=vectors.kind(vector),
        flags=vector.flags,
        deviation=first_deviation(vector, outcome.observed),
        incidents=tuple(outcome.notes),
        feature=outcome.missing,
        observed=tuple(outcome.observed),
    )


def _require_something_checked(report: Report) -> None:
    core = report.of("core")
    if all(result.status == "not_offered" for result in core):
        seen = "".join(f"; {line}" for line in told(report.unmatched))
        missing = ", ".join(report.not_offered) or "there are no core vectors"
        raise PortError(
            f"PORT={report.port!r}: no core vector of {report.algorithm} could be run ({missing}), so nothing was "
            f"checked; name a port of this algorithm, or give it arguments of these names{seen}"
        )
