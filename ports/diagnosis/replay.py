"""Departures replayed: what a method with some departures returns on the vectors, and whether a port returns the same.

A vector's tolerance holds for the correct method only. To get one for a wrong variant, it is run again on inputs
perturbed by 1-2 ulp, and 8 times the largest change of the output is added.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import Method
from momoracle.reference.golden.vectors import FloatArray, GoldenVector

Set: TypeAlias = frozenset[str]
#: one row a recorded step, all entries in it; NaN where there is no finite number
Table: TypeAlias = NDArray[np.float64]
#: ``undefined``: they have no number at the same places, and agree elsewhere; that is no agreement, nor a contradiction
Agreement: TypeAlias = Literal["agrees", "undefined", "differs"]

_FEW = 2  # runs on perturbed inputs
_MANY = 8  # the same in doubt, and where departures add roundings, which are few and so vary more
_DOUBT = 100  # times the tolerance of few runs: what is farther apart is no run of the same rule
_GRANTED = 8  # times the largest change; each run perturbs every number by up to two units in its last place
_ROUGH = {"float64": 1e-9, "float32": 1e-3}  # of the largest entry: further apart are no two runs of one rule


def table(vector: GoldenVector, results: Iterable[Observed]) -> Table:
    """Return the parameters of each recorded step as one row; steps that did not come are NaN."""
    steps = [k for k, step in enumerate(vector.steps, start=1) if step.expected]
    rows = np.full((len(steps), sum(array.size for array in vector.params)), np.nan)
    for result in results:
        row = _row(result.params)
        if row.size == rows.shape[1]:
            rows[steps.index(result.step)] = np.where(np.isfinite(row), row, np.nan)
    return rows


def replayed_table(method: type[Method], vector: GoldenVector) -> Table:
    """Return the table of a method's own run; where it raises, the rest is NaN."""
    return table(vector, _until_error(method, vector))


class Replay:
    """Runs of the departures of one algorithm on its vectors; each is made once."""

    def __init__(self, algorithm: str, vectors: Sequence[GoldenVector]) -> None:
        self.algorithm = algorithm
        self.vectors = tuple(vectors)
        self._methods: dict[tuple[Set, bool], type[Method]] = {}
        self._tables: dict[tuple[Set, int], Table] = {}
        self._tolerances: dict[tuple[Set, int, int, bool], Table] = {}
        self.allowed = [_tolerances(vector) for vector in self.vectors]

    def method(self, departures: Set, perturbed: bool = False) -> type[Method]:
        """Return the method with these departures, the roundings that they add moved or not."""
        if (departures, perturbed) not in self._methods:
            chosen = (departure(self.algorithm, name) for name in sorted(departures))
            self._methods[departures, perturbed] = variant(self.algorithm, *chosen, perturbed=perturbed)
        return self._methods[departures, perturbed]

    def table(self, departures: Set, i: int) -> Table:
        """Return what the method with these departures gives on vector ``i``."""
        if (departures, i) not in self._tables:
            self._tables[departures, i] = replayed_table(self.method(departures), self.vectors[i])
        return self._tables[departures, i]

    def is_near(self, seen: Table, departures: Set, i: int, perturbed: bool = False) -> bool:
        """Tell at little cost whether ``seen`` may be a run of these departures on vector ``i``."""
        made = self.table(departures, i)
        rough = _ROUGH["float32" if perturbed else self.vectors[i].dtype]
        largest = np.nanmax(np.abs(made), axis=1, keepdims=True, initial=0.0)
        return agreement(seen, made, 1e4 * self.allowed[i] + rough * largest) != "differs"

    def compare(self, seen: Table, departures: Set, i: int, perturbed: bool = False) -> Agreement:
        """Tell whether ``seen`` is a run of these departures on vector ``i``, within the tolerance derived for them.

        With ``perturbed``, up to the roundings that the departures themselves add too.
        """
        made = self.table(departures, i)
        # The vector's own tolerance comes first: where it suffices, none has to be derived.
        answer = agreement(seen, made, self.allowed[i])
        # Two perturbed runs tell most wrong sets from right ones. By chance both may move a sensitive number little, so
        # what they leave in doubt is looked at with more of them.
        for runs in (_FEW, _MANY):
            if answer != "differs":
                break
            tolerance = self.tolerance(departures, i, _MANY if perturbed else runs, perturbed)
            answer = agreement(seen, made, tolerance)
            if answer == "differs" and agreement(seen, made, _DOUBT * tolerance) == "differs":
                break
        return answer

    def distance(self, seen: Table, departures: Set, i: int) -> float:
        """Return the largest |seen − made| in units of the vector's tolerance; infinite where one has no number."""
        made = self.table(departures, i)
        with np.errstate(all="ignore"):
            units = np.abs(seen - made) / np.maximum(self.allowed[i], np.finfo(np.float64).tiny)
        units = np.where(np.isnan(seen) & np.isnan(made), 0.0, np.where(np.isnan(units), np.inf, units))
        return float(units.max(initial=0.0))

    def tolerance(self, departures: Set, i: int, runs: int, perturbed: bool = False) -> Table:
        """Return how far two runs of these departures on vector ``i`` may lie apart, from so many perturbed runs."""
        if (departures, i, runs, perturbed) not in self._tolerances:
            self._tolerances[departures, i, runs, perturbed] = self._derived(departures, i, runs, perturbed)
        return self._tolerances[departures, i, runs, perturbed]

    def _derived(self, departures: Set, i: int, runs: int, perturbed: bool) -> Table:
        made, vector = self.table(departures, i), self.vectors[i]
        unit = float(np.finfo(vector.dtype).eps)
        moved = np.zeros_like(made)
        # Rounding is what tells two runs of one rule apart. So every input is moved by a rounding error, several times
        # over, and the largest change that this causes anywhere measures how much the rule makes of rounding errors.
        for seed in range(runs):
            change = np.abs(replayed_table(self.method(departures, perturbed), perturb(vector, seed)) - made)
            moved = np.maximum(moved, np.where(np.isnan(change), 0.0, change))
        # A few runs may leave one entry unmoved by chance: each is granted what the worst of its tensor was moved, now
        # or in an earlier step, for errors stay in the state.
        spread = np.concatenate([_widened(part) for part in _by_tensor(moved, vector)], axis=1)
        derived: Table = np.maximum(self.allowed[i], unit * np.abs(made)) + _GRANTED * spread
        return derived


