"""Names of buffers: how published optimizers call the quantities that momoracle's trace has."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from momoracle.ports.methods.registry import facts_of
from momoracle.reference.golden.vectors import FloatArray

# Only buffers that hold the quantity itself. Left out are Keras' SGD (its momentum holds −α m) and the lower bound of
# the MoMo ports, which after a step is the next step's.
ALIASES: dict[str, tuple[str, ...]] = {
    "momentum": ("momentum_buffer", "trace", "exp_avg"),
    "gradient_average": ("exp_avg", "grad_avg", "mu", "_momentums"),
    "second_moment": ("exp_avg_sq", "grad_avg_sq", "nu", "_velocities"),
    "loss_average": ("loss_avg", "barf"),
    "offset": ("grad_dot_w", "gamma"),
    "cosine_average": ("s",),
}


def aliases_of(algorithm: str) -> dict[str, tuple[str, ...]]:
    """Return the quantities that a method keeps, each with the names that published optimizers have for it."""
    return {name: ALIASES[name] for name in facts_of(algorithm).kept if name in ALIASES}


def rename(algorithm: str, buffers: Mapping[str, list[FloatArray]]) -> dict[str, list[FloatArray]]:
    """Return the ``buffers`` (port's name -> one array a tensor) that are known, under momoracle's names.

    Scalars of the whole step that a port keeps tensor by tensor are summed to the one that the paper has.
    """
    scalars = facts_of(algorithm).scalars
    named: dict[str, list[FloatArray]] = {}
    for quantity, aliases in aliases_of(algorithm).items():
        arrays = next((buffers[alias] for alias in aliases if alias in buffers), None)
        if arrays is not None:
            named[quantity] = [_total(arrays)] if quantity in scalars else arrays
    return named


def known(algorithm: str) -> tuple[str, ...]:
    """Return the ports' names of all buffers that `rename` understands for ``algorithm``."""
    return tuple(dict.fromkeys(alias for aliases in aliases_of(algorithm).values() for alias in aliases))


def fields(state: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every field of the NamedTuples nested in ``state``; optax chains its states in tuples."""
    if isinstance(state, tuple):
        names: tuple[str, ...] = getattr(state, "_fields", ())
        yield from zip(names, state, strict=False)
        for part in state:
            yield from fields(part)


def _total(arrays: list[FloatArray]) -> FloatArray:
    return np.asarray(sum(float(np.sum(array, dtype=np.float64)) for array in arrays))
