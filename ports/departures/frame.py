"""Mistakes in the code around the update (stale rate or loss, state lost or too narrow): each wraps the method."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from momoracle.ports.departures.departure import Departure
from momoracle.ports.departures.narrowing import Narrowing
from momoracle.ports.methods.facts import MethodFacts
from momoracle.reference import Method

_SCHEDULERS = "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_MOMO_OPT = "https://github.com/fabian-sp/MoMo"


def frame_departures(facts: MethodFacts, method: type[Method]) -> Iterator[Departure]:
    """Yield the departures of a method that the code around any optimizer's update may have."""
    rate = "step_size" if "step_size" in facts.quantities else "params"
    for name, meaning, step in (
        ("lr-late", "the learning rate of the step before", lambda k: max(k - 1, 1)),
        ("lr-early", "the learning rate of the next step", lambda k: k + 1),
        ("lr-constant", "the first learning rate in every step", lambda k: 1),
    ):
        yield Departure(name, meaning, rate, around=partial(_rate_of, step), slot="lr", link=_SCHEDULERS)
    yield Departure("ascent", "the gradient is negated", "params", around=_ascent)
    if method.needs_loss:
        yield Departure("stale-loss", "the loss of the step before", facts.quantities[0], around=_stale_loss)
    yield Departure("hyperparameters-float32", "α, β, … are kept in float32", "params", around=_narrow_hyperparameters)
    inside = partial(_float32, False), partial(_float32, True)
    meaning = "float64 is computed in float32"
    yield Departure(
        "float32-inside",
        meaning,
        "params",
        around=inside[0],
        perturbed=inside[1],
        rounds=True,
        narrow=("params", "float32"),
        slot="precision",
    )
    yield from _narrow_buffers(facts)
    yield from _state_departures(facts, method)
    if facts.separate and facts.counts_steps:
        meaning = "the step is counted once a tensor: the corrections run ahead"
        yield Departure("count-per-tensor", meaning, "params", around=_count_per_tensor)
    if facts.separate and "weight_decay" in facts.defaults:
        meaning = "tensors of one dimension or none do not decay"
        yield Departure("decay-of-matrices", meaning, "params", around=_decay_of_matrices)


def _narrow_buffers(facts: MethodFacts) -> Iterator[Departure]:
    """Yield departures that keep one buffer in float32 under float64 parameters: the step reads what it holds."""
    for name, edits in facts.narrowed.items():
        yield Departure(
            f"{name.replace('_', '-')}-float32",
            f"{name} is kept in float32 under float64 parameters",
            name,
            edits=edits,
            rounds=True,
            narrow=(name, "float32"),
            link=_MOMO_OPT if name == "offset" else "",
        )


def _state_departures(facts: MethodFacts, method: type[Method]) -> Iterator[Departure]:
    for name in method.State._fields[2:]:
        # MoMo keeps the next step's bound, and its trace shows this step's.
        quantity = name if name in facts.quantities else name.removeprefix("next_")
        if quantity not in facts.quantities:
            continue
        yield Departure(
            f"{name.replace('_', '-')}-not-kept",
            f"{name} is not written back: every step starts from its first value",
            quantity,
            around=partial(_forget, name),
            slot=name,
        )
    tensors = tuple(name for name in method.tensors if name in method.State._fields)
    if tensors:
        for dtype in ("float16", "bfloat16"):
            yield Departure(
                f"state-{dtype}",
                f"the averages of tensors are stored in {dtype}",
                tensors[0] if tensors[0] in facts.quantities else "params",
                around=partial(_stored, tensors, Narrowing(dtype)),
                perturbed=partial(_stored, tensors, Narrowing(dtype, perturbed=True)),
                rounds=True,
                narrow=(tensors[0], dtype),
                slot="precision",
            )


def _rate_of(step: Callable[[int], int], method: type[Method]) -> type[Method]:
    class Rate(method):  # type: ignore[misc, valid-type]
        def _learning_rate(self, k: int, numbers: Any) -> Any:
            try:
                return super()._learning_rate(step(k), numbers)
            except IndexError:  # there is no next step
                return super()._learning_rate(k, numbers)

    return Rate


