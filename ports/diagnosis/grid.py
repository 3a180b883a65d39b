"""Whether a port keeps a number in a narrower format: what it returns then lies on the grid of that format.

Roundings to float32 hide whatever is smaller than they are, so that a departure that rounds would explain any small
mistake. But numbers that are float32 can be told from others: between two neighbours lie 2²⁹ numbers of float64.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.narrowing import Narrowing
from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.replay import Replay, Set, Table
from momoracle.ports.protocol import plain
from momoracle.reference.golden.vectors import GoldenVector

_NEIGHBOURS = 4  # float32 numbers on each side of the one that is expected: an update makes so many roundings at most
_VECTORS = 6  # are looked at; each of them has to agree
_ROUNDING = 16 * 2.0**-52  # of a parameter: so much may float64 be off in a step


def lies_on_grid(replay: Replay, seen: Sequence[tuple[int, Table]], chosen: Set) -> bool:
    """Tell whether the port's numbers show each rounding to float32 that a set of departures makes.

    ``seen`` has the float64 vectors that deviate, by place, with what the port returned. False where a departure of the
    set rounds to another format.
    """
    known = [departure(replay.algorithm, name) for name in sorted(chosen)]
    narrow = [entry.narrow for entry in known if entry.narrow is not None]
    if not narrow or not seen or any(dtype != "float32" for _, dtype in narrow):
        return False
    recorded = [(i, table) for i, table in seen if all(step.expected for step in replay.vectors[i].steps)]
    for quantity, _ in narrow:
        if quantity == "params":
            if not all(_is_float32(table) for _, table in seen):
                return False
        else:
            answers = [_steps_on_grid(replay, i, table, chosen, quantity) for i, table in recorded[:_VECTORS]]
            if False in answers or True not in answers:
                return False
    return True


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


def _steps_on_grid(replay: Replay, i: int, table: Table, chosen: Set, quantity: str) -> bool | None:
    """Tell whether every step of a vector is one with a float32 number in the place of a quantity; None: it tells not.

    The port's buffer is not seen, so it is followed: in each step, all neighbours of the number that is expected there
    are tried, and the one that gives the port's parameters is what the next step starts from.
    """
    vector, neighbour = replay.vectors[i], _Neighbour()
    known = (departure(replay.algorithm, name) for name in sorted(chosen))
    opt = variant(replay.algorithm, *known, narrowing=neighbour)(**plain(vector.hyperparameters))
    params: list[Any] = [np.asarray(array) for array in vector.params]
    state, tells = opt.init(params), False
    for row, step in zip(table, vector.steps, strict=True):
        after = list(_split(row, vector))
        tried = []
        for steps in sorted(range(-_NEIGHBOURS, _NEIGHBOURS + 1), key=abs):
            neighbour.steps = steps
            try:
                tried.append(opt.step(params, list(step.grads), state, step.loss))
            except (ArithmeticError, ValueError):
                return None
        fits = [
            [np.abs(x - y) <= _ROUNDING * (np.abs(x) + np.abs(z)) for x, y, z in zip(moved, after, params, strict=True)]
            for moved, _, _ in tried
        ]
        tells |= not all(fit.all() for fit in map(_flat, fits))
        state = _followed(fits, [new for _, new, _ in tried], quantity)
        if state is None:
            return False
        params = after
    return tells or None


def _followed(fits: list[list[Any]], states: list[Any], quantity: str) -> Any:
    """Return the state that the port must have, or None where no neighbour gives its parameters."""
    kept = getattr(states[0], quantity)
    if not isinstance(kept, list):  # one number of the whole step: all parameters follow from it
        return next((state for fit, state in zip(fits, states, strict=True) if _flat(fit).all()), None)
    state = states[0]
    for t, number in enumerate(kept):
        fit = np.stack([np.asarray(tried[t]) for tried in fits])
        if np.ndim(number) < fit.ndim - 1:  # one number of a tensor: all its entries follow from it
            whole = fit.reshape(len(fits), -1).all(axis=1)
            if not whole.any():
                return None
            state = _with_tensor(state, t, states[int(np.argmax(whole))])
        elif not fit.any(axis=0).all():
            return None
        else:
            entries = np.stack([np.asarray(getattr(other, quantity)[t]) for other in states])
            chosen = np.asarray(np.take_along_axis(entries, fit.argmax(axis=0)[None], axis=0)[0])
            values = list(getattr(state, quantity))
            values[t] = chosen
            state = state._replace(**{quantity: values})
    return state


def _with_tensor(state: Any, t: int, other: Any) -> Any:
    """Return a state with all that it keeps of tensor ``t`` taken from another one."""
    lists = {name: list(value) for name, value in state._asdict().items() if isinstance(value, list)}
    for name, values in lists.items():
        values[t] = getattr(other, name)[t]
    return state._replace(**lists)


def _flat(arrays: list[Any]) -> Any:
    return np.concatenate([np.reshape(array, -1) for array in arrays])


def _split(row: Any, vector: GoldenVector) -> Iterator[Any]:
    start = 0
    for array in vector.params:
        yield np.asarray(row[start : start + array.size]).reshape(array.shape)
        start += array.size
