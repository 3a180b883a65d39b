"""Names of buffers: how published optimizers call the quantities that momoracle's trace has."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from momoracle.reference.golden.vectors import FloatArray

_MOMENTS: dict[str, tuple[str, ...]] = {
    "gradient_average": ("exp_avg", "grad_avg", "mu", "_momentums"),
    "second_moment": ("exp_avg_sq", "grad_avg_sq", "nu", "_velocities"),
}
_MODEL: dict[str, tuple[str, ...]] = {"loss_average": ("loss_avg", "barf"), "offset": ("grad_dot_w", "gamma")}
_ADATAM: dict[str, tuple[str, ...]] = {
    "cosine_average": ("s",),
    "momentum": ("exp_avg",),
    "second_moment": ("exp_avg_sq",),
}

# Only buffers that hold the quantity itself. Left out are Keras' SGD (its momentum holds −α m) and the lower bound of
# the MoMo ports, which after a step is the next step's.
BUFFERS: dict[str, dict[str, tuple[str, ...]]] = {
    "sgd": {},
    "sgdm": {"momentum": ("momentum_buffer", "trace")},
    "adam": _MOMENTS,
    "adamw": _MOMENTS,
    "momo": {"gradient_average": _MOMENTS["gradient_average"], **_MODEL},
    "momo-adam": {**_MOMENTS, **_MODEL},
    "tam": {"cosine_average": ("s",), "momentum": ("momentum_buffer",)},
    "adatam": _ADATAM,
    "adatamw": _ADATAM,
}
SCALARS = {"loss_average", "offset"}


def rename(algorithm: str, found: Mapping[str, list[FloatArray]]) -> dict[str, list[FloatArray]]:
    """Return the buffers in ``found`` (port's name -> one array a tensor) that are known, under momoracle's names.

    Scalars of the whole step that a port keeps tensor by tensor are summed to the one that the paper has.
    """
    named: dict[str, list[FloatArray]] = {}
    for quantity, aliases in BUFFERS[algorithm].items():
        arrays = next((found[alias] for alias in aliases if alias in found), None)
        if arrays is not None:
            named[quantity] = [_total(arrays)] if quantity in SCALARS else arrays
    return named


def known(algorithm: str) -> tuple[str, ...]:
    """Return the ports' names of all buffers that `rename` understands for ``algorithm``."""
    return tuple(alias for aliases in BUFFERS[algorithm].values() for alias in aliases)


def fields(state: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every field of the NamedTuples nested in ``state``; optax chains its states in tuples."""
    if isinstance(state, tuple):
        names: tuple[str, ...] = getattr(state, "_fields", ())
        yield from zip(names, state, strict=False)
        for part in state:
            yield from fields(part)


def _total(arrays: list[FloatArray]) -> FloatArray:
    return np.asarray(sum(float(np.sum(array, dtype=np.float64)) for array in arrays))
