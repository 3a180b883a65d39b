"""Correct ports in plain NumPy that round differently: other orders of summation, fused operations, other forms."""

from collections.abc import Callable
from typing import Any

import numpy as np

Sum = Callable[[Any], Any]


def forwards(z: Any) -> Any:
    """Add one after another in the dtype of the terms."""
    total = z.dtype.type(0)
    for term in z:
        total = total + term
    return total


def backwards(z: Any) -> Any:
    """Add from the last term to the first."""
    return forwards(z[::-1])


def pairwise(z: Any) -> Any:
    """Add halves."""
    return z[0] if len(z) == 1 else z.dtype.type(0) if not len(z) else pairwise(z[::2]) + pairwise(z[1::2])


def fused(z: Any, factor: Any, other: Any) -> Any:
    """Return z · factor + other, rounded once (longdouble holds the product of two float32, and float64's nearly)."""
    return (z.astype(np.longdouble) * np.longdouble(factor) + other.astype(np.longdouble)).astype(z.dtype)


class Port:
    """The common part: flat parameters, products with a chosen order of summation, averages in two forms."""

    def __init__(self, add: Sum, lerp: bool, fma: bool) -> None:
        self.add, self.lerp, self.fma = add, lerp, fma

    def start(self, params: list[Any], **settings: Any) -> None:
        self.shapes = [p.shape for p in params]
        self.dtype = params[0].dtype.type
        self.x = [p.reshape(-1).copy() for p in params]
        self.h = settings
        self.k = 0
        self.m = [np.zeros_like(x) for x in self.x]
        self.v = [np.zeros_like(x) for x in self.x]
        self.f = self.gamma = self.dtype(0)
        self.s = [self.dtype(0) for _ in self.x]
        self.bound = self.dtype(settings.get("lower_bound", 0.0))

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        raise NotImplementedError

    def lr(self) -> Any:
        return self.dtype(self.h["lr"](self.k) if callable(self.h["lr"]) else self.h["lr"])

    def average(self, beta: float, old: Any, new: Any) -> Any:
        """Return β old + (1−β) new, as a sum or as old + (1−β)(new − old)."""
        b, c = self.dtype(beta), self.dtype(1 - beta)
        return old + c * (new - old) if self.lerp else b * old + c * new

    def minus(self, x: Any, factor: Any, d: Any) -> Any:
        return fused(d, -factor, x) if self.fma else x - factor * d

    def dot(self, a: list[Any], b: list[Any]) -> Any:
        return self.add(np.concatenate([p * q for p, q in zip(a, b, strict=True)]))

    def out(self) -> list[Any]:
        return [x.reshape(shape) for x, shape in zip(self.x, self.shapes, strict=True)]


class MoMo(Port):
    """MoMo and MoMo* from equations (15) and (16), all scalars in the dtype of the parameters."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        g, f, h, unit = [z.reshape(-1) for z in grads], self.dtype(loss), self.h, self.dtype(1)
        alpha, decay = self.lr(), self.dtype(h["weight_decay"])
        gx = self.dot(g, self.x)
        if self.k == 1 and not h["bias_correction"]:
            self.m, self.f, self.gamma = [z.copy() for z in g], f, gx
        self.m = [self.average(h["beta"], m, z) for m, z in zip(self.m, g, strict=True)]
        self.f, self.gamma = self.average(h["beta"], self.f, f), self.average(h["beta"], self.gamma, gx)
        rho = self.dtype(1 - h["beta"] ** self.k) if h["bias_correction"] else unit
        dx, dd, shrink = self.dot(self.m, self.x), self.dot(self.m, self.m), unit + alpha * decay
        initial = self.dtype(h["lower_bound"])
        if h["estimate_lower_bound"]:
            c = shrink * self.f + dx - shrink * self.gamma
            if c < shrink * rho * self.bound:
                self.bound = max(c / (2 * shrink * rho), initial)
        numerator = shrink * (self.f - rho * self.bound - self.gamma) + dx
        tau = min(alpha / rho, max(numerator, self.dtype(0)) / dd) if dd > 0 else self.dtype(0)
        if h["estimate_lower_bound"]:
            self.bound = max((self.f + dx - self.gamma - tau * dd / 2) / rho, initial)
        self.x = [self.minus(x, tau, m) / shrink for x, m in zip(self.x, self.m, strict=True)]
        return self.out()


class Adam(Port):
    """Adam in the form of frameworks: both corrections moved out of the averages."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        h, alpha, decay = self.h, self.lr(), self.dtype(self.h["weight_decay"])
        c1, c2 = 1 - h["beta1"] ** self.k, 1 - h["beta2"] ** self.k
        for i, grad in enumerate(grads):
            g = grad.reshape(-1) + decay * self.x[i]
            self.m[i] = self.average(h["beta1"], self.m[i], g)
            self.v[i] = self.average(h["beta2"], self.v[i], g * g)
            denominator = np.sqrt(self.v[i]) / self.dtype(np.sqrt(c2)) + self.dtype(h["eps"])
            self.x[i] = self.minus(self.x[i], alpha / self.dtype(c1), self.m[i] / denominator)
        return self.out()


class TAM(Port):
    """TAM with normalised vectors, as a port would take the cosine."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        h, alpha, decay = self.h, self.lr(), self.dtype(self.h["weight_decay"])
        for i, grad in enumerate(grads):
            g = grad.reshape(-1) + decay * self.x[i]
            norms = [np.sqrt(self.add(z * z)) for z in (self.m[i], g)]
            unit = [z / norm if norm else np.zeros_like(z) for z, norm in zip((self.m[i], g), norms, strict=True)]
            self.s[i] = self.average(h["gamma"], self.s[i], self.add(unit[0] * unit[1]))
            damping = (1 + self.s[i]) / 2 + self.dtype(h["eps"])
            self.m[i] = self.dtype(h["beta"]) * self.m[i] + damping * g
            self.x[i] = self.minus(self.x[i], alpha, self.m[i])
        return self.out()
