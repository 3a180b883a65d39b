"""TAM that makes a tensor's state in its group's first step only, and then only for tensors with a gradient.

Check as: tam, torch=state_made_late.py:TAM.
Right: it conforms on the vectors. The behaviours gradient-none and parameter-added-late are broken, by a KeyError: a
tensor whose first gradient comes later has no state.
Known from: https://github.com/kozistr/pytorch_optimizer/pull/463
"""

from typing import Any

import torch


class TAM(torch.optim.Optimizer):  # type: ignore[misc]
    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.9,
        decay_rate: float = 0.9,
        weight_decay: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "decay_rate": decay_rate}
        super().__init__(params, {**settings, "weight_decay": weight_decay, "eps": eps})
        self.made = False

    def make_state(self) -> None:
        for param in (param for group in self.param_groups for param in group["params"]):
            if param.grad is not None:
                self.state[param]["s"] = torch.zeros((), dtype=param.dtype)
                self.state[param]["momentum_buffer"] = torch.zeros_like(param)
        self.made = True

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        if not self.made:
            self.make_state()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    self.move(group, param, self.state[param])

    def move(self, group: dict[str, Any], param: Any, held: dict[str, Any]) -> None:
        average, momentum = held["s"], held["momentum_buffer"]
        gradient = param.grad + group["weight_decay"] * param
        average.mul_(group["decay_rate"]).add_(_cosine(momentum, gradient), alpha=1 - group["decay_rate"])
        momentum.mul_(group["momentum"]).add_((group["eps"] + (1 + average) / 2) * gradient)
        param.add_(momentum, alpha=-group["lr"])


def _cosine(a: Any, b: Any) -> Any:
    """Return the cosine of two tensors, each scaled by its largest entry first; 0 where one is zero."""
    a, b = (z / z.abs().max() if z.abs().max() > 0 else z for z in (a, b))
    norms = a.norm() * b.norm()
    return torch.sum(a * b) / norms if norms > 0 else torch.zeros_like(norms)
