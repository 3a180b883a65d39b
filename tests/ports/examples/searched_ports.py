"""Ports to search for counterexamples: correct ones that round differently, and ones with a single mistake."""

import os
import time
from typing import Any

import numpy as np
from support import plain_ports
from support.plain_ports import Port

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import MoMo


def _variant(algorithm: str, *names: str) -> MethodPort:
    return MethodPort(variant(algorithm, *(departure(algorithm, name) for name in names)))


def eps_in_root() -> MethodPort:
    return _variant("adam", "eps-in-root")


def without_rho() -> MethodPort:
    return _variant("momo", "cap-without-rho")


def tensor_by_tensor() -> MethodPort:
    return _variant("momo", "tensor-by-tensor")


def lr_read_once() -> MethodPort:
    return _variant("sgd", "lr-constant")


class OnePartIn1e8(MethodPort):
    """MoMo whose parameters are off by 1e-8 of themselves, in float64 alone."""

    def __init__(self) -> None:
        super().__init__(MoMo)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        params = super().step(grads, loss)
        off = 1e-8 if params[0].dtype == np.float64 else 0.0
        self._params = [np.asarray(x * (1 + off), dtype=x.dtype) for x in params]
        return self._params


class Float32(MethodPort):
    """MoMo that is right in float64, and one part in 10⁴ off in float32."""

    def __init__(self) -> None:
        super().__init__(MoMo)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        params = super().step(grads, loss)
        off = 1e-4 if params[0].dtype == np.float32 else 0.0
        self._params = [np.asarray(x * (1 + off), dtype=x.dtype) for x in params]
        return self._params


class _Failing:
    """SGD that goes wrong where the loss is below zero."""

    def start(self, params: list[Any], lr: float) -> None:
        self.params, self.lr = params, lr

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.params = [np.asarray(x - self.lr * g, x.dtype) for x, g in zip(self.params, grads, strict=True)]
        if loss < 0:
            self.fail(grads)
        return self.params

    def fail(self, grads: list[Any]) -> None:
        raise NotImplementedError


class Raises(_Failing):
    def fail(self, grads: list[Any]) -> None:
        raise RuntimeError("below zero")


class Dies(_Failing):
    def fail(self, grads: list[Any]) -> None:
        os._exit(3)


class Hangs(_Failing):
    def fail(self, grads: list[Any]) -> None:
        time.sleep(100)


class HangsAlways(_Failing):
    def step(self, grads: list[Any], loss: float) -> list[Any]:
        time.sleep(100)
        return []


class Widens(_Failing):
    def fail(self, grads: list[Any]) -> None:
        self.params = [x.astype(np.longdouble) for x in self.params]


class Mutates(_Failing):
    def fail(self, grads: list[Any]) -> None:
        for g in grads:
            g += 1


class Flattens(_Failing):
    def fail(self, grads: list[Any]) -> None:
        self.params = [x.reshape(-1, 1, 1) for x in self.params]


class Refuses(_Failing):
    """It takes no learning rate below 1, and has no weight decay."""

    def start(self, params: list[Any], lr: float) -> None:
        if lr < 1:
            raise ValueError("lr is below 1")
        super().start(params, lr)

    def fail(self, grads: list[Any]) -> None:
        pass


def momo_fused() -> Port:
    return plain_ports.MoMo(plain_ports.forwards, False, True)


def momo_difference_first() -> Port:
    return plain_ports.MoMo(plain_ports.pairwise, True, True)


def adam_fused() -> Port:
    return plain_ports.Adam(plain_ports.forwards, False, True)


def adam_difference_first() -> Port:
    return plain_ports.Adam(plain_ports.backwards, True, False)


def tam_fused() -> Port:
    return plain_ports.TAM(plain_ports.backwards, False, True)


def tam_difference_first() -> Port:
    return plain_ports.TAM(plain_ports.pairwise, True, True)


class WrongAtLargeRates(_Failing):
    """SGD that limits its learning rate to 2, which no vector exceeds."""

    def start(self, params: list[Any], lr: Any) -> None:
        self.params, self.rate, self.steps = params, lr, 0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.steps += 1
        self.lr = min(2.0, self.rate(self.steps) if callable(self.rate) else self.rate)
        return super().step(grads, abs(loss))
