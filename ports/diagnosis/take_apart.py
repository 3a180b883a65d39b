"""An update taken apart: the parameters alone tell whether the direction is wrong, its length, or the decay.

Every method moves the parameters within the span of a few vectors: MoMo within x and d, SGDM within x, the old momentum
and the gradient. Which vectors those are, and with which factors, is read off the formula of the method's own step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from momoracle.ports.methods.facts import MethodFacts
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.protocol import plain
from momoracle.reference import Method
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.vectors import GoldenVector
from momoracle.reference.numbers.expressions import Vector

Row: TypeAlias = NDArray[np.float64]

_SURE = 20  # times the tolerance: what differs by less is not told apart
_DEPENDENT = 1e-3  # smallest singular value of unit vectors that still count as independent
_LONGEST = 100  # steps: later ones are not taken apart, for all steps before them have to be run
_EPS_FACTORS = (2.0**-10, 4.0)  # what a wrong correction may make of ε, as a factor
_EXPLAINED_BY_EPS = 4  # times what these factors change


@dataclass(frozen=True)
class Term:
    """One coefficient: what it is in words, the quantity whose equation gives it, and its two values."""

    name: str
    quantity: str
    observed: float
    expected: float
    off: bool


@dataclass(frozen=True)
class Parts:
    """An update fitted to its span: each coefficient, and what is left.

    Args:
        inside: it lies within the span, up to rounding and to what ε explains.
        terms: the coefficients.
        remainder: what no coefficients give, as a share of the update.
        by_eps: how large a remainder ε explains, as a share of the update.
    """

    inside: bool
    terms: tuple[Term, ...]
    remainder: float
    by_eps: float


@dataclass(frozen=True)
class _Span:
    """Vectors of which the update is a combination: their names, and each as one row of all entries."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]


def take_apart(vector: GoldenVector, k: int, observed: Sequence[Any]) -> Parts | None:
    """Return what a port's parameters after step ``k`` (from 1) are made of.

    All tensors together are fitted where the method takes them so, else the largest one. None where that cannot tell:
    what came before is not recorded, or the vectors of the span are as many as the entries, or depend on each other.
    """
    before = vector.steps[k - 2].expected if k > 1 else {"params": None}
    if not before or "params" not in vector.steps[k - 1].expected or k > _LONGEST:
        return None
    facts = facts_of(vector.algorithm)
    spans = _spans(vector, k, facts)
    nearby = [_spans(vector, k, facts, eps) for eps in _EPS_FACTORS] if vector.hyperparameters.get("eps") else []
    fits = [
        _fitted(vector, k, observed, facts, span, [other[level] for other in nearby])
        for level, span in enumerate(spans)
    ]
    known = [parts for parts in fits if parts is not None]
    # The fewest vectors come first: there a wrong factor is a wrong length. Only where the update leaves their span,
    # or needs another share of x, the averages among them are opened into the old average and the gradient.
    right = [parts for parts in known if parts.inside and not _has_wrong_decay(parts)]
    return next(iter([*right, *(parts for parts in reversed(known) if parts.inside), *known]), None)


def _has_wrong_decay(parts: Parts) -> bool:
    return any(term.off for term in parts.terms if term.quantity == "params" and term.name == _WORDS["x"])


_WORDS = {"x": "the factor of x"}


