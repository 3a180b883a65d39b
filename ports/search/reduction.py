"""Simpler versions of a case, tried one after another until none shows the deviation any more.

Hypothesis shrinks the choices that made a case. A tensor is many of them, spread over all steps, and a step is many
over all tensors; so the case itself is reduced instead: whole steps, tensors and entries first, then its numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from momoracle.ports.search.cases import RATES, changed_settings, defaults, values_of
from momoracle.reference.golden.cases import Case
from momoracle.reference.golden.vectors import FloatArray

_NUMBERS = (0.0, 1.0, 0.5, 2.0, -1.0)


def reduce_case(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return a smallest case for which ``fails`` still holds: no single simplification of it does.

    ``fails`` may raise to end the search for it.
    """
    while True:
        smaller = next((other for other in simpler(case) if size(other) < size(case) and fails(other)), None)
        if smaller is None:
            return case
        case = smaller


def size(case: Case) -> tuple[int, ...]:
    """Return how large a case is to a reader; smaller ones compare as less.

    Steps count first, then entries, tensors, axes, hyperparameters that are not the defaults, the narrower dtype, and
    at last the digits.
    """
    lr = case.hyperparameters["lr"]
    rates = lr if isinstance(lr, tuple) else (lr,)
    others = [value for name, value in changed_settings(case).items() if name != "lr"]
    entries = [z for array in _arrays(case) for z in array.reshape(-1)]
    return (
        len(case.losses),
        sum(array.size for array in case.params),
        len(case.params),
        sum(abs(array.ndim - 1) for array in case.params),
        len(others) + isinstance(lr, tuple),
        int(case.dtype != "float64"),
        sum(_digits(z) for z in (*entries, *case.losses, *rates, *others)),
    )


def simpler(case: Case) -> Iterator[Case]:
    """Yield versions of a case with one thing less or one thing simpler, the largest savings first."""
    yield from _fewer_steps(case)
    yield from _fewer_tensors(case)
    yield from _fewer_entries(case)
    yield from _simpler_settings(case)
    if case.dtype != "float64":
        yield _mapped(replace(case, dtype="float64"), lambda z: z.astype(np.float64))
    yield from _simpler_numbers(case)


def _fewer_steps(case: Case) -> Iterator[Case]:
    steps = range(len(case.losses))
    for kept in [*([k for k in steps if k < n] for n in steps if n), *([k for k in steps if k != d] for d in steps)]:
        if kept:
            yield _with(
                replace(case, losses=tuple(case.losses[k] for k in kept), grads=tuple(case.grads[k] for k in kept)),
                lr=tuple(lr[k] for k in kept) if isinstance(lr := case.hyperparameters["lr"], tuple) else lr,
            )


def _fewer_tensors(case: Case) -> Iterator[Case]:
    tensors = range(len(case.params))
    for kept in [*([t] for t in tensors), *([t for t in tensors if t != left] for left in tensors)]:
        if 0 < len(kept) < len(tensors) and any(case.params[t].size for t in kept):
            yield replace(
                case,
                params=tuple(case.params[t] for t in kept),
                grads=tuple(tuple(step[t] for t in kept) for step in case.grads),
            )


def _fewer_entries(case: Case) -> Iterator[Case]:
    for t, array in enumerate(case.params):
        entries = list(range(array.size))
        if array.ndim != 1:
            yield _kept(case, t, entries)
        if array.size > 1:
            yield from (_kept(case, t, [i]) for i in entries)
            yield from (_kept(case, t, [i for i in entries if i != left]) for left in entries)


def _simpler_settings(case: Case) -> Iterator[Case]:
    lr = case.hyperparameters["lr"]
    if isinstance(lr, tuple):
        for rate in dict.fromkeys(rate for rate in (*RATES, *lr) if rate):
            yield _with(case, lr=rate)
        for k in range(len(lr)):
            yield from (_with(case, lr=(*lr[:k], rate, *lr[k + 1 :])) for rate in RATES)
    else:
        yield from (_with(case, lr=rate) for rate in RATES)
    default = defaults(case.algorithm)
    changed = [name for name in changed_settings(case) if name != "lr"]
    yield from (_with(case, **{name: default[name]}) for name in changed)
    for name in changed:
        if not isinstance(default[name], bool):  # without the zeros that switch an average off
            yield from (_with(case, **{name: value}) for value in values_of(case.algorithm, name) if value)


def _simpler_numbers(case: Case) -> Iterator[Case]:
    for i, loss in enumerate(case.losses):
        for other in _candidates(loss):
            yield replace(
                case, losses=(*case.losses[:i], float(np.dtype(case.dtype).type(other)), *case.losses[i + 1 :])
            )
    # Every array in turn: the parameters, then the gradients of each step.
    for at, array in enumerate(_arrays(case)):
        if array.size > 1:
            yield from (_replaced(case, at, np.full_like(array, value)) for value in (0.0, 1.0))
        for i in range(array.size):
            for other in _candidates(float(array.flat[i])):
                changed = array.copy()
                changed.flat[i] = other
                yield _replaced(case, at, changed)


def _candidates(value: float) -> Iterator[float]:
    for other in (*_NUMBERS, *(float(f"{value:.{digits}g}") for digits in (1, 2, 3))):
        if _digits(other) < _digits(value):
            yield other


def _digits(value: Any) -> int:
    return len(str(value).removesuffix(".0")) if value else 0


def _arrays(case: Case) -> list[FloatArray]:
    return [array for arrays in (case.params, *case.grads) for array in arrays]


def _replaced(case: Case, at: int, array: FloatArray) -> Case:
    arrays = _arrays(case)
    arrays[at] = array
    count = len(case.params)
    rows = [tuple(arrays[start : start + count]) for start in range(0, len(arrays), count)]
    return replace(case, params=rows[0], grads=tuple(rows[1:]))


def _with(case: Case, **hyperparameters: Any) -> Case:
    return replace(case, hyperparameters={**case.hyperparameters, **hyperparameters})


def _kept(case: Case, t: int, entries: list[int]) -> Case:
    """Return the case with these entries of tensor ``t``, on one axis."""

    def kept(arrays: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        return (*arrays[:t], arrays[t].reshape(-1)[entries], *arrays[t + 1 :])

    return replace(case, params=kept(case.params), grads=tuple(kept(step) for step in case.grads))


def _mapped(case: Case, change: Callable[[FloatArray], FloatArray]) -> Case:
    return replace(
        case,
        params=tuple(change(z) for z in case.params),
        grads=tuple(tuple(change(z) for z in step) for step in case.grads),
    )
