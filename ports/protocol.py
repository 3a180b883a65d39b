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

    >>> class Descent:
    ...     def start(self, params, lr):
    ...         self.params, self.lr = params, lr
    ...     def step(self, grads, loss):
    ...         self.params = [x - self.lr * g for x, g in zip(self.params, grads)]
    ...         return self.params
    >>> isinstance(Descent(), Port), isinstance(Descent(), Restorable)
    (True, False)
    """

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run.

        Args:
            params: x^1, one array a tensor.
            hyperparameters: under momoracle's names; ``lr`` is a float or a `Schedule`.

        Raises:
            NotOffered: the port has no such feature.
        """

    def step(self, grads: list[FloatArray], loss: float) -> list[FloatArray]:
        """Take one step and return the new parameters, in the order, shapes and dtype of ``start``.

        Args:
            grads: g_k, one array a tensor.
            loss: f_k.
        """


@runtime_checkable
class Restorable(Port, Protocol):
    """A port whose run can be saved after any step, and go on elsewhere; both methods are optional, and go together.

    >>> class Still:
    ...     def start(self, params, **hyperparameters):
    ...         self.params = params
    ...     def step(self, grads, loss):
    ...         return self.params
    ...     def save(self):
    ...         return None
    ...     def restore(self, params, saved, **hyperparameters):
    ...         self.params = params
    >>> isinstance(Still(), Restorable)
    True
    """

    def save(self) -> Any:
        """Return what the next steps depend on beside the parameters; it can be pickled, and no step changes it."""

    def restore(self, params: list[FloatArray], saved: Any, **hyperparameters: Any) -> None:
        """Go on where ``save`` was called, in the place of ``start`` and with the same hyperparameters.

        Args:
            params: x^k, one array a tensor.
            saved: what ``save`` returned.
            hyperparameters: as those of ``start``.
        """


@runtime_checkable
class Settable(Port, Protocol):
    """A port whose parameters can be set between two steps, which tells faults apart that follow one another.

    >>> class Still:
    ...     def start(self, params, **hyperparameters):
    ...         self.params = params
    ...     def step(self, grads, loss):
    ...         return self.params
    ...     def set_params(self, params):
    ...         self.params = params
    >>> isinstance(Still(), Settable)
    True
    """

    def set_params(self, params: list[FloatArray]) -> None:
        """Go on from ``params`` with everything else as it is."""


class NotOffered(Exception):  # noqa: N818 - an answer of the port, not an error in it
    """The port has no such feature; ``feature`` says which, for example ``"bias_correction"``.

    >>> raise NotOffered("weight_decay")
    Traceback (most recent call last):
    ...
    momoracle.ports.protocol.NotOffered: weight_decay
    """

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


@dataclass(frozen=True)
class Schedule:
    """A learning rate that changes: ``schedule(k)`` is the one of step ``k = 1, 2, …``; it can be pickled.

    Args:
        values: α_1, α_2, …, one a step.

    >>> Schedule((0.1, 0.05))(2)
    0.05
    """

    values: tuple[float, ...]

    def __call__(self, k: int) -> float:
        """Return the learning rate of step ``k``; raises `IndexError` outside ``1 … len(values)``."""
        if not 1 <= k <= len(self.values):
            raise IndexError(f"step k={k}: this schedule has the steps 1 to {len(self.values)}")
        return self.values[k - 1]


def plain(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters as ports get them: a tuple of learning rates becomes a `Schedule`."""
    settings = dict(hyperparameters)
    lr = settings.get("lr")
    if isinstance(lr, Sequence):
        settings["lr"] = Schedule(tuple(float(value) for value in lr))
    return settings
