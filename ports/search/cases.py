"""What a search draws: small cases of an algorithm, with gradients that are chosen to be awkward.

Magnitudes stay where the core vectors live: entries are zero or from 1e-12 to 1e3. A correct port may write an average
as m + (1−β)(g − m), which leaves of g only what a rounding of m leaves where β is 0 and g much smaller; so there the
numbers are few dyadic ones, for which that is exact.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from hypothesis import strategies as st

from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.draw import Draw
from momoracle.reference.golden.vectors import FloatArray, Hyperparameter

MOST_STEPS = 6
MOST_TENSORS = 3
SCHEDULE = "lr(k)"  # among the features of a port: a learning rate that changes

RATES = (1.0, 0.5, 0.1, 0.01, 0.001, 3.0, 50.0)
VALUES: dict[str, tuple[Hyperparameter, ...]] = {
    "beta": (0.5, 0.25, 0.75, 0.9, 0.99, 0.0),
    "beta1": (0.5, 0.25, 0.75, 0.9, 0.99, 0.0),
    "beta2": (0.5, 0.25, 0.9, 0.99, 0.999, 0.0),
    "gamma": (0.5, 0.25, 0.875, 0.9, 0.99, 0.0),
    "eps": (1.0, 0.25, 1e-3, 1e-6, 1e-8, 0.0),
    "lower_bound": (0.5, -1.0, 0.75, -10.0, 0.0, float("-inf")),
    "weight_decay": (0.5, 0.25, 0.1, 0.01, 1.0, 0.0),
}
_SHAPES: tuple[tuple[int, ...], ...] = ((1,), (), (2,), (3,), (2, 2), (1, 3), (3, 1), (0,))
_SCALES = (1.0, 1.0, 1.0, 1.0, 1e-3, 1e-6, 1e-9, 100.0)
_DYADIC = (0.0, 1.0, -1.0, 0.5, 2.0, -0.5, -2.0, 0.25, 3.0)
_DRAWN = tuple(Draw("search").number(-1, 1) for _ in range(48))
_ENTRIES = (*_DYADIC, *_DRAWN, *_DYADIC, 0.0, 0.0)
_LOSSES = (1.0, 0.5, 2.0, 0.0, 0.25, 5.0, 10.0, -1.0, -3.0)
_MORE_LOSSES = (*_LOSSES, *(abs(z) for z in _DRAWN), *_DRAWN[:8])
_PLAIN_DIRECTIONS = ("new", "same", "opposite", "zero", "orthogonal")
_DIRECTIONS = (*_PLAIN_DIRECTIONS, "cancelling", "smaller", "larger")


def features(algorithm: str) -> dict[str, dict[str, Any]]:
    """Return what a port may not offer: name -> hyperparameters that ask for it, and for nothing else."""
    settings = ((name, default) for name, default in defaults(algorithm).items() if name != "lr")
    made = {name: {name: others[0]} for name, default in settings if (others := _others(algorithm, name, default))}
    return {**made, SCHEDULE: {"lr": (0.5, 0.25)}}


def defaults(algorithm: str) -> dict[str, Any]:
    """Return the method's hyperparameters with their defaults."""
    return Maker(algorithm, "float64").hyperparameters()


def changed_settings(case: Case) -> dict[str, Hyperparameter]:
    """Return the hyperparameters that are not the method's defaults, and the learning rate."""
    default = defaults(case.algorithm)
    return {name: value for name, value in case.hyperparameters.items() if name == "lr" or value != default[name]}


def cases(algorithm: str, offered: Collection[str]) -> st.SearchStrategy[Case]:
    """Return the strategy of cases that ask for no feature but those ``offered``."""

    @st.composite
    def case(draw: st.DrawFn) -> Case:
        make = Maker(algorithm, draw(st.sampled_from(("float64", "float32"))))
        shapes = draw(st.lists(st.sampled_from(_SHAPES), min_size=1, max_size=MOST_TENSORS).filter(_some_entries))
        count = draw(st.integers(1, MOST_STEPS))
        chosen = _hyperparameters(draw, algorithm, offered, count)
        plain = _switches_off(chosen)
        params = _tensors(draw, shapes, plain)
        beta = chosen.get("beta", chosen.get("beta1", 0.9))
        grads: list[list[FloatArray]] = []
        for k in range(count):
            direction = draw(st.sampled_from(_PLAIN_DIRECTIONS if plain else _DIRECTIONS)) if k else "new"
            grads.append(_tensors(draw, shapes, plain) if direction == "new" else _from(grads[-1], direction, beta))
        losses = [draw(st.sampled_from(_LOSSES if plain else _MORE_LOSSES)) for _ in range(count)]
        return make.prescribe("search", "", (), params, losses, grads, **chosen)

    return case()


