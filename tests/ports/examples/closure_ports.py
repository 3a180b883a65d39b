"""The first step of MoMo without decay, x − min{α, f/‖g‖²} g, in torch: its loss comes in one way or another."""

from collections.abc import Callable
from typing import Any

import torch


class UsualClosure(torch.optim.Optimizer):  # type: ignore[misc]
    """torch's usual signature: the closure may be left out, but then there is no loss."""

    def __init__(self, params: Any, lr: float = 1.0) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        assert closure is not None, "MoMo needs the loss"
        loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    tau = torch.minimum(torch.as_tensor(group["lr"]).to(loss), loss / torch.sum(param.grad**2))
                    param -= tau * param.grad
        return loss


class NoClosure(torch.optim.SGD):  # type: ignore[misc]
    """A method that needs no loss is stepped without a closure."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        assert closure is None
        return super().step()
