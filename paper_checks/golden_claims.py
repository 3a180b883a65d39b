"""Check the claims golden-…: the reference as it runs here against its vectors, and departures that must fail."""

import time
from collections.abc import Iterator

from momoracle.paper_checks.evaluate import MethodResult, RefutationResult, Result
from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departures_of
from momoracle.ports.golden_vectors import catches
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load
from momoracle.reference.golden.vectors import GoldenVector


def check_golden_vectors(algorithm: str) -> Result:
    """Run the reference in floating point on every vector, and each departure on the vectors that catch it."""
    start = time.perf_counter()
    vectors = load(algorithm).vectors
    failing = [(v, fault) for v in vectors if (fault := _first_fault(algorithm, v)) is not None]
    evidence = f"{len(vectors) - len(failing)} of {len(vectors)} vectors within their tolerances"
    if failing:
        evidence += f"; first: {failing[0][0].id}, {failing[0][1]}"
    method = MethodResult(
        "floating point against proven values",
        "fails" if failing else "holds",
        evidence,
        seconds=time.perf_counter() - start,
    )
    refutations = tuple(_attempt_departures(algorithm, vectors))
    title = f"the golden vectors of {algorithm}"
    return Result(f"golden-{algorithm}", title, "identity", (method,), refutations, time.perf_counter() - start)


def _first_fault(algorithm: str, vector: GoldenVector) -> str | None:
    try:
        deviation = first_deviation(vector, observe(MethodPort(ALGORITHMS[algorithm]), vector))
    except (ArithmeticError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    if deviation is None:
        return None
    return f"step {deviation.step}, {deviation.quantity}: {deviation.observed} for {deviation.expected}"


def _attempt_departures(algorithm: str, vectors: tuple[GoldenVector, ...]) -> Iterator[RefutationResult]:
    for departure in departures_of(algorithm):
        try:
            method = variant(algorithm, departure)
        except LookupError:  # the reference's text no longer has the place that the departure edits
            yield RefutationResult(departure.id, False)
            continue
        yield RefutationResult(departure.id, any(catches(v, method) for v in vectors if departure.id in v.kills))
