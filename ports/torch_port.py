"""Adapter for PyTorch: a `torch.optim.Optimizer` subclass as a port."""

from typing import Any

import numpy as np

from momoracle.ports.buffers import known, rename
from momoracle.ports.names import arguments_of, match
from momoracle.ports.protocol import Schedule
from momoracle.reference.golden.vectors import FloatArray


class TorchPort:
    """Run ``optimizer`` on `torch.nn.Parameter`s that share one parameter group, with ``.grad`` set before each step.

    The loss, in the parameters' dtype as a training loop has it, goes to optimizers whose ``step`` takes ``loss``, or
    needs a closure. Torch's default dtype stays float32: ``model.double()`` does not change it either.
    """

    def __init__(self, optimizer: Any, algorithm: str) -> None:
        self._class = optimizer
        self._algorithm = algorithm

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run; raises `NotOffered`."""
        import torch

        accepted, _ = arguments_of(self._class)  # its **kwargs would swallow what it does not know
        lr = hyperparameters["lr"]
        self._schedule = lr if isinstance(lr, Schedule) else None
        first = {**hyperparameters, "lr": lr(1) if isinstance(lr, Schedule) else lr}
        arguments = match(self._algorithm, first, accepted)
        self._params = [torch.nn.Parameter(torch.from_numpy(array)) for array in params]
        self._optimizer = self._class(self._params, **arguments)
        self._needs = _loss_argument(self._optimizer.step)
        self._count = 0

    def step(self, grads: list[FloatArray], loss: float) -> list[FloatArray]:
        """Set the gradients, which share memory with ``grads`` so that a change to them shows, and step."""
        import torch

        self._count += 1
        if self._schedule is not None:
            for group in self._optimizer.param_groups:
                group["lr"] = self._schedule(self._count)
        for param, grad in zip(self._params, grads, strict=True):
            param.grad = torch.from_numpy(grad)
        value = torch.tensor(loss, dtype=self._params[0].dtype)
        if self._needs == "loss":
            self._optimizer.step(loss=value)
        elif self._needs == "closure":
            self._optimizer.step(lambda: value)
        else:
            self._optimizer.step()
        return [_array(param) for param in self._params]

    def state(self) -> dict[str, list[FloatArray]]:
        """Return the optimizer's known buffers: those of each tensor, and attributes of the optimizer itself."""
        import torch

        states = [self._optimizer.state.get(param, {}) for param in self._params]
        found: dict[str, list[FloatArray]] = {}
        for name in known(self._algorithm):
            if all(isinstance(state.get(name), torch.Tensor) for state in states):
                found[name] = [_array(state[name]) for state in states]
            elif isinstance(getattr(self._optimizer, name, None), torch.Tensor | float):
                found[name] = [_array(torch.as_tensor(getattr(self._optimizer, name)))]
        return rename(self._algorithm, found)


def _loss_argument(step: Any) -> str:
    import inspect

    parameters = inspect.signature(step).parameters
    if "loss" in parameters:
        return "loss"
    closure = parameters.get("closure")
    return "closure" if closure is not None and closure.default is closure.empty else ""


def _array(tensor: Any) -> FloatArray:
    return np.array(tensor.detach().cpu().numpy())