def values_of(algorithm: str, name: str) -> tuple[Hyperparameter, ...]:
    """Return the values to draw of a hyperparameter: those of its name, or allowed numbers near its default."""
    if name in VALUES:
        return VALUES[name]
    default = defaults(algorithm)[name]
    return tuple(value for value in _near(default) if _is_allowed(algorithm, name, value))


def _others(algorithm: str, name: str, default: Hyperparameter) -> tuple[Hyperparameter, ...]:
    if isinstance(default, bool):
        return (not default,)
    return tuple(value for value in values_of(algorithm, name) if value != default)


def _near(default: Any) -> tuple[float, ...]:
    return (default / 2, default * 2, default / 8, 0.5, 0.25, 0.0)


def _is_allowed(algorithm: str, name: str, value: float) -> bool:
    try:
        method_of(algorithm)(lr=0.5, **{name: value})
    except ValueError:
        return False
    return True


def _hyperparameters(draw: st.DrawFn, algorithm: str, offered: Collection[str], count: int) -> dict[str, Any]:
    chosen: dict[str, Any] = {"lr": draw(st.sampled_from(RATES))}
    for name, default in defaults(algorithm).items():
        if name in offered and draw(st.integers(0, 2)) == 2:
            chosen[name] = draw(st.sampled_from(_others(algorithm, name, default)))
    if chosen.get("estimate_lower_bound") and chosen.get("lower_bound") == float("-inf"):
        chosen["lower_bound"] = -10.0  # there is no estimate without a first guess
    if _switches_off(chosen):
        chosen.pop("weight_decay", None)  # added to a gradient, it makes it any number
    if SCHEDULE in offered and draw(st.integers(0, 4)) == 4:
        chosen["lr"] = tuple(draw(st.sampled_from((*RATES, 0.0))) for _ in range(count))
    return chosen


def _switches_off(chosen: dict[str, Any]) -> bool:
    return any(chosen.get(name) == 0.0 for name in ("beta", "beta1", "beta2"))


def _some_entries(shapes: list[tuple[int, ...]]) -> bool:
    return any(0 not in shape for shape in shapes)


def _tensors(draw: st.DrawFn, shapes: list[tuple[int, ...]], plain: bool) -> list[FloatArray]:
    scale = 1.0 if plain else draw(st.sampled_from(_SCALES))
    entry = st.sampled_from(_DYADIC if plain else _ENTRIES)
    sizes = [int(np.prod(shape)) for shape in shapes]
    return [
        np.array([float(f"{draw(entry) * scale:.6g}") for _ in range(n)]).reshape(shape)
        for n, shape in zip(sizes, shapes, strict=True)
    ]


def _from(before: list[FloatArray], direction: str, beta: float) -> list[FloatArray]:
    """Return gradients that have a relation to those of the step before."""
    if direction == "orthogonal":
        return [_turned(g) for g in before]
    # To cancel: nearly what takes an average of weight β back to zero, so that little of it is left.
    factors = {"same": 1.0, "opposite": -1.0, "zero": 0.0, "smaller": 1e-3, "larger": 10.0}
    factor = factors[direction] if direction in factors else -0.99 * beta / (1 - beta)
    return [_kept_in_range(g * factor) for g in before]


def _turned(g: FloatArray) -> FloatArray:
    flat, turned = g.reshape(-1), np.zeros(g.size)
    even = g.size - g.size % 2
    turned[0:even:2], turned[1:even:2] = -flat[1:even:2], flat[0:even:2]
    return turned.reshape(g.shape) + 0.0


def _kept_in_range(g: FloatArray) -> FloatArray:
    short = np.array([float(f"{z:.6g}") for z in g.reshape(-1)]).reshape(g.shape) + 0.0
    return np.where((np.abs(short) < 1e-12) | (np.abs(short) > 1e3), np.sign(short), short)