def _fitted(
    vector: GoldenVector,
    k: int,
    observed: Sequence[Any],
    facts: MethodFacts,
    span: _Span,
    nearby: Sequence[_Span],
) -> Parts | None:
    """Fit what a port returned to one span by least squares."""
    step = vector.steps[k - 1]
    tensors = _tensors(vector, facts)
    start: Sequence[Any] = vector.params if k == 1 else vector.steps[k - 2].expected["params"].values
    x, seen, want = (_row(arrays, tensors) for arrays in (start, observed, step.expected["params"].values))
    allowed = float(np.linalg.norm(_row(step.expected["params"].tolerances, tensors)))
    # Without decay x stays as it is: the port's update is fitted, and not what it added it to.
    decays = bool(vector.hyperparameters.get("weight_decay"))
    used = [i for i, part in enumerate(span.rows) if np.any(part) and (decays or span.names[i] != "x")]
    if not decays:
        seen, want = seen - x, want - x
    if not used or not np.isfinite(seen).all() or len(x) <= len(used):
        return None
    sizes = np.array([np.linalg.norm(span.rows[i]) for i in used])
    basis = np.stack([span.rows[i] for i in used], axis=1) / sizes
    if not np.isfinite(basis).all() or (least := float(np.linalg.svd(basis, compute_uv=False)[-1])) < _DEPENDENT:
        return None
    (got, residual), (right, _) = (_fit(basis, target) for target in (seen, want))
    by_eps = _change_by_eps(basis, got, [span.rows[i] for i in used], [[s.rows[i] for i in used] for s in nearby])
    # ε is heard only where something is left that rounding does not explain.
    by_eps = by_eps if residual > _SURE * allowed / least else 0.0
    tolerance = (_SURE * allowed + by_eps) / least
    words = [_words(span.names[i], facts, len(used) - (span.names[used[0]] == "x")) for i in used]
    terms = [
        Term(*words[j], float(a / size) + 0.0, float(b / size) + 0.0, bool(abs(a - b) > tolerance))
        for j, (a, b, size) in enumerate(zip(got, right, sizes, strict=True))
    ]
    names = [span.names[i] for i in used]
    if _is_proximal(vector, facts) and names[0] == "x" and len(names) == 2:
        tau = float(step.expected["step_size"].values[0])
        terms[1] = _divided(terms[0], terms[1], tau, tolerance / float(sizes[1]))
    moved = float(np.linalg.norm(seen - x if decays else seen)) or 1.0
    return Parts(residual <= tolerance, tuple(terms), residual / moved, by_eps / moved)


def _is_proximal(vector: GoldenVector, facts: MethodFacts) -> bool:
    """Tell whether (16) divides the step by 1 + αλ."""
    settings = vector.hyperparameters
    return bool("step_size" in facts.quantities and settings.get("weight_decay")) and not settings.get(
        "decoupled_decay"
    )


def _divided(x: Term, d: Term, tau: float, tolerance: float) -> Term:
    """Return the factor of d, which (16) makes τ/(1 + αλ): its τ may be right where the factor itself is not."""
    name, quantity = "the factor of d, τ/(1 + αλ),", "step_size"
    if abs(d.observed - tau) <= tolerance:
        name, quantity = "the factor of d, τ for τ/(1 + αλ),", "params"
    elif x.off and abs(d.observed - d.expected * x.observed / x.expected) <= tolerance:
        name, quantity = "the factor of d, as that of x,", "params"
    return replace(d, name=name, quantity=quantity)


def _words(name: str, facts: MethodFacts, count: int) -> tuple[str, str]:
    """Return the words for a coefficient and the quantity whose equation gives it; ``count`` are beside that of x."""
    if name == "x":
        return _WORDS["x"], "params"
    if count == 1:
        return ("the step size τ", "step_size") if "step_size" in facts.quantities else ("the step size", "params")
    if name in facts.weights:
        return facts.weights[name]
    if name == "gradient":
        tensors = [quantity for quantity in facts.kept if quantity not in facts.scalars]
        return "the weight of the gradient", tensors[0] if tensors else "params"
    old = name.removeprefix("old ")
    return f"the weight of {'the ' if old != name else ''}{name}", old if old in facts.quantities else "params"


def _fit(basis: Row, target: Row) -> tuple[Row, float]:
    coefficients = np.asarray(np.linalg.lstsq(basis, target, rcond=None)[0], dtype=np.float64)
    return coefficients, float(np.linalg.norm(basis @ coefficients - target))


def _change_by_eps(basis: Row, got: Row, rows: Sequence[Row], nearby: Sequence[Sequence[Row]]) -> float:
    """Return how much of a remainder ε explains: how far its change turns the vectors out of their span."""
    turned = 0.0
    for others in nearby:
        for coefficient, row, other in zip(got, rows, others, strict=True):
            unit = other / np.linalg.norm(row)
            if np.isfinite(unit).all():
                turned = max(turned, abs(float(coefficient)) * _fit(basis, unit)[1])
    return _EXPLAINED_BY_EPS * turned


def _tensors(vector: GoldenVector, facts: MethodFacts) -> Sequence[int]:
    every = range(len(vector.params))
    return every if not facts.separate else (max(every, key=lambda i: vector.params[i].size),)


def _row(arrays: Sequence[Any], tensors: Sequence[int]) -> Row:
    return np.concatenate([np.asarray(arrays[i], dtype=np.float64).reshape(-1) for i in tensors])


# -- the span of a step, read off its formula --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """One carrying out of a method's text: its formula, what its vectors are called, and the tensors to look at."""

    formula: Vector
    leaves: Mapping[int, str]
    quantities: Mapping[int, str]
    numbers: Any
    sizes: Mapping[int, int]  # tensor -> its number of entries


