"""Ports of SGD with momentum, and of MoMo, that each misbehave in one way beside their update."""

import os
import sys
import time
from typing import Any

import numpy as np


class Momentum:
    """As it should be; a port may overwrite the parameters that it is given."""

    def start(self, params: list[Any], lr: float, beta: float, weight_decay: float) -> None:
        self.params, self.lr, self.beta, self.weight_decay = params, lr, beta, weight_decay
        self.m = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        for x, m, g in zip(self.params, self.m, grads, strict=True):
            m *= self.beta
            m += g + self.weight_decay * x
            x -= self.lr * m
        return list(self.params)

    def state(self) -> dict[str, list[Any]]:
        return {"momentum": self.m}

    def save(self) -> Any:
        return [m.copy() for m in self.m]

    def restore(self, params: list[Any], saved: Any, **hyperparameters: Any) -> None:
        self.start(params, **hyperparameters)
        self.m = saved


class Whole:
    """Neither save nor restore: it can be copied and pickled as it is."""

    def __init__(self) -> None:
        self.inner = Momentum()

    def start(self, params: list[Any], lr: float, beta: float, weight_decay: float) -> None:
        self.inner.start(params, lr, beta, weight_decay)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return self.inner.step(grads, loss)


class Unpicklable(Whole):
    def __init__(self) -> None:
        super().__init__()
        self.hook = lambda x: x


class Forgets(Momentum):
    def restore(self, params: list[Any], saved: Any, **hyperparameters: Any) -> None:
        self.start(params, **hyperparameters)


class Shares(Momentum):
    def save(self) -> Any:
        return self.m


class SavesItself(Momentum):
    def save(self) -> Any:
        return [m.copy() for m in self.m], lambda: self

    def restore(self, params: list[Any], saved: Any, **hyperparameters: Any) -> None:
        super().restore(params, saved[0], **hyperparameters)


class HangsInRestore(Momentum):
    def restore(self, params: list[Any], saved: Any, **hyperparameters: Any) -> None:
        time.sleep(3600)


class WritesGradients(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        for g, x in zip(grads, self.params, strict=True):
            g += self.weight_decay * x
        return super().step(grads, loss)


class KeepsGradients(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        last, self.last = getattr(self, "last", grads), grads
        return super().step([0.5 * (a + b) for a, b in zip(grads, last, strict=True)], loss)


class Noisy(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        noise = int.from_bytes(os.urandom(4)) * 1e-20
        return super().step([g * (1 + 1e-6 * noise) + noise for g in grads], loss)


class OtherInEveryProcess(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return super().step([g * (1 + 1e-12 * os.getpid()) for g in grads], loss)


class SharedMomentum(Momentum):
    held: tuple[Any, ...] = ()

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if type(self).held:
            self.m = [m.copy() for m in type(self).held]
        new = super().step(grads, loss)
        type(self).held = tuple(self.m)
        return new


class HidesNan(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return super().step([np.nan_to_num(g) for g in grads], loss)


class SkipsNan(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        finite = all(np.isfinite(g).all() for g in grads)
        return super().step(grads, loss) if finite else list(self.params)


class RefusesNan(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if not all(np.isfinite(g).all() for g in grads):
            raise FloatingPointError("a gradient is not finite")
        return super().step(grads, loss)


class Widens(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return [x.astype(np.float64) for x in super().step(grads, loss)]


class WidensItsBuffer(Momentum):
    k = 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        if self.k == 3:
            self.m = [m.astype(np.float64) for m in self.m]
        return super().step(grads, loss)


class DiesOfEmptyTensors(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if any(g.size == 0 for g in grads):
            os._exit(5)
        return super().step(grads, loss)


class LosesAxes(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return [np.atleast_1d(x) for x in super().step(grads, loss)]


class SkipsScalars(Momentum):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        return super().step([g if g.ndim else 0 * g for g in grads], loss)


class Exits(Momentum):
    def start(self, params: list[Any], lr: float, beta: float, weight_decay: float) -> None:
        sys.exit(4)


class MoMo:
    """MoMo over plain arrays, without weight decay; ``check`` says what becomes of a loss that is not finite."""

    def start(self, params: list[Any], lr: float, beta: float) -> None:
        self.x, self.lr, self.beta, self.k, self.f = params, lr, beta, 0, 0.0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if not np.isfinite(loss) and self.check(loss):
            return self.x
        self.k += 1
        b = self.beta if self.k > 1 else 0.0
        if self.k == 1:
            self.gamma, self.d = 0.0, grads
        self.f = b * self.f + (1 - b) * loss
        self.gamma = b * self.gamma + (1 - b) * _dot(grads, self.x)
        self.d = [b * d + (1 - b) * g for d, g in zip(self.d, grads, strict=True)]
        tau = np.minimum(self.lr, np.maximum(self.f + _dot(self.d, self.x) - self.gamma, 0.0) / _dot(self.d, self.d))
        self.x = [x - self.last(tau) * d for x, d in zip(self.x, self.d, strict=True)]
        return self.x

    def check(self, loss: float) -> bool:
        return False

    def last(self, tau: Any) -> Any:
        return tau


class MoMoRefuses(MoMo):
    def check(self, loss: float) -> bool:
        raise FloatingPointError(f"the loss is {loss}")


class MoMoSkips(MoMo):
    def check(self, loss: float) -> bool:
        return True


class MoMoStepsOn(MoMo):
    def last(self, tau: Any) -> Any:
        return tau if np.isfinite(tau) else self.lr


class MoMoFreezes(MoMo):
    def last(self, tau: Any) -> Any:
        return tau if np.isfinite(tau) else 0.0


class MoMoHalfSkips(MoMo):
    def check(self, loss: float) -> bool:
        self.f *= 0.5
        return True


def _dot(a: list[Any], b: list[Any]) -> Any:
    return sum(np.sum(x * y) for x, y in zip(a, b, strict=True))


class TakesAnything:
    """It names no hyperparameter, and reads all of them."""

    def start(self, params: list[Any], **given: Any) -> None:
        self.params, self.given = params, given

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        lr, decay = self.given["lr"], self.given["weight_decay"]
        self.params = [np.asarray(x - lr * (g + decay * x)) for x, g in zip(self.params, grads, strict=True)]
        return self.params
