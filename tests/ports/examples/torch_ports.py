"""SGD as torch optimizers that want the loss in different ways, and one that writes into the gradients."""

from collections.abc import Callable
from typing import Any

import torch


class TakesLoss(torch.optim.Optimizer):  # type: ignore[misc]
    def __init__(self, params: Any, lr: float = 7.0, weight_decay: float = 7.0, **rest: Any) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None, loss: Any = None) -> Any:
        assert loss.shape == ()
        for group in self.param_groups:
            for p in group["params"]:
                assert loss.dtype == p.dtype
                p.sub_(group["lr"] * (p.grad + group["weight_decay"] * p))


class NeedsClosure(TakesLoss):
    def step(self, closure: Callable[[], Any]) -> Any:
        return super().step(loss=closure())


class WritesGradients(TakesLoss):
    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad.add_(p, alpha=group["weight_decay"])
                p.sub_(group["lr"] * p.grad)


class KeepsAFloat(TakesLoss):
    def step(self, closure: Any = None, loss: Any = None) -> Any:
        self.loss_avg = float(loss)
        return super().step(loss=loss)
