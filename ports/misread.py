"""Mistakes in what a step is given: the method itself, on a vector that is read in a wrong way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from momoracle.ports.names import METHODS
from momoracle.ports.replay import Replay, Table
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.vectors import FloatArray, Step, Vector

Reading: TypeAlias = Callable[[Vector], Vector]


def misread(algorithm: str, vectors: Sequence[Vector], seen: Sequence[Table], offered: Sequence[str]) -> str | None:
    """Return the id of the first wrong reading under which the method returns ``seen`` on all vectors; else None.

    ``seen`` has the table of each vector, and ``offered`` the hyperparameters that the student's class takes.
    """
    for name, reading in _readings(algorithm, offered):
        replay = Replay(algorithm, [reading(vector) for vector in vectors])
        if all(replay.roughly(table, frozenset(), i) for i, table in enumerate(seen)):
            return name
    return None


def _readings(algorithm: str, offered: Sequence[str]) -> Iterator[tuple[str, Reading]]:
    if ALGORITHMS[algorithm].needs_loss:
        yield "loss-per-entry", _loss(lambda v, f: f / max(sum(x.size for x in v.params), 1))
        yield "loss-per-tensor", _loss(lambda v, f: f / len(v.params))
        yield "loss-ignored", _loss(lambda v, f: 0.0)
    yield "gradient-normalised", _grads(_normalised)
    yield "first-tensor-alone", _grads(lambda grads: (grads[0], *(0 * g for g in grads[1:])))
    for name in offered:
        if name in METHODS[algorithm].defaults:
            yield f"ignored={name}", _setting(name, METHODS[algorithm].defaults[name])


def _loss(change: Callable[[Vector, float], float]) -> Reading:
    return lambda v: replace(v, steps=tuple(replace(step, loss=change(v, step.loss)) for step in v.steps))


def _grads(change: Callable[[tuple[FloatArray, ...]], tuple[FloatArray, ...]]) -> Reading:
    def read(step: Step) -> Step:
        return replace(step, grads=tuple(np.asarray(g) for g in change(step.grads)))

    return lambda v: replace(v, steps=tuple(map(read, v.steps)))


def _normalised(grads: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
    norms = [float(np.linalg.norm(g.reshape(-1))) for g in grads]
    return tuple(g / norm if norm else g for g, norm in zip(grads, norms, strict=True))


def _setting(name: str, value: float | bool) -> Reading:
    return lambda v: replace(v, hyperparameters={**v.hyperparameters, name: value})
