"""Step 2, locate: where a port parts from the method, told from its buffers, and from its parameters alone.

A fault hides the ones after it, for the parameters that they start from are wrong already. So where the port's
parameters can be set it is looked at as it runs from the expected ones in every step; else each vector's first
deviation is all that can be taken apart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from momoracle.ports.diagnosis.conditions import condition, of_step, of_vector
from momoracle.ports.diagnosis.observe import Evidence
from momoracle.ports.diagnosis.take_apart import Parts, take_apart
from momoracle.ports.methods.registry import equation, facts_of, order
from momoracle.ports.running.compare import differ
from momoracle.ports.running.findings import Location
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import Deviation, VectorResult
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

_EXAMPLES = 3  # vectors whose numbers stand as evidence
_NEAR = 1e-4  # factors nearer to 1 are written as what they differ from it
_LEAK = (2.0**-29, 2.0**-22)  # of the way gone: what rounding one number to float32, to 2⁻²⁴ of it, may change


def locate(
    evidence: Evidence,
    vectors: VectorFile,
    resynchronised: Mapping[str, Sequence[Observed]] | None = None,
) -> tuple[Location, ...]:
    """Return what the outputs tell: the first wrong buffer, what is wrong with the update, where and since when.

    ``resynchronised`` has, by vector, what the port returned from the expected parameters, where that is known.
    """
    by_id = {vector.id: vector for vector in vectors.vectors}
    pairs = list(zip(evidence.vectors, evidence.results, strict=True))
    deviating = [(v, r) for v, r in pairs if r.status == "deviates" and r.deviation is not None]
    agreeing = [v for v, r in pairs if r.status == "agrees"]
    shared = condition([set(of_vector(v)) for v, _ in deviating], [set(of_vector(v)) for v in agreeing])
    steps = [(by_id[name], observed) for name, seen in (resynchronised or {}).items() for observed in seen]
    wrong = [(vector, observed) for vector, observed in steps if _is_off(vector, observed)]
    return (
        *_from_buffers(evidence.algorithm, [r.deviation for _, r in deviating if r.deviation]),
        *_from_params(evidence.algorithm, wrong or list(_first(deviating))),
        *_float32_leak(deviating, agreeing),
        *([Location(shared.of("vectors"), "")] if shared else []),
        *_since([r.deviation.in_params for _, r in deviating if r.deviation and r.deviation.in_params]),
        *_again(steps, wrong),
    )


def _from_buffers(algorithm: str, deviations: list[Deviation]) -> Iterator[Location]:
    counts = Counter(deviation.quantity for deviation in deviations if deviation.quantity != "params")
    if not counts:
        return
    quantity = min(counts, key=lambda name: (-counts[name], order(algorithm, name)))
    examples = [deviation for deviation in deviations if deviation.quantity == quantity][:_EXAMPLES]
    yield Location(
        f"its buffer {quantity} is the first to be off, in {counts[quantity]} of {len(deviations)} deviating vectors",
        equation(algorithm, quantity),
        tuple(f"{_at(off.vector, off.step)}: {off.observed} for {off.expected}" for off in examples),
    )


def _first(deviating: list[tuple[GoldenVector, VectorResult]]) -> Iterator[tuple[GoldenVector, Observed]]:
    """Yield the first update of each vector that deviates; float64 tells more, so it is looked at alone."""
    exact = [pair for pair in deviating if pair[0].dtype == "float64"] or deviating
    for vector, result in exact:
        first = result.deviation.in_params if result.deviation else None
        for observed in result.observed:
            if first is not None and observed.step == first.step and not isinstance(first.observed, str):
                yield vector, observed


def _is_off(vector: GoldenVector, observed: Observed) -> bool:
    difference = differ(observed.params, vector.steps[observed.step - 1].expected["params"])
    return difference is not None and not isinstance(difference.observed, str)  # another shape cannot be taken apart


def _from_params(algorithm: str, updates: Sequence[tuple[GoldenVector, Observed]]) -> Iterator[Location]:
    taken: list[tuple[GoldenVector, int, Parts]] = []
    for vector, observed in updates:
        parts = take_apart(vector, observed.step, observed.params)
        if parts is not None:
            taken.append((vector, observed.step, parts))
    outside = [(vector, k, parts) for vector, k, parts in taken if not parts.inside]
    if outside:
        yield Location(
            f"the direction is wrong, in {len(outside)} of {len(taken)} updates taken apart",
            equation(algorithm, facts_of(algorithm).direction),
            tuple(f"{_at(vector.id, k)}: {_outside(parts)}" for vector, k, parts in outside[:_EXAMPLES]),
        )
    right = [(vector, k, parts) for vector, k, parts in taken if parts.inside]
    inside = [(vector, k, parts, term) for vector, k, parts in right for term in parts.terms if term.off]
    for name in dict.fromkeys(term.name for _, _, _, term in inside):
        mine = [(vector, k, parts, term) for vector, k, parts, term in inside if term.name == name]
        yield Location(
            f"the direction is right, {name} is wrong, in {len(mine)} of {len(taken)} updates taken apart",
            equation(algorithm, mine[0][3].quantity),
            tuple(
                f"{_at(vector.id, k)}: {term.observed:.10g} for {term.expected:.10g}"
                + _ratio(term.observed, term.expected)
                + (f"; the rest, {parts.remainder:.1e} of the update, ε explains" if parts.by_eps else "")
                for vector, k, parts, term in mine[:_EXAMPLES]
            ),
        )


def _outside(parts: Parts) -> str:
    """Say how far along the right directions an update goes, and what is left of it."""
    factors = ", ".join(
        f"{term.name} {term.observed:.6g} for {term.expected:.6g}{_ratio(term.observed, term.expected)}"
        for term in parts.terms
    )
    explained = f" (ε explains {parts.by_eps:.1e})" if parts.by_eps else ""
    return f"nearest with {factors}; that leaves {parts.remainder:.1e} of the update{explained}"


def _float32_leak(
    deviating: Sequence[tuple[GoldenVector, VectorResult]], agreeing: Sequence[GoldenVector]
) -> Iterator[Location]:
    """Say that a number is kept in float32, where float64 alone is off, and everywhere by about as much as that does.

    What is off is measured against the way that the parameters have gone, for it is their change that is computed.
    """
    if not deviating or any(vector.dtype != "float64" for vector, _ in deviating):
        return
    if not any(vector.dtype == "float32" for vector in agreeing):
        return
    shares = [_first_share(vector, result) for vector, result in deviating]
    middle = float(np.median(shares))
    if _LEAK[0] <= middle <= _LEAK[1] and max(shares) <= _LEAK[1]:
        yield Location(
            f"a float32 leak: float64 alone is off, by about 2^{round(np.log2(middle))} of the way gone",
            "",
            tuple(f"{v.id}: {share:.1e}" for (v, _), share in zip(deviating, shares, strict=True))[:_EXAMPLES],
        )


def _first_share(vector: GoldenVector, result: VectorResult) -> float:
    """Return how far off the first deviating parameters are, as a share of the way from the first ones."""
    off = result.deviation.in_params if result.deviation else None
    if off is None or isinstance(off.observed, str):
        return np.inf
    expected = vector.steps[off.step - 1].expected["params"].values[off.tensor]
    way = float(np.max(np.abs(expected - vector.params[off.tensor]), initial=0.0))
    return off.error / way if way else np.inf


def _since(deviations: list[Deviation]) -> Iterator[Location]:
    steps = Counter(deviation.step for deviation in deviations)
    if steps:
        first = min(steps)
        yield Location(
            f"the parameters deviate from step {first} on, in {steps[first]} of {len(deviations)} vectors", ""
        )


def _again(
    steps: Sequence[tuple[GoldenVector, Observed]], wrong: Sequence[tuple[GoldenVector, Observed]]
) -> Iterator[Location]:
    if not steps:
        return
    off = {(vector.id, observed.step) for vector, observed in wrong}
    right = [set(of_step(vector, seen.step)) for vector, seen in steps if (vector.id, seen.step) not in off]
    yield Location(
        f"set back to the expected parameters after every step, it deviates in {len(wrong)} of {len(steps)} steps", ""
    )
    shared = condition([set(of_step(vector, observed.step)) for vector, observed in wrong], right)
    if shared is not None:
        yield Location(f"set back so, {shared.of('steps')}", "")


def _at(vector: str, step: int) -> str:
    return f"{vector}, step {step}"


def _ratio(observed: float, expected: float) -> str:
    if not expected:
        return ""
    excess = observed / expected - 1
    if abs(excess) < _NEAR:
        return f" (1 {'−' if excess < 0 else '+'} {abs(excess):.2g} times)"
    return f" ({observed / expected:.6g} times)"