def _spans(vector: GoldenVector, k: int, facts: MethodFacts, eps_factor: float = 1.0) -> list[_Span]:
    """Return the spans of step ``k``, the smallest first: averages as they are, then opened into what they average."""
    with np.errstate(all="ignore"):
        steps = _carried_out(vector, k, facts, eps_factor)
        closed = _span_of([(step, {**step.leaves, **step.quantities}) for step in steps])
        opened = _span_of([(step, step.leaves) for step in steps])
    return [closed] if closed.names == opened.names else [closed, opened]


def _carried_out(vector: GoldenVector, k: int, facts: MethodFacts, eps_factor: float) -> list[_Step]:
    """Run the method up to step ``k`` and return that step: once, or once a tensor where each is taken by itself."""
    steps: list[_Step] = []

    class Watched(method_of(vector.algorithm)):  # type: ignore[misc]
        def advance(self, x: Any, g: Any, state: Any, now: Any) -> Any:
            result = super().advance(x, g, state, now)
            kept = {f"old {name}": value for name, value in state._asdict().items() if isinstance(value, Vector)}
            named = {"x": x, "gradient": g, **kept}
            made = {id(value): name for name, value in result.quantities.items() if isinstance(value, Vector)}
            leaves = {id(value): name for name, value in named.items()}
            sizes = {t: len(row) for t, row in enumerate(x.rows)}
            steps.append(_Step(result.params, leaves, made, now.numbers, sizes))
            return result

    settings: dict[str, Any] = dict(vector.hyperparameters)
    if eps_factor != 1:
        settings["eps"] = settings["eps"] * eps_factor
    opt: Method = Watched(**plain(settings))
    params: Any = [np.asarray(array, dtype=np.float64) for array in vector.params]
    state = opt.init(params)
    for step in vector.steps[:k]:
        steps.clear()
        grads = [np.asarray(grad, dtype=np.float64) for grad in step.grads]
        params, state, _ = opt.step(params, grads, state, loss=step.loss)
    wanted = _tensors(vector, facts)
    if len(steps) > 1:  # a tensor each
        return [steps[i] for i in wanted]
    return [replace(step, sizes={t: step.sizes[t] for t in wanted}) for step in steps]


def _span_of(steps: Sequence[tuple[_Step, Mapping[int, str]]]) -> _Span:
    """Return the vectors of a formula that is a combination of them; those of one name are one vector."""
    rows: dict[tuple[str, Any], Row] = {}
    for step, names in steps:
        parts: dict[tuple[str, Any], Vector] = {}
        for name, divisor, part in _combined(step.formula, names):
            parts[name, divisor] = part
        for key, part in parts.items():
            entries = [
                np.broadcast_to(part.on((t, slice(None), None), {}, step.numbers.number), size)
                for t, size in step.sizes.items()
            ]
            row = np.concatenate([np.asarray(z, dtype=np.float64) for z in entries])
            rows[key] = row if key[0] == "x" else -row  # a step is taken off, so that its factors are positive
    ordered = sorted(rows, key=lambda key: key[0] != "x")
    return _Span(tuple(name for name, _ in ordered), tuple(rows[key] for key in ordered))


def _combined(formula: Any, names: Mapping[int, str]) -> Iterator[tuple[str, Any, Vector]]:
    """Yield (name, divisor, vector) for each vector that a formula adds up, whatever its factor.

    Sums are taken apart, and products and quotients with a scalar have the vector as their only part. A quotient by
    another vector, as in m / (√v + ε), belongs to each part above it.
    """
    if id(formula) in names:
        yield names[id(formula)], None, formula
        return
    operands: tuple[Any, ...] = getattr(formula, "operands", ())
    vectors = [part for part in operands if isinstance(part, Vector)]
    operation = getattr(formula, "operation", None)
    if operation in (np.add, np.subtract):
        for part in vectors:
            yield from _combined(part, names)
    elif operation in (np.multiply, np.divide, np.ldexp) and len(vectors) == 1 and isinstance(operands[0], Vector):
        yield from _combined(vectors[0], names)
    elif operation is np.divide and len(vectors) == 2:
        for name, divisor, part in _combined(vectors[0], names):
            yield name, (id(vectors[1]), divisor), Vector(np.divide, part, vectors[1])
    else:
        yield "a product", id(formula), formula
