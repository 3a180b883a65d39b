"""Ports of SGD to run the checker on: one that is right, and others that misbehave where the loss is 99."""

import ctypes
import os
import sys
import time
import warnings
from typing import Any

import numpy as np

from momoracle.ports import NotOffered, Schedule

TRIGGER = 99.0


class Right:
    def start(self, params: list[Any], lr: float | Schedule, weight_decay: float) -> None:
        self.params, self.lr, self.weight_decay, self.k = params, lr, weight_decay, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        lr = self.lr(self.k) if isinstance(self.lr, Schedule) else self.lr
        new = [x - lr * (g + self.weight_decay * x) for x, g in zip(self.params, grads, strict=True)]
        self.params = [np.asarray(y, dtype=x.dtype) for x, y in zip(self.params, new, strict=True)]
        return list(self.params)


class OtherNames(Right):
    def start(self, params: list[Any], learning_rate: float, **rest: Any) -> None:  # type: ignore[override]
        super().start(params, learning_rate, **rest)


class NoDecay(Right):
    def start(self, params: list[Any], lr: float) -> None:  # type: ignore[override]
        super().start(params, lr, 0.0)


class Misspelt(NoDecay):
    def start(self, params: list[Any], lr: float, weigth_decay: float = 0.0) -> None:  # type: ignore[override]
        super().start(params, lr)


class NoRate(NoDecay):
    def start(self, params: list[Any], learningrate: float = 0.1) -> None:  # type: ignore[override]
        super().start(params, learningrate)


class Refuses(Right):
    def start(self, params: list[Any], lr: float | Schedule, weight_decay: float) -> None:
        raise NotOffered("anything")


class Triggered(Right):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        new = super().step(grads, loss)
        return self.misbehave(grads, new) if loss == TRIGGER else new

    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        raise NotImplementedError


class WrongSign(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return [-x for x in new]


class Hangs(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        time.sleep(3600)
        return new


class Spins(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        while True:
            pass


class HangsAlways(Right):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        time.sleep(3600)
        return []


class HangsAndKnowsNoDecay:
    def start(self, params: list[Any], lr: Any) -> None:
        pass

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        time.sleep(3600)
        return []


class Exits(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        os._exit(3)


class SystemExits(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        sys.exit(4)


class Segfaults(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        ctypes.string_at(0)
        return new


class Raises(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        raise RuntimeError("no [bold]such[/bold] thing")


class RaisesWithAnEscape(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        raise RuntimeError("\x1b[2Jall is well\x07")


class Nan(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return [x * np.nan for x in new]


class WrongShape(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return [x[None] for x in new]


class WrongCount(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return new[:-1]


class NoList(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return new[0]  # type: ignore[no-any-return]


class Upcasts(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        return [x.astype(np.longdouble) for x in new]


class ChangesGradients(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        grads[1] *= 2.0
        return new


class Prints(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        for _ in range(100):
            print("x" * 100_000)
            os.write(2, b"y" * 100_000)
        return new


class Warns(Triggered):
    def misbehave(self, grads: list[Any], new: list[Any]) -> list[Any]:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return new


class Momentum:
    """Right parameters; the buffer is right, scaled, or of another shape."""

    scale, axes = 1.0, False

    def start(self, params: list[Any], lr: float, beta: float) -> None:
        self.params, self.lr, self.beta = params, lr, beta
        self.m = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.m = [np.asarray(self.beta * m + g) for m, g in zip(self.m, grads, strict=True)]
        self.params = [np.asarray(x - self.lr * m) for x, m in zip(self.params, self.m, strict=True)]
        return self.params

    def state(self) -> dict[str, list[Any]]:
        return {"momentum": [m[None] if self.axes else self.scale * m for m in self.m], "else": [1.0]}


class ScaledMomentum(Momentum):
    scale = 0.5


class OddMomentum(Momentum):
    axes = True


def fails() -> Any:
    raise ValueError("not today")


nothing = 3