def _ascent(method: type[Method]) -> type[Method]:
    class Ascent(method):  # type: ignore[misc, valid-type]
        def advance(self, x: Any, g: Any, state: Any, now: Any) -> Any:
            return super().advance(x, -1.0 * g, state, now)

    return Ascent


def _stale_loss(method: type[Method]) -> type[Method]:
    class StaleLoss(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            last = getattr(self, "last", loss)
            object.__setattr__(self, "last", loss)
            return super().step(params, grads, state, last, out)

    return StaleLoss


def _narrow_hyperparameters(method: type[Method]) -> type[Method]:
    class Narrow(method):  # type: ignore[misc, valid-type]
        def __post_init__(self) -> None:
            super().__post_init__()
            for name in (field.name for field in fields(self)):
                value = getattr(self, name)
                if isinstance(value, float):
                    object.__setattr__(self, name, float(np.float32(value)))
                elif callable(value):
                    object.__setattr__(self, name, lambda k, value=value: float(np.float32(value(k))))

    return Narrow


def _float32(perturbed: bool, method: type[Method]) -> type[Method]:
    narrowed = Narrowing("float32", perturbed)

    class Inside(method):  # type: ignore[misc, valid-type]
        def init(self, params: Any, replicas: int | None = None) -> Any:
            return super().init(_cast(params, np.float32), replicas)

        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            narrow = super().step(_cast(params, np.float32), _cast(grads, np.float32), state, loss, out)
            wide = [narrowed(after.astype(x.dtype)) for after, x in zip(narrow[0], params, strict=True)]
            return wide, *narrow[1:]

    return Inside


def _forget(name: str, method: type[Method]) -> type[Method]:
    class Forget(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            params, after, trace = super().step(params, grads, state, loss, out)
            return params, after._replace(**{name: getattr(state, name)}), trace

    return Forget


def _stored(names: tuple[str, ...], narrowed: Narrowing, method: type[Method]) -> type[Method]:
    class Stored(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            params, after, trace = super().step(params, grads, state, loss, out)
            narrow = {name: [narrowed(part) for part in getattr(after, name)] for name in names}
            return params, after._replace(**narrow), trace

    return Stored


def _count_per_tensor(method: type[Method]) -> type[Method]:
    class CountPerTensor(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            parts = []
            for t, (x, g) in enumerate(zip(params, grads, strict=True)):
                own = {name: [getattr(state, name)[t]] for name in self.tensors}
                count = state.step * len(params) + t
                parts.append(super().step([x], [g], state._replace(step=count, **own), loss))
            joined = {name: [getattr(part[1], name)[0] for part in parts] for name in self.tensors}
            after = state._replace(step=state.step + 1, **joined)
            return [part[0][0] for part in parts], after, parts[-1][2] if parts else self.Trace([], [])

    return CountPerTensor


def _decay_of_matrices(method: type[Method]) -> type[Method]:
    class DecayOfMatrices(method):  # type: ignore[misc, valid-type]
        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            decayed = super().step(params, grads, state, loss, out)
            without = replace(self, weight_decay=self.weight_decay * 0.0)
            plain = super(DecayOfMatrices, without).step(params, grads, state, loss, out)
            choose = [x.ndim > 1 for x in params]
            merged = {
                name: [d if matrix else p for d, p, matrix in zip(ours, theirs, choose, strict=True)]
                for name, ours, theirs in zip(state._fields, decayed[1], plain[1], strict=True)
                if isinstance(ours, list)
            }
            moved = [d if matrix else p for d, p, matrix in zip(decayed[0], plain[0], choose, strict=True)]
            return moved, decayed[1]._replace(**merged), decayed[2]

    return DecayOfMatrices


def _cast(arrays: Any, dtype: Any) -> Any:
    with np.errstate(over="ignore"):  # too large a number is infinite, as in any port
        return [array.astype(dtype) for array in arrays]
