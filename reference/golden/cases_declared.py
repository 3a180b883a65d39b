"""Cases of hyperparameters under any name, from the range that the class declares: its ends, its middle, its switches.

They come after all other cases, for the hyperparameters that none of those has varied.
"""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from momoracle.reference.frame.ranges import Declaration
from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.vectors import Hyperparameter

_NEAR = 1 / 64  # of a range's width, from an end that is itself excluded; exact in binary
_SEVERAL = ((2, 3), (3,))
_RATES = (0.4, 0.1, 0.2, 0.05)


def declared_cases(make: Maker, earlier: Iterable[Case]) -> Iterator[Case]:
    """Yield cases that vary what no earlier case has: alone, under a schedule with several tensors, and in pairs."""
    defaults = make.hyperparameters()
    varied = {name for case in earlier for name, value in case.hyperparameters.items() if value != defaults[name]}
    new = [declared for declared in make.declarations() if declared.name not in {"lr", *varied}]
    lr = make.usual_rate
    for declared in new:
        name, middle = _slug(make, declared), typical(declared)
        for label, value in values_of(declared).items():
            case = make.draw(f"vary-{name}-{label}", f"{declared.name} = {value}", ["basic"], steps=5, lr=lr)
            yield case.vary({declared.name: value})
        case = make.draw(
            f"vary-{name}-together",
            f"{declared.name} = {middle}, a changing learning rate, two tensors",
            ["changing_lr", "several_tensors"],
            shapes=_SEVERAL,
            steps=4,
            lr=_RATES,
        )
        yield case.vary({declared.name: middle})
    others = [declared for declared in make.declarations() if declared.name != "lr"]
    for first, second in combinations(others, 2):
        if first in new or second in new:
            chosen = {declared.name: typical(declared) for declared in (first, second)}
            comment = " and ".join(f"{name} = {value}" for name, value in chosen.items())
            label = f"{_slug(make, first)}-{_slug(make, second)}"
            yield make.draw(f"vary-both-{label}", comment, ["basic"], steps=4, lr=lr).vary(chosen)


def loss_cases(make: Maker) -> Iterator[Case]:
    """Yield cases of a method that uses the loss: large and small losses, and rates on both sides of the usual."""
    for label, losses in (("large", (20.0, 50.0)), ("small", (0.001, 0.01))):
        yield make.draw(f"loss-{label}", f"{label} losses", ["basic"], lr=make.usual_rate, losses=losses)
    for label, lr in (("large", 10.0), ("small", 0.01)):
        yield make.draw(f"rate-{label}", f"a {label} learning rate", ["basic"], lr=lr)
        yield make.draw(
            f"rate-{label}-several",
            f"a {label} learning rate, two tensors",
            ["basic", "several_tensors"],
            shapes=_SEVERAL,
            lr=lr,
        )


def values_of(declared: Declaration) -> dict[str, Hyperparameter]:
    """Return the values over which a hyperparameter is varied, other than its default.

    >>> from momoracle import TAM
    >>> from momoracle.reference.frame.ranges import declarations_of
    >>> {declared.name: values_of(declared) for declared in declarations_of(TAM)}["gamma"]
    {'low': 0.0, 'half': 0.5, 'high': 0.984375}
    """
    if declared.is_switch:
        return {"off" if declared.default else "on": not declared.default}
    assert declared.range is not None  # refused before by name
    low, high = declared.range.low, declared.range.high
    if math.isfinite(low) and math.isfinite(high):
        width, middle = high - low, (low + high) / 2
    elif math.isfinite(low):
        width, middle, high = 1.0, low + 0.5, low + 8
    elif math.isfinite(high):
        width, middle, low = 1.0, high - 0.5, high - 8
    else:
        width, middle, low, high = 1.0, 0.5, -4.0, 4.0
    ends = {"low": low, "half": middle, "high": high}
    inside = {"low": low + _NEAR * width, "half": middle, "high": high - _NEAR * width}
    values = {label: z if declared.range.contains(z) else inside[label] for label, z in ends.items()}
    if declared.range.low == -math.inf and declared.range.includes_low:
        values["absent"] = -math.inf
    if declared.kind is int:
        values = {label: float(math.floor(z)) if math.isfinite(z) else z for label, z in values.items()}
    return {label: float(z) for label, z in values.items() if declared.range.contains(z) and z != declared.default}


def typical(declared: Declaration) -> Hyperparameter:
    """Return one value that differs from the default: the middle of the range, or the switch the other way."""
    values = values_of(declared)
    return values.get("half", next(iter(values.values()), declared.default))


def _slug(make: Maker, declared: Declaration) -> str:
    """Return a hyperparameter's name as ids of vectors may hold it: its place where that is not plain ASCII."""
    if re.fullmatch("[a-z][a-z0-9_]*", declared.name):
        return declared.name.replace("_", "-")
    return f"hyperparameter-{make.declarations().index(declared)}"
