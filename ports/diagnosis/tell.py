"""Step 5, tell: write explanation and locations into the report, and beside each deviation what it takes."""

from dataclasses import replace

from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.observe import is_complete
from momoracle.ports.diagnosis.propose import smallest_subset
from momoracle.ports.diagnosis.replay import Replay, table
from momoracle.ports.running.findings import Explanation, Location
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import GoldenVector, VectorFile


def tell(
    report: Report, vectors: VectorFile, explanation: Explanation | None, locations: tuple[Location, ...]
) -> Report:
    """Return the report with what a diagnosis found."""
    results = report.results
    if explanation is not None and explanation.departures:
        by_id = {vector.id: vector for vector in vectors.vectors}
        results = tuple(_explained(result, by_id[result.vector], explanation) for result in results)
    return replace(report, results=results, explanation=explanation, locations=locations)


def _explained(result: VectorResult, vector: GoldenVector, explanation: Explanation) -> VectorResult:
    """Name, beside a deviation, those of the departures that it takes."""
    deviation = result.deviation
    if deviation is None or not is_complete(result):
        return result
    replay = Replay(vector.algorithm, [vector])
    names = smallest_subset(replay, table(vector, result.observed), 0, explanation.departures)
    if not names and deviation.in_params is None:  # a buffer alone: what breaks its equation
        names = tuple(
            name for name in explanation.departures if departure(vector.algorithm, name).quantity == deviation.quantity
        )
    elif not names and result.kind == "core":  # only with the roundings that departures add
        names = explanation.departures
    return replace(result, deviation=replace(deviation, explanation=" + ".join(names) if names else None))
