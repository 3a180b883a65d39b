"""Which vectors deviate: the one property that tells them best from those that agree."""

from collections.abc import Iterator
from dataclasses import dataclass

from momoracle.ports.names import METHODS
from momoracle.reference.golden.vectors import Vector

_TELLING = 0.5  # of the vectors with a property deviate, at least, for it to be named


@dataclass(frozen=True)
class Condition:
    """A property that every deviating vector has, and how many of the vectors that have it deviate."""

    property: str
    deviating: int
    having: int


def condition(deviating: list[Vector], agreeing: list[Vector]) -> Condition | None:
    """Return the property of all deviating vectors that the fewest agreeing ones share; None where none tells."""
    if not deviating or not agreeing:
        return None
    common = set.intersection(*(set(_properties(vector)) for vector in deviating))
    found = [
        Condition(name, len(deviating), len(deviating) + sum(name in set(_properties(vector)) for vector in agreeing))
        for name in sorted(common)
    ]
    best = min(found, key=lambda one: (one.having, one.property), default=None)
    everywhere = len(deviating) + len(agreeing)
    return best if best and best.having < everywhere and best.deviating >= _TELLING * best.having else None


def _properties(vector: Vector) -> Iterator[str]:
    yield f"dtype {vector.dtype}"
    yield "several tensors" if len(vector.params) > 1 else "one tensor"
    if any(array.ndim > 1 for array in vector.params):
        yield "a tensor of two or more dimensions"
    yield from (f"flag {flag}" for flag in vector.flags)
    defaults = METHODS[vector.algorithm].defaults
    for name, value in vector.hyperparameters.items():
        if isinstance(value, tuple):
            yield f"{name} changes from step to step"
        elif isinstance(value, bool):
            yield f"{name} {'on' if value else 'off'}"
        elif name in ("weight_decay", "lower_bound"):
            yield f"{name} = 0" if value == 0 else f"{name} other than 0"
        elif name in defaults:
            yield f"{name} {'by default' if value == defaults[name] else 'other than the default'}"
