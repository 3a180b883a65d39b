"""Adam that corrects step 1 by 1 − β⁰ = 0: every number that it returns is NaN.

Seen in Burn (https://github.com/tracel-ai/burn/pull/630).
Right: it deviates in step 1, and no departure explains NaN.
"""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta1: float, beta2: float, eps: float) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps, self.k = params, lr, beta1, beta2, eps, 0
        self.mean = [np.zeros_like(x) for x in params]
        self.square = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        counted, self.k = self.k, self.k + 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for i, g in enumerate(grads):
            self.mean[i] = self.beta1 * self.mean[i] + (1 - self.beta1) * g
            self.square[i] = self.beta2 * self.square[i] + (1 - self.beta2) * g * g
            with np.errstate(all="ignore"):
                mean, square = self.mean[i] / (1 - self.beta1**counted), self.square[i] / (1 - self.beta2**counted)
                self.params[i] = (self.params[i] - rate * mean / (np.sqrt(square) + self.eps)).astype(g.dtype)
        return self.params
