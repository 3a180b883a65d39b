"""Where a port parts from the method: from its buffers where it shows any, and from its parameters alone.

A fault hides the ones after it, for the parameters that they start from are wrong already. So where the port's
parameters can be set it is looked at as it runs from the expected ones in every step; else each vector's first
deviation is all that can be taken apart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from momoracle.ports.diagnosis.conditions import condition, of_step, of_vector
from momoracle.ports.diagnosis.take_apart import DIRECTION, Parts, take_apart
from momoracle.ports.methods.equations import equation, order
from momoracle.ports.running.compare import differ
from momoracle.ports.running.findings import Location
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import Deviation, VectorResult
from momoracle.reference.golden.vectors import Vector, VectorFile

_SHOWN = 3  # vectors whose numbers stand as evidence
_NEAR = 1e-4  # factors nearer to 1 are shown by what they differ from it


def locate(
    results: Sequence[VectorResult],
    vectors: VectorFile,
    resynchronised: Mapping[str, Sequence[Observed]] | None = None,
) -> tuple[Location, ...]:
    """Return what the outputs tell: the first wrong buffer, what is wrong with the update, where and since when.

    ``resynchronised`` has, by vector, what the port returned from the expected parameters, where that is known.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    deviating = [(by_id[r.vector], r) for r in results if r.status == "deviates" and r.deviation is not None]
    agreeing = [by_id[r.vector] for r in results if r.status == "agrees"]
    found = condition([set(of_vector(v)) for v, _ in deviating], [set(of_vector(v)) for v in agreeing])
    steps = [(by_id[name], one) for name, seen in (resynchronised or {}).items() for one in seen]
    wrong = [(vector, one) for vector, one in steps if _is_off(vector, one)]
    return (
        *_from_buffers(vectors.algorithm, [r.deviation for _, r in deviating if r.deviation]),
        *_from_params(vectors.algorithm, wrong or list(_first(deviating))),
        *([Location(found.of("vectors"), "")] if found else []),
        *_since([r.deviation.in_params for _, r in deviating if r.deviation and r.deviation.in_params]),
        *_again(steps, wrong),
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


def _first(deviating: list[tuple[Vector, VectorResult]]) -> Iterator[tuple[Vector, Observed]]:
    """Yield the first update of each vector that deviates; float64 tells more, so it is looked at alone."""
    exact = [pair for pair in deviating if pair[0].dtype == "float64"] or deviating
    for vector, result in exact:
        first = result.deviation.in_params if result.deviation else None
        for one in result.observed:
            if first is not None and one.step == first.step and not isinstance(first.observed, str):
                yield vector, one


def _is_off(vector: Vector, one: Observed) -> bool:
    difference = differ(one.params, vector.steps[one.step - 1].expected["params"])
    return difference is not None and not isinstance(difference.observed, str)  # another shape cannot be taken apart


def _from_params(algorithm: str, updates: Sequence[tuple[Vector, Observed]]) -> Iterator[Location]:
    taken: list[tuple[Vector, int, Parts]] = []
    for vector, one in updates:
        parts = take_apart(vector, one.step, one.params)
        if parts is not None:
            taken.append((vector, one.step, parts))
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


def _since(deviations: list[Deviation]) -> Iterator[Location]:
    steps = Counter(one.step for one in deviations)
    if steps:
        first = min(steps)
        yield Location(
            f"the parameters deviate from step {first} on, in {steps[first]} of {len(deviations)} vectors", ""
        )


def _again(steps: Sequence[tuple[Vector, Observed]], wrong: Sequence[tuple[Vector, Observed]]) -> Iterator[Location]:
    if not steps:
        return
    off = {(vector.id, one.step) for vector, one in wrong}
    right = [set(of_step(vector, one.step)) for vector, one in steps if (vector.id, one.step) not in off]
    yield Location(
        f"set back to the expected parameters after every step, it deviates in {len(wrong)} of {len(steps)} steps", ""
    )
    found = condition([set(of_step(vector, one.step)) for vector, one in wrong], right)
    if found is not None:
        yield Location(f"set back so, {found.of('steps')}", "")


def _at(vector: str, step: int) -> str:
    return f"{vector}, step {step}"


def _ratio(observed: float, expected: float) -> str:
    if not expected:
        return ""
    excess = observed / expected - 1
    if abs(excess) < _NEAR:
        return f" (1 {'−' if excess < 0 else '+'} {abs(excess):.2g} times)"
    return f" ({observed / expected:.6g} times)"
