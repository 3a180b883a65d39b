"""What a port is: two methods over NumPy arrays, and optionally its buffers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from momoracle.reference.golden.vectors import FloatArray


@runtime_checkable
class Port(Protocol):
    """An optimizer under check, in whatever framework: arrays in, arrays out.

    A port may keep and overwrite the ``params`` that it is given; it must leave ``grads`` as they are. It may also
    have a method ``state() -> dict[str, list[array]]`` with its buffers under momoracle's trace names (one array a
    tensor, or a single array of shape ``()``); they are then compared too, which locates a deviation more finely.
    A port that can be saved and restored is `Restorable`, one whose parameters can be set is `Settable`.
    """

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run at ``params``; ``lr`` is a float or a `Schedule`. Raises `NotOffered` for a missing feature."""

    def step(self, grads: list[FloatArray], loss: float) -> list[FloatArray]:
        """Take one step and return the new parameters, in the order, shapes and dtype of ``start``."""


@runtime_checkable
class Restorable(Port, Protocol):
    """A port whose run can be saved after any step, and go on elsewhere; both methods are optional, and go together."""

    def save(self) -> Any:
        """Return what the next steps depend on beside the parameters; it can be pickled, and no step changes it."""

    def restore(self, params: list[FloatArray], saved: Any, **hyperparameters: Any) -> None:
        """Go on where ``save`` was called, in the place of ``start`` and with the same hyperparameters."""


@runtime_checkable
class Settable(Port, Protocol):
    """A port whose parameters can be set between two steps, which tells faults apart that follow one another."""

    def set_params(self, params: list[FloatArray]) -> None:
        """Go on from ``params`` with everything else as it is."""


class NotOffered(Exception):  # noqa: N818 - an answer of the port, not an error in it
    """The port has no such feature; ``feature`` says which, for example ``"bias_correction"``."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


@dataclass(frozen=True)
class Schedule:
    """A learning rate that changes: ``schedule(k)`` is the one of step ``k = 1, 2, …``; it can be pickled."""

    values: tuple[float, ...]

    def __call__(self, k: int) -> float:
        """Return the learning rate of step ``k``; raises `IndexError` outside ``1 … len(values)``."""
        if not 1 <= k <= len(self.values):
            raise IndexError(f"step k={k}: this schedule has the steps 1 to {len(self.values)}")
        return self.values[k - 1]


def plain(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters as ports get them: a tuple of learning rates becomes a `Schedule`."""
    given = dict(hyperparameters)
    lr = given.get("lr")
    if isinstance(lr, Sequence):
        given["lr"] = Schedule(tuple(float(value) for value in lr))
    return given
