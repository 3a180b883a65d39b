"""MoMo whose average of the losses keeps the graph of every loss, for the loss is not detached.

Check as: momo, torch=loss_not_detached.py:MoMo.
Right: it conforms on the vectors, whose losses have no graph. The behaviour loss-with-graph is broken: in a training
loop the buffer would hold the graphs of all steps.
Known from: https://github.com/fabian-sp/MoMo/commit/65f5278aa240b0d5cf6bf1bc00c929a9e55f248d
"""

from typing import Any

import torch


class MoMo(torch.optim.Optimizer):  # type: ignore[misc]
    detached = False

    def __init__(self, params: Any, lr: float = 1.0, beta: float = 0.9, lb: float = 0.0, weight_decay: float = 0.0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self.beta, self.lower_bound = beta, lb
        self.loss_average: Any = None
        self.offset: Any = None

    def step(self, closure: Any = None, loss: Any = None) -> Any:
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self.loss_average is None:
            self.loss_average = loss.detach().clone()
        new = loss.detach() if self.detached else loss
        self.loss_average = self.beta * self.loss_average + (1 - self.beta) * new
        with torch.no_grad():
            self.move()
        return loss

    def move(self) -> None:
        params = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        inner = sum(torch.sum(p.grad * p) for p in params)
        self.offset = self.beta * (inner if self.offset is None else self.offset) + (1 - self.beta) * inner
        for p in params:
            average = self.state[p].setdefault("grad_avg", p.grad.clone())
            average.mul_(self.beta).add_(p.grad, alpha=1 - self.beta)
        averages = [self.state[p]["grad_avg"] for p in params]
        norm = sum(torch.sum(d * d) for d in averages)
        product = sum(torch.sum(d * p) for d, p in zip(averages, params, strict=True))
        for group in self.param_groups:
            shrink = 1 + group["lr"] * group["weight_decay"]
            gap = (shrink * (self.loss_average - self.offset - self.lower_bound) + product).clamp(min=0)
            tau = min(group["lr"], (gap / norm).item()) if norm > 0 else 0.0
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(self.state[p]["grad_avg"], alpha=-tau).div_(shrink)


class Detached(MoMo):
    """The same with the loss detached, as it should be."""

    detached = True
