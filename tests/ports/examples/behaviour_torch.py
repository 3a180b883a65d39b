"""Optimizers of torch, MoMo and SGD with momentum, that each misbehave in one way beside their update."""

import os
from collections.abc import Callable
from typing import Any

import torch


class Momentum(torch.optim.Optimizer):  # type: ignore[misc]
    """As it should be."""

    def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.9, foreach: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "foreach": foreach})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        if closure is not None:
            self.evaluate(closure)
        for group in self.param_groups:
            for p in group["params"]:
                self.move(p, group)

    def evaluate(self, closure: Callable[[], Any]) -> None:
        with torch.enable_grad():
            closure()

    def move(self, p: Any, group: dict[str, Any]) -> None:
        if p.grad is None:
            return
        state = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(p)
        state["momentum_buffer"].mul_(group["momentum"]).add_(p.grad)
        p.sub_(group["lr"] * state["momentum_buffer"])


class CallsTwice(Momentum):
    def evaluate(self, closure: Callable[[], Any]) -> None:
        super().evaluate(closure)
        super().evaluate(closure)


class NoGradClosure(Momentum):
    def evaluate(self, closure: Callable[[], Any]) -> None:
        closure()


class OneRate(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        super().move(p, {**group, "lr": self.defaults["lr"]})


class FirstGroupOnly(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        if group is self.param_groups[0]:
            super().move(p, group)


class NoneIsZero(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        super().move(p, group)


class NoneCrashes(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        p.grad.add_(0.0)
        super().move(p, group)


class DiesOfNone(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        if p.grad is None:
            os._exit(6)
        super().move(p, group)


class OtherForeach(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        super().move(p, {**group, "lr": group["lr"] * (1 + 1e-9 * group["foreach"])})


class WidestBuffer(Momentum):
    """Its buffer is float32 from the start; `load_state_dict` casts what is restored to the parameter's dtype."""

    def move(self, p: Any, group: dict[str, Any]) -> None:
        if "momentum_buffer" not in self.state[p]:
            self.state[p]["momentum_buffer"] = torch.zeros_like(p, dtype=torch.float32)
        super().move(p, group)


class WideBuffer(Momentum):
    def move(self, p: Any, group: dict[str, Any]) -> None:
        if "momentum_buffer" in self.state[p]:
            self.state[p]["momentum_buffer"] = self.state[p]["momentum_buffer"].float()
        super().move(p, group)


class MoMo(torch.optim.Optimizer):  # type: ignore[misc]
    """MoMo that does all that is asked for: the averages start at zero gradients, and None counts as zero."""

    def __init__(self, params: Any, lr: float = 1.0, beta: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "beta": beta})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None, loss: Any = None) -> None:
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        loss = self.taken(loss)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss}")
        first = self.param_groups[0]
        b = first["beta"] if "loss_avg" in first else 0.0
        first["loss_avg"] = self.averaged(first.get("loss_avg", loss), loss, b)
        for group in self.param_groups:
            for p in group["params"]:
                self.average(p, b)
        self.move(first["loss_avg"])

    def taken(self, loss: Any) -> Any:
        return torch.as_tensor(loss, dtype=getattr(loss, "dtype", self.param_groups[0]["params"][0].dtype))

    def averaged(self, average: Any, loss: Any, b: float) -> Any:
        return b * average + (1 - b) * loss

    def average(self, p: Any, b: float) -> None:
        state = self.state[p]
        if "d" not in state:
            state["d"], state["gamma"] = torch.zeros_like(p), torch.zeros((), dtype=p.dtype)
        g = torch.zeros_like(p) if p.grad is None else p.grad
        state["d"].mul_(b).add_(g, alpha=1 - b)
        state["gamma"].mul_(b).add_((g * p).sum(), alpha=1 - b)

    def move(self, f: Any) -> None:
        self.within(self.param_groups, f)

    def within(self, groups: list[Any], f: Any) -> None:
        """Take the authors' step in the model over these groups."""
        states = [(p, self.state[p]) for group in groups for p in group["params"]]
        h = f + sum((s["d"] * p).sum() - s["gamma"] for p, s in states)
        norm = sum((s["d"] ** 2).sum() for _, s in states)
        for group in groups:
            tau = (h.clamp(min=0.0) / norm).clamp(max=group["lr"])
            for p in group["params"]:
                p.sub_(tau * self.state[p]["d"])


class ModelAGroup(MoMo):
    def move(self, f: Any) -> None:
        for group in self.param_groups:
            self.within([group], f)


class ExactRates(MoMo):
    """The exact minimiser for several learning rates."""

    def within(self, groups: list[Any], f: Any) -> None:
        states = [(p, self.state[p], group["lr"]) for group in groups for p in group["params"]]
        h = f + sum((s["d"] * p).sum() - s["gamma"] for p, s, _ in states)
        reach = sum(lr * (s["d"] ** 2).sum() for _, s, lr in states)
        share = (h.clamp(min=0.0) / reach).clamp(max=1.0)
        for p, s, lr in states:
            p.sub_(lr * share * s["d"])


class LastRate(MoMo):
    def within(self, groups: list[Any], f: Any) -> None:
        rates = [group["lr"] for group in groups]
        for group in groups:
            group["lr"] = rates[-1]
        super().within(groups, f)
        for group, lr in zip(groups, rates, strict=True):
            group["lr"] = lr


class LeavesAlone(MoMo):
    """None: the tensor has no part in the step."""

    def average(self, p: Any, b: float) -> None:
        if p.grad is not None:
            super().average(p, b)

    def within(self, groups: list[Any], f: Any) -> None:
        taking = [{**group, "params": [p for p in group["params"] if p.grad is not None]} for group in groups]
        super().within(taking, f)


class StopsAtNone(LeavesAlone):
    """None: the tensor's averages stop, but it is moved, and counts in the model."""

    def within(self, groups: list[Any], f: Any) -> None:
        known = [{**group, "params": [p for p in group["params"] if "d" in self.state[p]]} for group in groups]
        MoMo.within(self, known, f)


class StartsAtFirstGradient(MoMo):
    def average(self, p: Any, b: float) -> None:
        super().average(p, b if "d" in self.state[p] else 0.0)


class LateDoubled(MoMo):
    def average(self, p: Any, b: float) -> None:
        new = "d" not in self.state[p]
        super().average(p, b)
        if new and b:
            self.state[p]["d"].mul_(2.0)


class ChangesLoss(MoMo):
    def averaged(self, average: Any, loss: Any, b: float) -> Any:
        return average.mul_(b).add_(loss.clone(), alpha=1 - b)


class FloatIsZero(MoMo):
    def taken(self, loss: Any) -> Any:
        return loss if isinstance(loss, torch.Tensor) else torch.zeros((), dtype=torch.float64)


class FloatIsNarrow(MoMo):
    def taken(self, loss: Any) -> Any:
        return torch.as_tensor(loss)  # a float becomes torch's default dtype


class FloatIsRefused(MoMo):
    def taken(self, loss: Any) -> Any:
        return loss.detach()


class NotMoMo(MoMo):
    def within(self, groups: list[Any], f: Any) -> None:
        super().within(groups, 0.5 * f)


class ForgetsTheLoss(MoMo):
    """Its average of losses is no part of its ``state_dict``."""

    def state_dict(self) -> dict[str, Any]:
        whole: dict[str, Any] = super().state_dict()
        groups = [{name: z for name, z in group.items() if name != "loss_avg"} for group in whole["param_groups"]]
        return {**whole, "param_groups": groups}
