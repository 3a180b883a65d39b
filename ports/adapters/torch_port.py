"""Adapter for PyTorch: a `torch.optim.Optimizer` subclass as a port."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.adapters.buffer_names import known, rename
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.protocol import NotOffered, Schedule
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.vectors import FloatArray

Way: TypeAlias = Literal["", "loss", "closure"]


class TorchPort:
    """Run an optimizer on `torch.nn.Parameter`s that share one parameter group, with ``.grad`` set before each step.

    The loss is a tensor of the parameters' dtype, as a training loop has it. It goes to ``step(loss=…)`` where the
    optimizer's ``step`` has that argument. Where it has ``closure``, a closure that returns the loss is passed if the
    argument is required, or if the method needs the loss (torch's usual ``step(closure=None)``); the gradients are set
    already when it is called. Torch's default dtype stays float32: ``model.double()`` does not change it either.

    Args:
        optimizer: the class.
        arguments: how its arguments are chosen.
        dtypes: torch's names, one a tensor, to hold the tensors in other dtypes than the arrays have (bfloat16 is none
            of NumPy's).
        loss_of: what is passed as the loss, in the place of a tensor.
    """

    def __init__(
        self,
        optimizer: Any,
        arguments: PortArguments,
        dtypes: Sequence[str] | None = None,
        loss_of: Callable[[float], Any] | None = None,
    ) -> None:
        self.optimizer_class = self.matched = optimizer
        self._arguments = arguments
        self._algorithm = arguments.algorithm
        self._dtypes = dtypes
        self._loss_of = loss_of

    def like(self, dtypes: Sequence[str] | None = None, loss_of: Callable[[float], Any] | None = None) -> "TorchPort":
        """Return a port of the same class that has not been started, with other dtypes or another form of the loss."""
        return TorchPort(self.optimizer_class, self._arguments, dtypes, loss_of)

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run; raises `NotOffered`."""
        self.begin([params], hyperparameters)

    def begin(
        self,
        groups: Sequence[list[FloatArray]],
        hyperparameters: Mapping[str, Any],
        rates: Sequence[float] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin a run on several parameter groups, each with its own learning rate where there are ``rates``.

        ``options`` are further arguments of the optimizer's class. Raises `NotOffered` for one that it has not.
        """
        accepted, _ = arguments_of(self.optimizer_class)  # its **kwargs would swallow what it does not know
        missing = [name for name in options or {} if name not in accepted]
        if missing:
            raise NotOffered(missing[0])
        lr = hyperparameters["lr"]
        self._schedule = lr if isinstance(lr, Schedule) else None
        first = {**hyperparameters, "lr": lr(1) if isinstance(lr, Schedule) else lr}
        arguments = {**self._arguments.choose(first, accepted), **(options or {})}
        self.parameters: list[Any] = []
        leaves = not arguments.get("differentiable", False)  # else the step is part of a graph, and so are they
        made: list[dict[str, Any]] = [{"params": self._make_parameters(group, leaves)} for group in groups]
        for group, rate in zip(made, rates, strict=False):
            group["lr"] = rate
        self.optimizer = self.optimizer_class(made if len(made) > 1 else made[0]["params"], **arguments)
        self._loss_goes_to = _way_of_loss(self.optimizer.step, method_of(self._algorithm).needs_loss)
        self._count = 0

    def add_group(self, params: list[FloatArray]) -> None:
        """Add tensors to the run that is under way, as a parameter group of their own."""
        self.optimizer.add_param_group({"params": self._make_parameters(params, leaves=True)})

    def step(self, grads: Sequence[FloatArray | None], loss: float) -> list[FloatArray]:
        """Set the gradients, which share memory with ``grads`` so that a change to them shows, and step.

        A gradient may be None, for the checks of behaviours; vectors have one for every tensor.
        """
        self._count += 1
        if self._schedule is not None:
            for group in self.optimizer.param_groups:
                group["lr"] = self._schedule(self._count)
        self.set_gradients(grads)
        if self._loss_goes_to == "loss":
            self.optimizer.step(loss=self.loss(loss))
        elif self._loss_goes_to == "closure":
            value = self.loss(loss)
            self.optimizer.step(lambda: value)
        else:
            self.optimizer.step()
        return self.values()

    @property
    def takes_loss(self) -> bool:
        """Whether the optimizer's step is given the loss."""
        return bool(self._loss_goes_to)

    def set_gradients(self, grads: Sequence[FloatArray | None]) -> None:
        """Set ``.grad`` of every parameter, in its dtype."""
        import torch

        for param, grad in zip(self.parameters, grads, strict=True):
            param.grad = None if grad is None else torch.from_numpy(grad).to(param.dtype)

    def loss(self, loss: float) -> Any:
        """Return the loss as the step gets it."""
        import torch

        if self._loss_of is not None:
            return self._loss_of(loss)
        return torch.tensor(loss, dtype=self.parameters[0].dtype)

    def values(self) -> list[FloatArray]:
        """Return the parameters."""
        return [_array(param) for param in self.parameters]

    def set_params(self, params: list[FloatArray]) -> None:
        """Write ``params`` into the parameters, as a user does who loads weights."""
        import torch

        with torch.no_grad():
            for param, array in zip(self.parameters, params, strict=True):
                param.copy_(torch.from_numpy(array))

    def state(self) -> dict[str, list[FloatArray]]:
        """Return the optimizer's known buffers: those of each tensor, and attributes of the optimizer itself."""
        import torch

        states = [self.optimizer.state.get(param, {}) for param in self.parameters]
        buffers: dict[str, list[FloatArray]] = {}
        for name in known(self._algorithm):
            if all(isinstance(state.get(name), torch.Tensor) for state in states):
                buffers[name] = [_array(state[name]) for state in states]
            elif isinstance(held := getattr(self.optimizer, name, None), torch.Tensor):
                buffers[name] = [_array(held)]
            elif isinstance(held, float):  # which torch would make a float32 of
                buffers[name] = [np.asarray(held)]
        return rename(self._algorithm, buffers)

    def save(self) -> Any:
        """Return what a checkpoint holds: the ``state_dict``, copied, for its tensors are the optimizer's own."""
        return {"count": self._count, "optimizer": copy.deepcopy(self.optimizer.state_dict())}

    def restore(self, params: list[FloatArray], saved: Any, **hyperparameters: Any) -> None:
        """Go on from ``save`` with a new optimizer of the same class."""
        self.start(params, **hyperparameters)
        self.optimizer.load_state_dict(saved["optimizer"])
        self._count = saved["count"]

    def dtypes(self) -> dict[str, str]:
        """Return the dtype of every parameter, and of every tensor that the optimizer holds, by name."""
        return {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in self.tensors().items()}

    def tensors(self) -> dict[str, Any]:
        """Return the parameters, and every tensor that the optimizer holds, by name."""
        import torch

        held = {f"params[{i}]": param for i, param in enumerate(self.parameters)}
        for i, param in enumerate(self.parameters):
            held |= {f"{name}[{i}]": value for name, value in self.optimizer.state.get(param, {}).items()}
        for i, group in enumerate(self.optimizer.param_groups):
            held |= {f"group[{i}].{name}": value for name, value in group.items()}
        held |= vars(self.optimizer)
        return {name: value for name, value in held.items() if isinstance(value, torch.Tensor)}

    def _make_parameters(self, arrays: list[FloatArray], leaves: bool) -> list[Any]:
        import torch

        start = len(self.parameters)
        made = [torch.from_numpy(array) for array in arrays]
        if self._dtypes is not None:
            made = [z.to(getattr(torch, self._dtypes[start + i])) for i, z in enumerate(made)]
        parameters = [torch.nn.Parameter(z) if leaves else z.requires_grad_().clone() for z in made]
        self.parameters += parameters
        return parameters


def _way_of_loss(step: Any, is_needed: bool) -> Way:
    parameters = inspect.signature(step).parameters
    if "loss" in parameters:
        return "loss"
    closure = parameters.get("closure")
    if closure is not None and (is_needed or closure.default is closure.empty):
        return "closure"
    return ""


def _array(tensor: Any) -> FloatArray:
    import torch

    held = tensor.detach().cpu()
    return np.array((held.float() if held.dtype == torch.bfloat16 else held).numpy())
