"""Whether a port keeps a number in a narrower format: what it returns then lies on the grid of that format.

Roundings to float32 hide whatever is smaller than they are, so that a departure that rounds would explain any small
mistake. But numbers that are float32 can be told from others: between two neighbours lie 2²⁹ numbers of float64.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.narrowing import Narrowing
from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.replay import Replay, Set, Table
from momoracle.ports.protocol import plain
from momoracle.reference.golden.vectors import GoldenVector

_NEIGHBOURS = 24  # float32 numbers on each side of the one that is expected: what a few roundings may make of a sum
# Half of the numbers must be on the grid. Others need not: where terms cancel, a sum may be more neighbours away, and a
# port may round the number once more before it uses it. Of numbers that are not float32, hardly any is there by chance.
_SHARE = 0.5
_VECTORS = 12  # are looked at
_ROUNDING = 16 * 2.0**-52  # of a parameter: so much may float64 be off in a step


def lies_on_grid(replay: Replay, seen: Sequence[tuple[int, Table]], chosen: Set) -> bool | None:
    """Tell whether the port's numbers show each rounding to float32 that a set of departures makes.

    ``seen`` has the float64 vectors that deviate, by place, with what the port returned. None where that cannot be
    told: there are none, or a departure of the set rounds to another format.
    """
    known = [departure(replay.algorithm, name) for name in sorted(chosen)]
    narrow = [entry.narrow for entry in known if entry.narrow is not None]
    if not narrow or not seen or any(dtype != "float32" for _, dtype in narrow):
        return None
    recorded = [(i, table) for i, table in seen if all(step.expected for step in replay.vectors[i].steps)]
    for quantity, _ in narrow:
        if quantity == "params":
            if not all(_is_float32(table) for _, table in seen):
                return False
        else:
            numbers = [n for i, table in recorded[:_VECTORS] for n in _are_on_grid(replay, i, table, chosen, quantity)]
            if not numbers or sum(numbers) < _SHARE * len(numbers):
                return False
    return True


def are_seen_narrow(algorithm: str, chosen: Set, buffers: Collection[str]) -> bool:
    """Tell whether all that a set of departures keeps in float32 are buffers that a port shows with such numbers."""
    narrow = [known.narrow for name in chosen if (known := departure(algorithm, name)).narrow is not None]
    return bool(narrow) and all(dtype == "float32" and quantity in buffers for quantity, dtype in narrow)


def _is_float32(table: Table) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.all((table == table.astype(np.float32)) | np.isnan(table)))


class _Neighbour(Narrowing):
    """Rounds to float32, and goes on from there by some neighbours."""

    def __init__(self) -> None:
        super().__init__("float32")
        self.steps = 0

    def array(self, array: Any, out: Any = None) -> Any:
        near = np.asarray(super().array(array), dtype=np.float32)
        moved = (near.view(np.int32) + np.int32(self.steps) * (near != 0)).view(np.float32)
        if out is None:
            return np.asarray(moved, dtype=array.dtype)
        out[...] = moved
        return out


def _are_on_grid(replay: Replay, i: int, table: Table, chosen: Set, quantity: str) -> Iterator[bool]:
    """Yield for each number that a quantity has in a vector whether a float32 number gives the port's parameters.

    The port's buffer is not seen, so it is followed: in each step, all neighbours of the number that is expected there
    are tried, and the one that gives the port's parameters is what the next step starts from. Numbers that all
    neighbours would give alike, for the step is too small to show them, are left out.
    """
    vector, neighbour = replay.vectors[i], _Neighbour()
    known = (departure(replay.algorithm, name) for name in sorted(chosen))
    opt = variant(replay.algorithm, *known, narrowing=neighbour)(**plain(vector.hyperparameters))
    params: list[Any] = [np.asarray(array) for array in vector.params]
    state = opt.init(params)
    for row, allowed, step in zip(table, replay.allowed[i], vector.steps, strict=True):
        after, within = list(_split(row, vector)), list(_split(allowed, vector))
        fits, states = [], []
        for steps in sorted(range(-_NEIGHBOURS, _NEIGHBOURS + 1), key=abs):
            neighbour.steps = steps
            try:
                moved, new, _ = opt.step(params, list(step.grads), state, step.loss)
            except (ArithmeticError, ValueError):
                return
            states.append(new)
            parts = zip(moved, after, params, within, strict=True)
            fits.append([abs(x - y) <= _ROUNDING * (abs(x) + abs(z)) + e for x, y, z, e in parts])
        state, answers = _follow(fits, states, quantity)
        yield from answers
        params = after


def _follow(fits: list[list[Any]], states: list[Any], quantity: str) -> tuple[Any, list[bool]]:
    """Return the state that the port must have, and for each number that shows whether a neighbour gives it.

    Where none does the port's number is not known, and the expected one, which comes first, stands for it.
    """
    state, kept = states[0], getattr(states[0], quantity)
    if not isinstance(kept, list):  # one number of the whole step: all parameters follow from it
        whole: Any = np.array([np.concatenate([np.reshape(part, -1) for part in fit]).all() for fit in fits])
        return states[int(np.argmax(whole))], _shown_by(whole[:, None])
    answers: list[bool] = []
    for t, number in enumerate(kept):
        fit = np.stack([np.asarray(tried[t]) for tried in fits])
        if np.ndim(number) < fit.ndim - 1:  # one number of a tensor: all its entries follow from it
            whole = fit.reshape(len(fits), -1).all(axis=1)
            answers += _shown_by(whole[:, None])
            state = _with_tensor(state, t, states[int(np.argmax(whole))])
        else:
            answers += _shown_by(fit.reshape(len(fits), -1))
            entries = np.stack([np.asarray(getattr(other, quantity)[t]) for other in states])
            values = list(getattr(state, quantity))
            values[t] = np.asarray(np.take_along_axis(entries, fit.argmax(axis=0)[None], axis=0)[0])
            state = state._replace(**{quantity: values})
    return state, answers


def _shown_by(fit: Any) -> list[bool]:
    """Return for each number whether one of its neighbours fits; without those that all neighbours fit."""
    return [bool(some) for some, every in zip(fit.any(axis=0), fit.all(axis=0), strict=True) if not every]


def _with_tensor(state: Any, t: int, other: Any) -> Any:
    """Return a state with all that it keeps of tensor ``t`` taken from another one."""
    lists = {name: list(value) for name, value in state._asdict().items() if isinstance(value, list)}
    for name, values in lists.items():
        values[t] = getattr(other, name)[t]
    return state._replace(**lists)


def _split(row: Any, vector: GoldenVector) -> Iterator[Any]:
    start = 0
    for array in vector.params:
        yield np.asarray(row[start : start + array.size]).reshape(array.shape)
        start += array.size
