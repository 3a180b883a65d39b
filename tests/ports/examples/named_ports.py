"""A port of SGD whose learning rate has a name of its own, and that has an argument of its own."""

from typing import Any

import numpy as np


class Named:
    def start(self, params: list[Any], pace: Any, mode: str, weight_decay: float = 0.0) -> None:
        self.params, self.pace, self.mode, self.decay, self.k = params, pace, mode, weight_decay, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.pace(self.k) if callable(self.pace) else self.pace
        rate = rate if self.mode == "descent" else -rate
        pairs = zip(self.params, grads, strict=True)
        self.params = [np.asarray(x - rate * (g + self.decay * x), x.dtype) for x, g in pairs]
        return self.params
