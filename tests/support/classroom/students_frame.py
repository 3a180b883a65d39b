"""What students hand in whose mistake is beside the mathematics: shapes, what is returned, stored or never ends."""

from typing import Any

import numpy as np

from support.classroom.students import Arrays


class Heavy:
    """SGD with momentum, right; the mistakes after it are those of its frame."""

    def start(self, params: Arrays, lr: float, beta: float = 0.9) -> None:
        self.x = [np.array(p) for p in params]
        self.lr, self.beta = lr, beta
        self.m = [np.zeros_like(p) for p in params]

    def step(self, grads: Arrays, loss: float) -> Any:
        self.m = [self.beta * m + g for m, g in zip(self.m, grads, strict=True)]
        self.x = [x - self.lr * m for x, m in zip(self.x, self.m, strict=True)]
        return self.x


class StandsStill(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        super().step(grads, loss)
        return self.start_at

    def start(self, params: Arrays, lr: float, beta: float = 0.9) -> None:
        super().start(params, lr, beta)
        self.start_at = params


class StoresNothing(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        self.m = [self.beta * m + g for m, g in zip(self.m, grads, strict=True)]
        return [x - self.lr * m for x, m in zip(self.x, self.m, strict=True)]


class OneTensor(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step([grads[0]] + [0 * g for g in grads[1:]], loss)


class ReturnsNothing(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        super().step(grads, loss)


class ReturnsOne(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step(grads, loss)[0]


class Flattens(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return [x.reshape(-1) for x in super().step(grads, loss)]


class DropsTensors(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step(grads, loss)[:1]


class Narrows(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return [x.astype(np.float32) for x in super().step(grads, loss)]


class NoLoss(Heavy):
    def step(self, grads: Arrays) -> Any:  # type: ignore[override]
        return super().step(grads, 0.0)


class Divides(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step([g / float(np.linalg.norm(g)) for g in grads], 1 / float(np.sum(grads[0] * 0.0)))


class ChangesGradients(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        for g, m in zip(grads, self.m, strict=True):
            g += self.beta * m
        self.m = [g.copy() for g in grads]
        self.x = [x - self.lr * m for x, m in zip(self.x, self.m, strict=True)]
        return self.x


class KeepsGradients(Heavy):
    def start(self, params: Arrays, lr: float, beta: float = 0.9) -> None:
        super().start(params, lr, beta)
        self.first = True

    def step(self, grads: Arrays, loss: float) -> Any:
        self.m = grads if self.first else [self.beta * m + g for m, g in zip(self.m, grads, strict=True)]
        self.first = False
        self.x = [x - self.lr * m for x, m in zip(self.x, self.m, strict=True)]
        return self.x


class SharesState(Heavy):
    memory: dict[str, Arrays] = {}  # noqa: RUF012 - this is the mistake

    def step(self, grads: Arrays, loss: float) -> Any:
        old = self.memory.get("m", self.m)
        self.memory["m"] = [self.beta * m + g for m, g in zip(old, grads, strict=True)]
        self.x = [x - self.lr * m for x, m in zip(self.x, self.memory["m"], strict=True)]
        return self.x


class ListTimesNumber(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        self.x = self.x - self.lr * grads  # type: ignore[operator]
        return self.x


class NotSet(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        return [x - self.rate * g for x, g in zip(self.x, grads, strict=True)]  # type: ignore[attr-defined]


class Endless(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        while True:
            try:
                loss += 1
            except Exception:
                continue


class Quits(Heavy):
    def step(self, grads: Arrays, loss: float) -> Any:
        raise SystemExit("I give up")


class WithArguments(Heavy):
    def __init__(self, lr: float) -> None:
        self.lr = lr


class NoStep:
    def start(self, params: Arrays, lr: float) -> None:
        self.x = params


class OtherNames(Heavy):
    def start(self, params: Arrays, rate: float) -> None:  # type: ignore[override]
        super().start(params, rate)
