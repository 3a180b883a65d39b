"""Mistakes around the formula: the method itself, on a vector that is read in a wrong way, or not stored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.diagnosis.replay import Table, replayed_table, table
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.running.messages import Observed
from momoracle.reference import Method
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.vectors import FloatArray, GoldenVector, Step

Reading: TypeAlias = Callable[[GoldenVector], GoldenVector]

_NEAR = 1e-9  # of a step's largest entry: two runs of one rule in float64 are not further apart


def misread(
    algorithm: str, vectors: Sequence[GoldenVector], seen: Sequence[Table], offered: Sequence[str]
) -> str | None:
    """Return the id of the first mistake under which the method returns ``seen`` on all vectors; else None.

    ``seen`` has the table of each vector, and ``offered`` the hyperparameters that the student's class takes.
    """
    for name, made in _mistakes(algorithm, offered):
        if all(_same(table, made(vector)) for vector, table in zip(vectors, seen, strict=True)):
            return name
    return None


def _mistakes(algorithm: str, offered: Sequence[str]) -> Iterator[tuple[str, Callable[[GoldenVector], Table]]]:
    method = method_of(algorithm)
    yield "no-step", lambda vector: table(vector, (Observed(k, vector.params, {}) for k in _recorded(vector)))
    yield "params-not-stored", partial(replayed_table, _from_the_start(method))
    for name, reading in _readings(algorithm, offered):
        yield name, partial(_run_as_read, method, reading)


def _run_as_read(method: type[Method], reading: Reading, vector: GoldenVector) -> Table:
    return replayed_table(method, reading(vector))


def _readings(algorithm: str, offered: Sequence[str]) -> Iterator[tuple[str, Reading]]:
    if method_of(algorithm).needs_loss:
        yield "loss-per-entry", _loss(lambda v, f: f / max(sum(x.size for x in v.params), 1))
        yield "loss-per-tensor", _loss(lambda v, f: f / len(v.params))
        yield "loss-ignored", _loss(lambda v, f: 0.0)
    yield "gradient-normalised", _grads(_normalised)
    yield "first-tensor-alone", _grads(lambda grads: (grads[0], *(0 * g for g in grads[1:])))
    defaults = facts_of(algorithm).defaults
    for name in offered:
        if name in defaults:
            yield f"ignored={name}", _setting(name, defaults[name])


def _from_the_start(method: type[Method]) -> type[Method]:
    class FromTheStart(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            first = getattr(self, "first", params)
            object.__setattr__(self, "first", first)
            return super().step(first, grads, state, loss, out)

    return FromTheStart


def _recorded(vector: GoldenVector) -> list[int]:
    return [k for k, step in enumerate(vector.steps, start=1) if step.expected]


def _same(seen: Table, made: Table) -> bool:
    largest = np.nanmax(np.abs(made), axis=1, keepdims=True, initial=0.0)
    return bool(np.all((np.abs(seen - made) <= _NEAR * largest) | (np.isnan(seen) & np.isnan(made))))


def _loss(change: Callable[[GoldenVector, float], float]) -> Reading:
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
