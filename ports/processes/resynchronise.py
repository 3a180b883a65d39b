"""A port set back to the expected parameters after every step, so that each step shows a fault of its own."""

from collections import Counter
from collections.abc import Callable, Sequence

from momoracle.ports.adapters.loading import parse
from momoracle.ports.processes.check_vectors import job_of
from momoracle.ports.processes.child import Job, Observed
from momoracle.ports.processes.process import Child
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import Vector, VectorFile

_MOST = 24  # vectors: each is run once more, and further ones of the same kind tell nothing new


def resynchronised(
    report: Report,
    vectors: VectorFile,
    *,
    time_limit: float = 10.0,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, tuple[Observed, ...]]:
    """Return, by vector, what the port returns where it starts every step from the parameters that are expected.

    Vectors in float64 whose core result deviates are run, for they tell more; those in float32 where there are no
    others. Empty where the port's parameters cannot be set, or nothing deviates. ``progress`` is called with each
    vector's id.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    chosen = _chosen([by_id[result.vector] for result in report.of("core") if _has_deviated(result)])
    found: dict[str, tuple[Observed, ...]] = {}
    if not chosen:
        return found
    with Child(parse(report.port), report.algorithm, chosen[0].dtype, time_limit=time_limit) as child:
        for vector in chosen:
            progress(vector.id)
            outcome = child.run(reset_job(vector))
            if outcome.missing is not None:
                break
            found[vector.id] = tuple(outcome.observed)
    return found


def reset_job(vector: Vector) -> Job:
    """Return what a vector prescribes, with the expected parameters to go on from; every step must be recorded."""
    job = job_of(vector)
    resets = tuple(
        tuple(
            value.astype(array.dtype)
            for value, array in zip(step.expected["params"].values, vector.params, strict=True)
        )
        for step in vector.steps
    )
    return Job(job.params, job.hyperparameters, job.losses, job.grads, job.recorded, resets)


def _chosen(deviating: Sequence[Vector]) -> list[Vector]:
    recorded = [vector for vector in deviating if all("params" in step.expected for step in vector.steps)]
    exact = [vector for vector in recorded if vector.dtype == "float64"] or recorded
    seen: Counter[tuple[str, ...]] = Counter()
    turns = []
    for vector in exact:
        turns.append(seen[vector.flags])
        seen[vector.flags] += 1
    in_turn = sorted(zip(turns, range(len(exact)), strict=True))  # one of each kind first
    return [exact[i] for _, i in in_turn[:_MOST]]


def _has_deviated(result: VectorResult) -> bool:
    return result.status == "deviates" and result.deviation is not None
