"""Step 4, confirm: keep an explanation only if it holds on fresh cases, which no search has seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.grid import are_seen_narrow, lies_on_grid
from momoracle.ports.diagnosis.observe import Evidence
from momoracle.ports.diagnosis.replay import Replay, Table, table
from momoracle.ports.running.findings import Explanation, Names
from momoracle.ports.running.messages import Job, Outcome, job_of
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.cases import Case
from momoracle.reference.golden.draw import Draw
from momoracle.reference.golden.prove import prove
from momoracle.reference.golden.vectors import FloatArray, GoldenVector

Run: TypeAlias = Callable[[Job, str], Outcome]  # a job, and the dtype of the process that is to run it

FRESH = 20
_TRIED = 4 * FRESH  # cases that are drawn at most: some cannot be proven, or ask for what the port does not offer
_STEPS = 6


@dataclass(frozen=True)
class FreshRun:
    """A fresh case as a vector, and what the port returned on it."""

    vector: GoldenVector
    seen: Table


def confirm(evidence: Evidence, proposal: Explanation, run: Run, seed: str) -> Explanation:
    """Keep of a proposal what holds on all of `FRESH` fresh cases; where nothing does, it explains nothing.

    Args:
        evidence: what the port returned on the vectors.
        proposal: the sets of departures that reproduce them.
        run: runs a job on the port.
        seed: names the drawing of the cases; the same name draws the same cases.
    """
    candidates = [names for names in (proposal.departures, *proposal.others) if names]
    if not candidates:
        return proposal
    runs = _run_fresh(evidence, run, seed)
    counts = {names: _count_holding(evidence, runs, names) for names in candidates}
    holding = [names for names in candidates if counts[names] == FRESH]
    if holding:
        return replace(proposal, departures=holding[0], others=tuple(holding[1:]), confirmed=FRESH)
    return replace(proposal, departures=(), others=(), nearest=candidates[0], confirmed=counts[candidates[0]])


def _run_fresh(evidence: Evidence, run: Run, seed: str) -> list[FreshRun]:
    """Return `FRESH` fresh cases with what the port returns on them; fewer where it does not offer so many."""
    runs: list[FreshRun] = []
    for case in _cases(evidence, seed):
        try:
            vector = prove(case)
        except (ArithmeticError, ValueError):  # it hangs on rounding, or a setting left its range
            continue
        outcome = run(job_of(vector), case.dtype)
        seen = table(vector, outcome.observed)
        # Where the port has no number, as on a gradient of zero, there is nothing to compare.
        if outcome.missing is None and np.isfinite(seen).all():
            runs.append(FreshRun(vector, seen))
        if len(runs) == FRESH:
            break
    return runs


def _count_holding(evidence: Evidence, runs: list[FreshRun], departures: Names) -> int:
    """Return on how many fresh cases these departures give what the port returned; 0 where the method gives it too."""
    replay = Replay(evidence.algorithm, [run.vector for run in runs])
    chosen = frozenset(departures)
    rounds = any(departure(evidence.algorithm, name).rounds for name in departures)
    # Roundings that departures add hide whatever is smaller: so where they have to be granted, they must show here too.
    holding = [replay.compare(run.seen, chosen, i) == "agrees" for i, run in enumerate(runs)]
    if rounds and not all(holding):
        exact = [(i, run.seen) for i, run in enumerate(runs) if run.vector.dtype == "float64"]
        is_narrow = are_seen_narrow(evidence.algorithm, chosen, evidence.narrow_buffers)
        if is_narrow or lies_on_grid(replay, exact, chosen) is not False:
            holding = [replay.compare(run.seen, chosen, i, perturbed=True) == "agrees" for i, run in enumerate(runs)]
    is_told = any(replay.distance(run.seen, frozenset(), i) > 1 for i, run in enumerate(runs))
    return sum(holding) if is_told else 0


def _cases(evidence: Evidence, seed: str) -> Iterator[Case]:
    """Yield cases like the deviating vectors: their settings changed a little, all numbers new."""
    # A short case tells as much as a long one; float64 tells more than float32, where it deviates at all.
    deviating = [evidence.vectors[i] for i in evidence.deviating]
    models = [vector for vector in deviating if vector.dtype == "float64"] or deviating
    weights = [name for name in models[0].hyperparameters if _is_weight(evidence.algorithm, name)]
    for number in range(_TRIED):
        vector = models[number % len(models)]
        draw = Draw(f"fresh {seed} {number}")
        steps = vector.steps[:_STEPS]
        yield Case(
            name=f"fresh-{number + 1}",
            algorithm=vector.algorithm,
            dtype=vector.dtype,
            comment="",
            flags=(),
            hyperparameters={
                name: _setting(value, draw, is_weight=name in weights) for name, value in vector.hyperparameters.items()
            },
            params=tuple(_like(array, draw) for array in vector.params),
            losses=tuple(float(np.dtype(vector.dtype).type(step.loss * draw.number(0.8, 1.25))) for step in steps),
            grads=tuple(tuple(_like(grad, draw) for grad in step.grads) for step in steps),
        )


def _is_weight(algorithm: str, name: str) -> bool:
    """Tell whether a hyperparameter is a weight in [0, 1): its method refuses 1, and takes ½."""
    method = method_of(algorithm)
    if name == "lr" or isinstance(getattr(method, name), bool):
        return False
    try:
        method(lr=0.5, **{name: 0.5})
        method(lr=0.5, **{name: 1.0})
    except ValueError:
        return True
    return False


def _setting(value: Any, draw: Draw, *, is_weight: bool) -> Any:
    """Return a hyperparameter near the given one. Switches, zeros and infinities stay: they are features."""
    if isinstance(value, bool) or (not isinstance(value, tuple) and (value == 0 or not np.isfinite(value))):
        return value
    if isinstance(value, tuple):
        return tuple(float(rate * draw.number(0.7, 1.4)) for rate in value)
    if is_weight:  # where settings coincide in most vectors, as α and 1 − β do, they differ here
        return float(1 - (1 - value) * draw.number(0.6, 1.4)) if value > 0.5 else float(value * draw.number(0.7, 1.4))
    return float(value * draw.number(0.7, 1.4))


def _like(array: FloatArray, draw: Draw) -> FloatArray:
    """Return new numbers of the size of the given ones; zeros stay zero."""
    size = float(np.max(np.abs(array), initial=0.0))
    fresh = draw.array(array.shape, str(array.dtype), size, 0.0)
    return np.asarray(np.where(array == 0, array, fresh), dtype=array.dtype)
