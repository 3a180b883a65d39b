"""AdamW whose step counter never goes up: every step is corrected as the first one, by 1 − β₁ and 1 − β₂.

Seen in OLMo-core (https://github.com/allenai/OLMo-core/pull/317).
Right: it deviates from step 2 on. Its averages and directions are right, and its steps too long.
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
        rate, counted = self.lr(self.k) if callable(self.lr) else self.lr, 1
        for i, g in enumerate(grads):
            x = self.params[i] * (1 - rate * self.decay)
            self.mean[i] = self.beta1 * self.mean[i] + (1 - self.beta1) * g
            self.square[i] = self.beta2 * self.square[i] + (1 - self.beta2) * g * g
            root = np.sqrt(self.square[i] / (1 - self.beta2**counted)) + self.eps
            self.params[i] = (x - rate * self.mean[i] / (1 - self.beta1**counted) / root).astype(g.dtype)
        return self.params

    def set_params(self, params: list[Any]) -> None:
        self.params = params
