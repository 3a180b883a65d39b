"""Ports of SGD that take their time, or that the machine takes it from."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

_SEEN = Path(os.environ.get("MOMORACLE_SEEN", "/nowhere"))


class Right:
    """As it should be."""

    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        self.params, self.lr, self.decay, self.k = params, lr, weight_decay, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        pairs = zip(self.params, grads, strict=True)
        self.params = [np.asarray(x - rate * (g + self.decay * x), x.dtype) for x, g in pairs]
        return self.params


class Computes(Right):
    """It computes for a tenth of a second in each run."""

    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        super().start(params, lr, weight_decay)
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass


class Sleeps(Right):
    """It sleeps for half a second in each run: longer than a limit of 0.1 s, and three times that, allows."""

    def start(self, params: list[Any], lr: Any, weight_decay: float = 0.0) -> None:
        super().start(params, lr, weight_decay)
        time.sleep(0.5)


class SlowAtFirst(Right):
    """Its first step in a process loads something for a second."""

    is_loaded = False

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if not SlowAtFirst.is_loaded:
            SlowAtFirst.is_loaded = True
            end = time.process_time() + 1.0
            while time.process_time() < end:
                pass
        return super().step(grads, loss)


class _Once(Right):
    """Something happens to it in one vector of one process, and never again."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        if loss == 99.0 and not _SEEN.exists():
            _SEEN.touch()
            self.happens()
        return super().step(grads, loss)

    def happens(self) -> None:
        raise NotImplementedError


class HangsOnce(_Once):
    def happens(self) -> None:
        time.sleep(3600)


class KilledOnce(_Once):
    def happens(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
