"""Adam whose averages start at the first gradient and its square, and are corrected all the same; ε is corrected too.

Seen in PennyLane (https://github.com/PennyLaneAI/pennylane/issues/1928).
Right: it deviates, first in the average of the gradient, in step 1.
"""

import math
from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta1: float, beta2: float, eps: float) -> None:
        self.params, self.lr, self.beta1, self.beta2, self.eps, self.k = params, lr, beta1, beta2, eps, 0
        self.mean: list[Any] = []
        self.square: list[Any] = []

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        if self.k == 1:
            self.mean, self.square = [np.array(g) for g in grads], [g * g for g in grads]
        else:
            self.mean = [self.beta1 * m + (1 - self.beta1) * g for m, g in zip(self.mean, grads, strict=True)]
            self.square = [self.beta2 * v + (1 - self.beta2) * g * g for v, g in zip(self.square, grads, strict=True)]
        rate *= math.sqrt(1 - self.beta2**self.k) / (1 - self.beta1**self.k)
        parts = zip(self.params, self.mean, self.square, strict=True)
        self.params = [(x - rate * m / (np.sqrt(v) + self.eps)).astype(x.dtype) for x, m, v in parts]
        return self.params

    def state(self) -> dict[str, list[Any]]:
        return {"gradient_average": self.mean, "second_moment": self.square}
