"""Adapter for Keras 3: a `keras.optimizers.Optimizer` subclass as a port."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.adapters.buffer_names import known, rename
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.protocol import Schedule
from momoracle.reference.golden.vectors import FloatArray


def choose_backend() -> None:
    """Set ``KERAS_BACKEND`` to torch or jax, whichever is installed, unless the user has chosen already."""
    import os
    from importlib.util import find_spec

    if "KERAS_BACKEND" not in os.environ:
        installed = [name for name in ("torch", "jax") if find_spec(name) is not None]
        if installed:
            os.environ["KERAS_BACKEND"] = installed[0]


class KerasPort:
    """Run an optimizer on `keras.Variable`s.

    Keras keeps the learning rate in its ``floatx``; the process that loads this port sets that to the vectors' dtype,
    as a user with float64 variables would.

    Keras has no place of its own for the loss. It is passed as ``apply(…, loss=…)`` where the optimizer's ``apply`` has
    that argument; else, where the class has an attribute ``loss`` (a property that can be set, or a class variable),
    that is set before each step. An optimizer with neither is given no loss.

    Args:
        optimizer: the class.
        arguments: how its arguments are chosen.
    """

    def __init__(self, optimizer: Any, arguments: PortArguments) -> None:
        self.matched = optimizer
        self._arguments = arguments
        self._algorithm = arguments.algorithm
        self._applies_loss = "loss" in inspect.signature(optimizer.apply).parameters
        self._holds_loss = not self._applies_loss and hasattr(optimizer, "loss")

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run; raises `NotOffered`."""
        import keras

        accepted, _ = arguments_of(self.matched)
        lr = hyperparameters["lr"]
        self._schedule = lr if isinstance(lr, Schedule) else None
        first = {**hyperparameters, "lr": lr(1) if isinstance(lr, Schedule) else lr}
        self._optimizer = self.matched(**self._arguments.choose(first, accepted))
        self._params = [keras.Variable(array, dtype=str(array.dtype)) for array in params]
        self._optimizer.build(self._params)
        self._count = 0

    def step(self, grads: Sequence[FloatArray | None], loss: float) -> list[FloatArray]:
        """Apply the gradients; one may be None, for the checks of behaviours, but in the vectors none is."""
        from keras import ops

        self._count += 1
        if self._schedule is not None:
            self._optimizer.learning_rate = self._schedule(self._count)
        tensors = [grad if grad is None else ops.convert_to_tensor(grad, dtype=str(grad.dtype)) for grad in grads]
        value = ops.convert_to_tensor(loss, dtype=str(self._params[0].dtype)) if self.takes_loss else None
        if self._holds_loss:
            self._optimizer.loss = value
        self._optimizer.apply(tensors, self._params, **({"loss": value} if self._applies_loss else {}))
        return [_array(param) for param in self._params]

    @property
    def takes_loss(self) -> bool:
        """Whether the optimizer is given the loss."""
        return self._applies_loss or self._holds_loss

    def set_params(self, params: list[FloatArray]) -> None:
        """Assign ``params`` to the variables."""
        for variable, array in zip(self._params, params, strict=True):
            variable.assign(array)

    def state(self) -> dict[str, list[FloatArray]]:
        """Return the optimizer's known buffers."""
        held = {name: getattr(self._optimizer, name, None) for name in known(self._algorithm)}
        buffers = {name: [_array(part) for part in parts] for name, parts in held.items() if isinstance(parts, list)}
        return rename(self._algorithm, buffers)

    def save(self) -> Any:
        """Return what a checkpoint holds: the optimizer's own variables, as arrays by name."""
        store: dict[str, Any] = {}
        self._optimizer.save_own_variables(store)
        return {"count": self._count, "variables": {name: _array(value) for name, value in store.items()}}

    def restore(self, params: list[FloatArray], saved: Any, **hyperparameters: Any) -> None:
        """Go on from ``save`` with a new optimizer of the same class."""
        self.start(params, **hyperparameters)
        self._optimizer.load_own_variables(saved["variables"])
        self._count = saved["count"]

    def dtypes(self) -> dict[str, str]:
        """Return the dtype of every parameter and of every variable of the optimizer, by name."""
        held = {f"params[{i}]": param for i, param in enumerate(self._params)}
        held |= {f"{variable.path}#{i}": variable for i, variable in enumerate(self._optimizer.variables)}
        return {name: _held_dtype(variable) for name, variable in held.items()}


def _held_dtype(variable: Any) -> str:
    from keras import backend

    return str(backend.standardize_dtype(variable.value.dtype))  # what it holds, not what it was declared to hold


def _array(variable: Any) -> FloatArray:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable))
