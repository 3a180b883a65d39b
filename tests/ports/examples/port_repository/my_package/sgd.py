"""An SGD that clips gradients where they are huge."""

from typing import Any

import numpy as np


class Port:
    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        self.params, self.lr, self.weight_decay, self.steps = params, lr, weight_decay, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.steps += 1
        lr = self.lr(self.steps) if callable(self.lr) else self.lr
        clipped = [np.clip(g, -1e25, 1e25) for g in grads]
        new = [x - lr * (g + self.weight_decay * x) for x, g in zip(self.params, clipped, strict=True)]
        self.params = [np.asarray(y, dtype=x.dtype) for x, y in zip(self.params, new, strict=True)]
        return self.params
