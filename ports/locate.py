"""Where a port parts from the method: from its buffers where it shows any, and from its parameters alone."""

from collections import Counter
from collections.abc import Iterator, Sequence

from momoracle.ports.conditions import condition
from momoracle.ports.decompose import DIRECTION, Parts, take_apart
from momoracle.ports.equations import equation, order
from momoracle.ports.findings import Location
from momoracle.ports.report import Deviation, VectorResult
from momoracle.reference.golden.vectors import Vector, VectorFile

_SHOWN = 3  # vectors whose numbers stand as evidence


def locate(results: Sequence[VectorResult], vectors: VectorFile) -> tuple[Location, ...]:
    """Return what the outputs tell: the first wrong buffer, what is wrong with the update, where and since when."""
    by_id = {vector.id: vector for vector in vectors.vectors}
    deviating = [(by_id[r.vector], r) for r in results if r.status == "deviates" and r.deviation is not None]
    agreeing = [by_id[r.vector] for r in results if r.status == "agrees"]
    return (
        *_from_buffers(vectors.algorithm, [r.deviation for _, r in deviating if r.deviation]),
        *_from_params(vectors.algorithm, deviating),
        *_where([vector for vector, _ in deviating], agreeing),
        *_since([r.deviation.in_params for _, r in deviating if r.deviation and r.deviation.in_params]),
    )


def _from_buffers(algorithm: str, deviations: list[Deviation]) -> Iterator[Location]:
    found = Counter(one.quantity for one in deviations if one.quantity != "params")
    if not found:
        return
    quantity = min(found, key=lambda name: (-found[name], order(algorithm, name)))
    examples = [one for one in deviations if one.quantity == quantity][:_SHOWN]
    yield Location(
        f"its buffer {quantity} is the first to be off, in {found[quantity]} of {len(deviations)} deviating vectors",
        equation(algorithm, quantity),
        tuple(f"{_at(one.vector, one.step)}: {one.observed} for {one.expected}" for one in examples),
    )


def _from_params(algorithm: str, deviating: list[tuple[Vector, VectorResult]]) -> Iterator[Location]:
    """Take apart the first update that deviates of each vector; float64 tells more, so it is looked at alone."""
    taken: list[tuple[Vector, int, Parts]] = []
    exact = [pair for pair in deviating if pair[0].dtype == "float64"] or deviating
    for vector, result in exact:
        first = result.deviation.in_params if result.deviation else None
        observed = next((one.params for one in result.observed if first and one.step == first.step), None)
        if first is not None and observed is not None and not isinstance(first.observed, str):
            parts = take_apart(vector, first.step, observed)
            if parts is not None:
                taken.append((vector, first.step, parts))
    outside = [(vector, k) for vector, k, parts in taken if not parts.inside]
    if outside:
        yield Location(
            f"the direction is wrong, whatever its length, in {len(outside)} of {len(taken)} updates taken apart",
            equation(algorithm, DIRECTION[algorithm]),
            tuple(_at(vector.id, k) for vector, k in outside[:_SHOWN]),
        )
    inside = [(vector, k, term) for vector, k, parts in taken if parts.inside for term in parts.terms if term.off]
    for name in dict.fromkeys(term.name for _, _, term in inside):
        mine = [(vector, k, term) for vector, k, term in inside if term.name == name]
        yield Location(
            f"the direction is right, {name} is wrong, in {len(mine)} of {len(taken)} updates taken apart",
            equation(algorithm, mine[0][2].quantity),
            tuple(
                f"{_at(vector.id, k)}: {term.observed:.10g} for {term.expected:.10g}"
                + _ratio(term.observed, term.expected)
                for vector, k, term in mine[:_SHOWN]
            ),
        )


def _where(deviating: list[Vector], agreeing: list[Vector]) -> Iterator[Location]:
    found = condition(deviating, agreeing)
    if found is not None:
        only = "exactly the vectors" if found.deviating == found.having else "only vectors"
        count = f"{found.deviating} of the {found.having} that have it"
        yield Location(f"{only} with this property deviate: {found.property} ({count})", "")


def _since(deviations: list[Deviation]) -> Iterator[Location]:
    steps = Counter(one.step for one in deviations)
    if steps:
        first = min(steps)
        yield Location(
            f"the parameters deviate from step {first} on, in {steps[first]} of {len(deviations)} vectors", ""
        )


def _at(vector: str, step: int) -> str:
    return f"{vector}, step {step}"


def _ratio(observed: float, expected: float) -> str:
    return f" ({observed / expected:.6g} times)" if expected else ""
