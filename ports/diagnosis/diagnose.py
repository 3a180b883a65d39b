"""The diagnosis of a port that deviates: what it computes instead, and where it parts from the method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.explain import explain, smallest_subset
from momoracle.ports.diagnosis.locate import locate
from momoracle.ports.diagnosis.replay import Replay, table
from momoracle.ports.running.compare import differ
from momoracle.ports.running.findings import Explanation
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import VectorFile


def diagnose(
    report: Report,
    vectors: VectorFile,
    resynchronised: Mapping[str, Sequence[Observed]] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Return the report with an explanation and locations, where a core vector deviates; else as it is.

    ``resynchronised`` is what `resynchronise` returned; ``progress`` is called with each set of
    departures that is tried.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    core = [result for result in report.of("core") if _complete(result)]
    if not any(result.status == "deviates" for result in core):
        return report
    replay = Replay(report.algorithm, [by_id[result.vector] for result in core])
    seen = [table(by_id[result.vector], result.observed) for result in core]
    found = explain(replay, seen, sound_buffers(report, vectors), progress)
    results = tuple(_explained(result, found, vectors) for result in report.results)
    return replace(report, results=results, explanation=found, locations=locate(core, vectors, resynchronised))


def sound_buffers(report: Report, vectors: VectorFile) -> frozenset[str]:
    """Return the buffers that the port shows in float64 and that never deviate from what is expected."""
    seen: dict[str, bool] = {}
    by_id = {vector.id: vector for vector in vectors.vectors if vector.dtype == "float64"}
    for result in report.of("core"):
        if result.vector in by_id:
            for one in result.observed:
                expected = by_id[result.vector].steps[one.step - 1].expected
                for name in expected.keys() & one.buffers.keys():
                    seen[name] = seen.get(name, True) and differ(one.buffers[name], expected[name]) is None
    return frozenset(name for name, sound in seen.items() if sound)


def _complete(result: VectorResult) -> bool:
    return result.status in ("agrees", "deviates") and bool(result.observed)


def _explained(result: VectorResult, found: Explanation, vectors: VectorFile) -> VectorResult:
    """Name, beside a deviation, those of the departures that it takes."""
    off = result.deviation
    if off is None or not found.departures or not _complete(result):
        return result
    (vector,) = (vector for vector in vectors.vectors if vector.id == result.vector)
    replay = Replay(vector.algorithm, [vector])
    names = smallest_subset(replay, table(vector, result.observed), 0, found.departures)
    if not names and off.in_params is None:  # a buffer alone: what breaks its equation
        names = tuple(name for name in found.departures if departure(vector.algorithm, name).quantity == off.quantity)
    elif not names and result.kind == "core":  # only with the roundings that departures add
        names = found.departures
    return replace(result, deviation=replace(off, explanation=" + ".join(names) if names else None))
