"""Heavy ball that adds weight decay into the gradient that it was given.

Seen in torch-optimi 0.3.3 and in PyTorch (https://github.com/pytorch/pytorch/issues/12218).
Right: every parameter agrees; it breaks the protocol, and no departure explains anything.
"""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, beta: float, weight_decay: float) -> None:
        self.params, self.lr, self.beta, self.decay, self.k = params, lr, beta, weight_decay, 0
        self.momentum = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for x, m, g in zip(self.params, self.momentum, grads, strict=True):
            if self.decay:
                g += self.decay * x
            m[...] = self.beta * m + g
            x -= rate * m
        return self.params
