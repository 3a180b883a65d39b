"""TAM whose cosine is <m, g> / (‖m‖ ‖g‖ + 1e-8); all else is the method, and no number is narrower than its tensor.

Right: it deviates, by 1e-8 of a cosine, and neither a clamp nor float32 explains it.
"""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta: float, gamma: float, eps: float, weight_decay: float) -> None:
        self.params, self.lr, self.beta, self.gamma, self.eps, self.decay = params, lr, beta, gamma, eps, weight_decay
        self.momentum = [np.zeros_like(x, dtype=np.float64) for x in params]
        self.average = [0.0 for _ in params]
        self.k = 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for i, grad in enumerate(grads):
            g, m = grad.astype(np.float64) + self.decay * self.params[i], self.momentum[i]
            norms = float(np.sqrt(np.sum(m * m)) * np.sqrt(np.sum(g * g)))
            cosine = float(np.sum(m * g)) / (norms + 1e-8)
            self.average[i] = self.gamma * self.average[i] + (1 - self.gamma) * cosine
            self.momentum[i] = self.beta * m + (self.eps + (1 + self.average[i]) / 2) * g
            self.params[i] = (self.params[i] - rate * self.momentum[i]).astype(grad.dtype)
        return self.params
