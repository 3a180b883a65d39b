"""Departures replayed: what a method with some departures returns on the vectors, and whether a port returns the same.

Two floating-point runs of one rule differ by rounding, and a vector's own tolerance is derived for the method without
departures. So a replay is run again on inputs that are moved by a rounding error, and what that moves is granted too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import Method
from momoracle.reference.golden.vectors import FloatArray, Vector

Set: TypeAlias = frozenset[str]
Table: TypeAlias = NDArray[
    np.float64
]  # one row a recorded step, all entries in it; NaN where there is no finite number

_NUDGES = 2  # runs on moved inputs
_SHAKES = 8  # the same where departures add roundings, which are few and so vary more
_GRANTED = 8  # times what they moved; each moves every number by up to two units in its last place
_ROUGH = {"float64": 1e-9, "float32": 1e-3}  # of the largest entry: further apart are no two runs of one rule


def table(vector: Vector, results: Iterable[Observed]) -> Table:
    """Return the parameters of each recorded step as one row; steps that did not come are NaN."""
    steps = [k for k, step in enumerate(vector.steps, start=1) if step.expected]
    rows = np.full((len(steps), sum(array.size for array in vector.params)), np.nan)
    for result in results:
        row = _row(result.params)
        if row.size == rows.shape[1]:
            rows[steps.index(result.step)] = np.where(np.isfinite(row), row, np.nan)
    return rows


def run(method: type[Method], vector: Vector) -> Table:
    """Return the table of a method's own run; where it raises, the rest is NaN."""
    return table(vector, _until_error(method, vector))


class Replay:
    """Runs of the departures of one algorithm on its vectors; each is made once."""

    def __init__(self, algorithm: str, vectors: Sequence[Vector]) -> None:
        self.algorithm = algorithm
        self.vectors = tuple(vectors)
        self._methods: dict[tuple[Set, bool], type[Method]] = {}
        self._tables: dict[tuple[Set, int], Table] = {}
        self._allowed = [_tolerances(vector) for vector in self.vectors]

    def method(self, departures: Set, shaken: bool = False) -> type[Method]:
        """Return the method with these departures, the roundings that they add moved or not."""
        if (departures, shaken) not in self._methods:
            chosen = (departure(self.algorithm, name) for name in sorted(departures))
            self._methods[departures, shaken] = variant(self.algorithm, *chosen, shaken=shaken)
        return self._methods[departures, shaken]

    def table(self, departures: Set, i: int) -> Table:
        """Return what the method with these departures gives on vector ``i``."""
        if (departures, i) not in self._tables:
            self._tables[departures, i] = run(self.method(departures), self.vectors[i])
        return self._tables[departures, i]

    def roughly(self, seen: Table, departures: Set, i: int, shaken: bool = False) -> bool:
        """Tell at little cost whether ``seen`` may be a run of these departures on vector ``i``."""
        made = self.table(departures, i)
        rough = _ROUGH["float32" if shaken else self.vectors[i].dtype]
        largest = np.nanmax(np.abs(made), axis=1, keepdims=True, initial=0.0)
        return _within(seen, made, 1e4 * self._allowed[i] + rough * largest)

    def exactly(self, seen: Table, departures: Set, i: int, shaken: bool = False) -> bool:
        """Tell whether ``seen`` is a run of these departures on vector ``i``, up to rounding.

        With ``shaken``, up to the roundings that the departures themselves add too.
        """
        made, vector = self.table(departures, i), self.vectors[i]
        if _within(seen, made, self._allowed[i]):  # nothing need be granted
            return True
        unit = float(np.finfo(vector.dtype).eps)
        moved = np.zeros_like(made)
        for seed in range(_SHAKES if shaken else _NUDGES):
            change = np.abs(run(self.method(departures, shaken), nudged(vector, seed)) - made)
            moved = np.maximum(moved, np.where(np.isnan(change), 0.0, change))
        spread = np.concatenate([_widened(part) for part in _by_tensor(moved, vector)], axis=1)
        return _within(seen, made, np.maximum(self._allowed[i], unit * np.abs(made)) + _GRANTED * spread)


def nudged(vector: Vector, seed: int) -> Vector:
    """Return a vector whose numbers are each moved by up to two units in the last place of its dtype."""
    random, unit = np.random.default_rng(seed), float(np.finfo(vector.dtype).eps)

    def moved(value: Any) -> Any:
        return value * (1 + unit * random.integers(-2, 3, np.shape(value)))

    def arrays(given: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        return tuple(np.asarray(moved(array), dtype=array.dtype) for array in given)

    steps = tuple(replace(step, loss=float(moved(step.loss)), grads=arrays(step.grads)) for step in vector.steps)
    settings = dict(vector.hyperparameters)
    if vector.dtype == "float32":  # a port in float32 rounds its hyperparameters too
        for name, value in settings.items():
            if not isinstance(value, bool):
                settings[name] = tuple(map(moved, value)) if isinstance(value, tuple) else float(moved(value))
    return replace(vector, params=arrays(vector.params), steps=steps, hyperparameters=settings)


def _until_error(method: type[Method], vector: Vector) -> Iterator[Observed]:
    try:
        yield from observe(MethodPort(method), vector, buffers=False)
    except (ArithmeticError, ValueError):  # not finite, for one: a departure may lead anywhere
        return


def _tolerances(vector: Vector) -> Table:
    return np.array([_row(step.expected["params"].tolerances) for step in vector.steps if step.expected])


def _row(arrays: Sequence[FloatArray]) -> Table:
    return np.concatenate([np.asarray(array, dtype=np.float64).reshape(-1) for array in arrays])


def _within(seen: Table, made: Table, tolerance: Table) -> bool:
    both = np.isnan(seen) & np.isnan(made)
    return bool(np.all(both | (np.abs(seen - made) <= tolerance)))


def _by_tensor(rows: Table, vector: Vector) -> list[Table]:
    return np.split(rows, np.cumsum([array.size for array in vector.params])[:-1], axis=1)


def _widened(part: Table) -> Table:
    """Grant every entry of a tensor what the worst of them was moved, now or before."""
    worst = part.max(axis=1, keepdims=True, initial=0.0)
    return np.broadcast_to(np.maximum.accumulate(worst, axis=0), part.shape)
