"""AdamW whose learning rate is a billionth too large, as a constant typed with nine digits makes it.

Right: it deviates in float64 alone, and nothing known explains it; no number of it is kept in float32.
"""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta1: float, beta2: float, eps: float, weight_decay: float) -> None:
        self.params, self.lr, self.eps, self.decay, self.k = params, lr, eps, weight_decay, 0
        self.beta1, self.beta2 = beta1, beta2
        self.mean = [np.zeros_like(x) for x in params]
        self.square = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = 1.000000001 * (self.lr(self.k) if callable(self.lr) else self.lr)
        for i, g in enumerate(grads):
            self.mean[i] = self.beta1 * self.mean[i] + (1 - self.beta1) * g
            self.square[i] = self.beta2 * self.square[i] + (1 - self.beta2) * g * g
            root = np.sqrt(self.square[i] / (1 - self.beta2**self.k)) + self.eps
            update = self.mean[i] / (1 - self.beta1**self.k) / root
            self.params[i] = (self.params[i] * (1 - rate * self.decay) - rate * update).astype(g.dtype)
        return self.params
