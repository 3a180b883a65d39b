"""Adam whose bias corrections are factors, not divisors: m (1 − β₁^k) and v (1 − β₂^k).

Seen in ConvNetJS (https://github.com/karpathy/convnetjs/pull/70).
Right: it deviates from step 1 on, and its averages are right.
"""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta1: float, beta2: float, eps: float) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps, self.k = params, lr, beta1, beta2, eps, 0
        self.mean = [np.zeros_like(x) for x in params]
        self.square = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for i, g in enumerate(grads):
            self.mean[i] = self.beta1 * self.mean[i] + (1 - self.beta1) * g
            self.square[i] = self.beta2 * self.square[i] + (1 - self.beta2) * g * g
            mean, square = self.mean[i] * (1 - self.beta1**self.k), self.square[i] * (1 - self.beta2**self.k)
            self.params[i] = (self.params[i] - rate * mean / (np.sqrt(square) + self.eps)).astype(g.dtype)
        return self.params

    def state(self) -> dict[str, list[Any]]:
        return {"gradient_average": self.mean, "second_moment": self.square}
