"""Find one property (a flag, dtype, setting) that all deviating vectors share and few agreeing ones do."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from momoracle.ports.methods.registry import facts_of
from momoracle.reference.golden.vectors import GoldenVector

_LEAST = 0.5  # share of the vectors with a property that must deviate for it to be named


@dataclass(frozen=True)
class Condition:
    """A property that everything that deviates has, and how many of those that have it deviate."""

    property: str
    deviating: int
    having: int

    def of(self, things: str) -> str:
        """Say it of ``things``: vectors, or steps."""
        only = "exactly" if self.deviating == self.having else "only"
        which = "the" if self.deviating == self.having else "some of the"
        count = f"{self.deviating} of {self.having}"
        return f"{only} {which} {things} with this property deviate: {self.property} ({count})"


def condition(deviating: Sequence[Collection[str]], agreeing: Sequence[Collection[str]]) -> Condition | None:
    """Return the property of all that deviate which the fewest that agree share; None where none tells.

    Each vector or step is given by its properties.
    """
    if not deviating or not agreeing:
        return None
    shared = [
        Condition(name, len(deviating), len(deviating) + sum(name in others for others in agreeing))
        for name in set.intersection(*map(set, deviating))
    ]
    best = min(shared, key=lambda known: (known.having, known.property), default=None)
    everywhere = len(deviating) + len(agreeing)
    return best if best and best.having < everywhere and best.deviating >= _LEAST * best.having else None


def of_vector(vector: GoldenVector) -> Iterator[str]:
    """Yield what can be said of a vector."""
    yield f"dtype {vector.dtype}"
    yield "several tensors" if len(vector.params) > 1 else "one tensor"
    if any(array.ndim > 1 for array in vector.params):
        yield "a tensor of two or more dimensions"
    yield from (f"flag {flag}" for flag in vector.flags)
    defaults = facts_of(vector.algorithm).defaults
    for name, value in vector.hyperparameters.items():
        if isinstance(value, tuple):
            yield f"{name} changes from step to step"
        elif isinstance(value, bool):
            yield f"{name} {'on' if value else 'off'}"
        elif name in ("weight_decay", "lower_bound"):
            yield f"{name} = 0" if value == 0 else f"{name} other than 0"
        elif name in defaults:
            yield f"{name} {'by default' if value == defaults[name] else 'other than the default'}"


def of_step(vector: GoldenVector, k: int) -> Iterator[str]:
    """Yield what can be said of step ``k`` (from 1) of a vector: its place, and the branch that it takes."""
    yield "the first step" if k == 1 else "a step after the first"
    rate = vector.hyperparameters["lr"]
    alpha = rate[k - 1] if isinstance(rate, tuple) else rate
    if isinstance(rate, tuple) and k > 1 and rate[k - 1] != rate[k - 2]:
        yield "the learning rate has changed"
    now = {name: expected.values[0] for name, expected in vector.steps[k - 1].expected.items()}
    if "step_size" in now:
        tau, cap = float(now["step_size"]), alpha / float(now["weight_sum"])
        yield "τ = 0" if tau == 0 else "τ at its cap α/ρ" if tau >= cap * (1 - 1e-12) else "τ below its cap α/ρ"
        yield from _bound(vector, k)
    if any(not grad.any() for grad in vector.steps[k - 1].grads):
        yield "a gradient that is zero"


def _bound(vector: GoldenVector, k: int) -> Iterator[str]:
    if vector.hyperparameters.get("estimate_lower_bound"):
        bounds: list[Any] = [step.expected.get("lower_bound") for step in vector.steps[:k]]
        initial = vector.hyperparameters.get("lower_bound", 0.0)
        yield "f_* above its first value" if bounds[-1].values[0] != initial else "f_* at its first value"
