"""Set a port back to the expected parameters after every step, so that each step shows a fault of its own."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from momoracle.ports.processes.session import Session
from momoracle.ports.running.messages import Job, Observed, job_of
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

_MOST = 24  # vectors: each is run once more, and further ones of the same kind tell nothing new


def resynchronise(
    session: Session, report: Report, vectors: VectorFile, progress: Callable[[str], None] = lambda _: None
) -> dict[str, tuple[Observed, ...]]:
    """Return, by vector, what the port returns where it starts every step from the parameters that are expected.

    Vectors in float64 whose core result deviates are run, for they tell more; those in float32 where there are no
    others. Empty where the port's parameters cannot be set, or nothing deviates. ``progress`` is called with each
    vector's id.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    results: dict[str, tuple[Observed, ...]] = {}
    for vector in _choose([by_id[result.vector] for result in report.of("core") if _has_deviated(result)]):
        progress(vector.id)
        outcome = session.run(make_reset_job(vector), vector.dtype)
        if outcome.missing is not None:
            break
        results[vector.id] = tuple(outcome.observed)
    return results


def make_reset_job(vector: GoldenVector) -> Job:
    """Return what a vector prescribes, with the expected parameters to go on from; every step must be recorded."""
    resets = tuple(
        tuple(
            value.astype(array.dtype)
            for value, array in zip(step.expected["params"].values, vector.params, strict=True)
        )
        for step in vector.steps
    )
    return replace(job_of(vector), resets=resets)


def _choose(deviating: Sequence[GoldenVector]) -> list[GoldenVector]:
    """Return the vectors to run: of each kind one, then of each kind a second, until there are enough."""
    recorded = [vector for vector in deviating if all("params" in step.expected for step in vector.steps)]
    exact = [vector for vector in recorded if vector.dtype == "float64"] or recorded
    seen: Counter[tuple[str, ...]] = Counter()
    turns = []
    for vector in exact:
        turns.append(seen[vector.flags])
        seen[vector.flags] += 1
    in_turn = sorted(zip(turns, range(len(exact)), strict=True))
    return [exact[i] for _, i in in_turn[:_MOST]]


def _has_deviated(result: VectorResult) -> bool:
    return result.status == "deviates" and result.deviation is not None
