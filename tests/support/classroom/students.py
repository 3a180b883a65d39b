"""What students hand in: right answers, and mistakes written by hand, in plain NumPy and without any of our code."""

from typing import Any

import numpy as np

Arrays = list[Any]


def dot(a: Arrays, b: Arrays) -> Any:
    return sum(np.sum(u * v) for u, v in zip(a, b, strict=True))


class RightMoMo:
    def start(
        self,
        params: Arrays,
        lr: float,
        beta: float = 0.9,
        lower_bound: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        self.x = [np.array(p) for p in params]
        self.lr, self.beta, self.bound, self.decay = lr, beta, lower_bound, weight_decay
        self.d: Arrays | None = None

    def average(self, old: Any, new: Any) -> Any:
        return self.beta * old + (1 - self.beta) * new

    def offset_term(self, grads: Arrays) -> Any:
        return dot(grads, self.x)

    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        shrink = 1 + self.lr * self.decay
        numerator = shrink * (f - gamma - self.bound) + dx
        return min(self.lr, max(numerator, 0.0) / dd) if dd > 0 else 0.0

    def move(self, x: Any, tau: Any, d: Any) -> Any:
        return (x - tau * d) / (1 + self.lr * self.decay)

    def step(self, grads: Arrays, loss: float) -> Any:
        gx = self.offset_term(grads)
        if self.d is None:
            self.d, self.f, self.gamma = [g.copy() for g in grads], loss, gx
        self.d = [self.average(d, g) for d, g in zip(self.d, grads, strict=True)]
        self.f = self.beta * self.f + (1 - self.beta) * loss
        self.gamma = self.beta * self.gamma + (1 - self.beta) * gx
        tau = self.size(self.f, self.gamma, dot(self.d, self.x), dot(self.d, self.d))
        self.x = [self.move(x, tau, d) for x, d in zip(self.x, self.d, strict=True)]
        return self.x


class WeightsTurned(RightMoMo):
    def average(self, old: Any, new: Any) -> Any:
        return (1 - self.beta) * old + self.beta * new


class Summed(RightMoMo):
    def average(self, old: Any, new: Any) -> Any:
        return self.beta * old + new


class Backwards(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        shrink = 1 + self.lr * self.decay
        return min(self.lr, (shrink * (f - gamma - self.bound) + dx) / dd) if dd > 0 else 0.0


class Uncapped(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        shrink = 1 + self.lr * self.decay
        return max(shrink * (f - gamma - self.bound) + dx, 0.0) / dd if dd > 0 else 0.0


class RootOfNorm(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return super().size(f, gamma, dx, dd**0.5)


class BoundForgotten(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        shrink = 1 + self.lr * self.decay
        return min(self.lr, max(shrink * (f - gamma) + dx, 0.0) / dd) if dd > 0 else 0.0


class DecayOutside(RightMoMo):
    def move(self, x: Any, tau: Any, d: Any) -> Any:
        return x / (1 + self.lr * self.decay) - tau * d


class PlainNumerator(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return min(self.lr, max(f - gamma - self.bound + dx, 0.0) / dd) if dd > 0 else 0.0


class NewestLoss(RightMoMo):
    def step(self, grads: Arrays, loss: float) -> Any:
        self.newest = loss
        return super().step(grads, loss)

    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return super().size(self.newest, gamma, dx, dd)


class LossPerEntry(RightMoMo):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step(grads, loss / sum(g.size for g in grads))


class LossPerTensor(RightMoMo):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step(grads, loss / len(grads))


class BetaForgotten(RightMoMo):
    def start(self, params: Arrays, lr: float, beta: float = 0.9, lower_bound: float = 0.0) -> None:  # type: ignore[override]
        super().start(params, lr, 0.9, lower_bound)


class NoStepAtZero(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return super().size(f, gamma, dx, dd) if dd > 0 else np.float64(0.0) / dd


class TwoMistakes(WeightsTurned):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return super().size(f, gamma, dx, dd**0.5)


class Unusual(RightMoMo):
    def size(self, f: Any, gamma: Any, dx: Any, dd: Any) -> Any:
        return 0.77 * super().size(f, gamma, dx, dd)


class ShowsBuffers(RightMoMo):
    def offset_term(self, grads: Arrays) -> Any:
        return 1.1 * super().offset_term(grads)

    def state(self) -> dict[str, Any]:
        return {"gradient_average": self.d, "loss_average": self.f, "offset": self.gamma}


class RightMoMoAdam:
    def start(
        self,
        params: Arrays,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        lower_bound: float = 0.0,
    ) -> None:
        self.x = [np.array(p) for p in params]
        self.lr, self.b1, self.b2, self.eps, self.bound = lr, beta1, beta2, eps, lower_bound
        self.d, self.v = ([np.zeros_like(p) for p in params] for _ in range(2))
        self.f = self.gamma = 0.0
        self.k = 0

    def metric(self, v: Any) -> Any:
        return self.eps + np.sqrt(v / (1 - self.b2**self.k))

    def norm_sq(self, inverse: Arrays) -> Any:
        return dot(self.d, [d / m for d, m in zip(self.d, inverse, strict=True)])

    def weights(self) -> float:
        return float(1 - self.b1**self.k)

    def step(self, grads: Arrays, loss: float) -> Any:
        self.k += 1
        self.d = [self.b1 * d + (1 - self.b1) * g for d, g in zip(self.d, grads, strict=True)]
        self.v = [self.b2 * v + (1 - self.b2) * g * g for v, g in zip(self.v, grads, strict=True)]
        self.f = self.b1 * self.f + (1 - self.b1) * loss
        self.gamma = self.b1 * self.gamma + (1 - self.b1) * dot(grads, self.x)
        metric = [self.metric(v) for v in self.v]
        rho, dd = self.weights(), self.norm_sq(metric)
        h = self.f - self.gamma + dot(self.d, self.x)
        tau = min(self.lr / rho, max(h - rho * self.bound, 0.0) / dd) if dd > 0 else 0.0
        self.x = [x - tau * d / m for x, d, m in zip(self.x, self.d, metric, strict=True)]
        return self.x


class EpsUnderRoot(RightMoMoAdam):
    def metric(self, v: Any) -> Any:
        return np.sqrt(v / (1 - self.b2**self.k) + self.eps)


class SecondUncorrected(RightMoMoAdam):
    def metric(self, v: Any) -> Any:
        return self.eps + np.sqrt(v)


class PlainNorm(RightMoMoAdam):
    def norm_sq(self, inverse: Arrays) -> Any:
        return dot(self.d, self.d)


class WeightsForgotten(RightMoMoAdam):
    def weights(self) -> float:
        return 1.0


class RightTAM:
    def start(self, params: Arrays, lr: float, beta: float = 0.9, gamma: float = 0.9, eps: float = 1e-8) -> None:
        self.x = [np.array(p) for p in params]
        self.lr, self.beta, self.gamma, self.eps = lr, beta, gamma, eps
        self.m = [np.zeros_like(p) for p in params]
        self.s = [0.0 for _ in params]

    def cosine(self, m: Any, g: Any) -> Any:
        return np.sum((m / (np.linalg.norm(m) or 1.0)) * (g / (np.linalg.norm(g) or 1.0)))

    def kept(self, old: Any, new: Any) -> Any:
        return self.gamma * old + (1 - self.gamma) * new

    def damping(self, s: Any) -> Any:
        return (1 + s) / 2

    def mixed(self, m: Any, d: Any, g: Any) -> Any:
        return self.beta * m + (self.eps + d) * g

    def step(self, grads: Arrays, loss: float) -> Any:
        self.s = [self.kept(s, self.cosine(m, g)) for s, m, g in zip(self.s, self.m, grads, strict=True)]
        self.m = [self.mixed(m, self.damping(s), g) for m, s, g in zip(self.m, self.s, grads, strict=True)]
        self.x = [x - self.lr * m for x, m in zip(self.x, self.m, strict=True)]
        return self.x


class GammaTurned(RightTAM):
    def kept(self, old: Any, new: Any) -> Any:
        return (1 - self.gamma) * old + self.gamma * new


class NoMemory(RightTAM):
    def kept(self, old: Any, new: Any) -> Any:
        return new


class WrongWay(RightTAM):
    def damping(self, s: Any) -> Any:
        return (1 - s) / 2


class Unhalved(RightTAM):
    def damping(self, s: Any) -> Any:
        return 1 + s


class SumForgotten(RightTAM):
    def cosine(self, m: Any, g: Any) -> Any:
        return (m / (np.linalg.norm(m) or 1.0)) * (g / (np.linalg.norm(g) or 1.0))


class PastDamped(RightTAM):
    def mixed(self, m: Any, d: Any, g: Any) -> Any:
        return (self.eps + d) * self.beta * m + g


class Averaging(RightTAM):
    def mixed(self, m: Any, d: Any, g: Any) -> Any:
        return self.beta * m + (1 - self.beta) * (self.eps + d) * g


class Unguarded(RightTAM):
    def cosine(self, m: Any, g: Any) -> Any:
        return np.sum(m * g) / (np.linalg.norm(m) * np.linalg.norm(g))


class Normalises(RightTAM):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step([g / (np.linalg.norm(g) or 1.0) for g in grads], loss)


class LossForgotten(RightMoMo):
    def step(self, grads: Arrays, loss: float) -> Any:
        return super().step(grads, 0.0)