def agreement(seen: Table, made: Table, tolerance: Table) -> Agreement:
    """Compare two tables entry by entry; NaN agrees with nothing, and where both have it nothing is compared."""
    neither = np.isnan(seen) & np.isnan(made)
    if not np.all(neither | (np.abs(seen - made) <= tolerance)):
        return "differs"
    return "undefined" if neither.any() else "agrees"


def perturb(vector: GoldenVector, seed: int) -> GoldenVector:
    """Return a vector whose numbers are each moved by up to two units in the last place of its dtype."""
    random, unit = np.random.default_rng(seed), float(np.finfo(vector.dtype).eps)

    def moved(value: Any) -> Any:
        return value * (1 + unit * random.integers(-2, 3, np.shape(value)))

    def arrays(exact: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        return tuple(np.asarray(moved(array), dtype=array.dtype) for array in exact)

    steps = tuple(replace(step, loss=float(moved(step.loss)), grads=arrays(step.grads)) for step in vector.steps)
    settings = dict(vector.hyperparameters)
    if vector.dtype == "float32":  # a port in float32 rounds its hyperparameters too
        for name, value in settings.items():
            if not isinstance(value, bool):
                settings[name] = tuple(map(moved, value)) if isinstance(value, tuple) else float(moved(value))
    return replace(vector, params=arrays(vector.params), steps=steps, hyperparameters=settings)


def _until_error(method: type[Method], vector: GoldenVector) -> Iterator[Observed]:
    try:
        yield from observe(MethodPort(method), vector, buffers=False)
    except (ArithmeticError, ValueError, TypeError):  # not finite, or two edits leave no vector
        return


def _tolerances(vector: GoldenVector) -> Table:
    return np.array([_row(step.expected["params"].tolerances) for step in vector.steps if step.expected])


def _row(arrays: Sequence[FloatArray]) -> Table:
    return np.concatenate([np.asarray(array, dtype=np.float64).reshape(-1) for array in arrays])


def _by_tensor(rows: Table, vector: GoldenVector) -> list[Table]:
    return np.split(rows, np.cumsum([array.size for array in vector.params])[:-1], axis=1)


def _widened(part: Table) -> Table:
    worst = part.max(axis=1, keepdims=True, initial=0.0)
    return np.broadcast_to(np.maximum.accumulate(worst, axis=0), part.shape)
