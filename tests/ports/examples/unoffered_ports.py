"""Ports that lack a feature without saying so."""

from typing import Any

import numpy as np

from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import MoMoAdam


class FixedRate:
    """It takes every learning rate for a number."""

    def start(self, params: list[Any], lr: float, weight_decay: float = 0.0) -> None:
        self.params, self.lr, self.decay = params, lr, weight_decay

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        pairs = zip(self.params, grads, strict=True)
        self.params = [np.asarray(x - self.lr * (g + self.decay * x), x.dtype) for x, g in pairs]
        return self.params


class RefusesDecay(FixedRate):
    """It takes weight decay for an argument, but no value of it."""

    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        if weight_decay:
            raise ValueError(f"weight_decay is {weight_decay}; it must be 0")
        self.k, self.rate = 0, lr
        super().start(params, lr)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        self.lr = self.rate(self.k) if callable(self.rate) else self.rate
        return super().step(grads, loss)


class CannotStart(RefusesDecay):
    """It fails on tensors without axes, with weight decay or without."""

    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        np.concatenate(params)


class CountsFromZero(FixedRate):
    """It takes a schedule, and asks it for step 0."""

    k = 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        schedule = self.lr
        self.lr = schedule(self.k) if callable(schedule) else schedule
        params = super().step(grads, loss)
        self.k, self.lr = self.k + 1, schedule
        return params


class IgnoresEverything(FixedRate):
    """It takes any hyperparameter and reads the learning rate alone."""

    def start(self, params: list[Any], lr: Any, **others: Any) -> None:  # type: ignore[override]
        self.params, self.rate, self.decay, self.k = params, lr, 0.0, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        self.lr = self.rate(self.k) if callable(self.rate) else self.rate
        return super().step(grads, loss)


class IgnoresDecoupledDecay(MethodPort):
    """MoMo-Adam that takes any hyperparameter, and does not look at ``decoupled_decay``."""

    def __init__(self) -> None:
        super().__init__(MoMoAdam)

    def start(self, params: list[Any], **hyperparameters: Any) -> None:
        super().start(params, **{**hyperparameters, "decoupled_decay": False})


class MistakesDecoupledDecay(IgnoresDecoupledDecay):
    """It decays twice as much where ``decoupled_decay`` is set."""

    def start(self, params: list[Any], **hyperparameters: Any) -> None:
        factor = 2.0 if hyperparameters.get("decoupled_decay") else 1.0
        super().start(params, **{**hyperparameters, "weight_decay": factor * hyperparameters["weight_decay"]})
