"""Answers to the exercises of notebook 09, for teachers."""

import numpy as np

import momoracle


# 1: ε belongs outside of the root.
class MendedAdam:
    def start(self, params, lr, beta1, beta2, eps):
        self.params, self.lr, self.b1, self.b2, self.eps, self.k = params, lr, beta1, beta2, eps, 0
        self.m = [np.zeros_like(x) for x in params]
        self.v = [np.zeros_like(x) for x in params]

    def step(self, grads, loss):
        self.k += 1
        self.m = [self.b1 * m + (1 - self.b1) * g for m, g in zip(self.m, grads)]
        self.v = [self.b2 * v + (1 - self.b2) * g * g for v, g in zip(self.v, grads)]
        c1, c2 = 1 - self.b1**self.k, 1 - self.b2**self.k
        self.params = [
            x - self.lr * (m / c1) / (np.sqrt(v / c2) + self.eps) for x, m, v in zip(self.params, self.m, self.v)
        ]
        return self.params


assert momoracle.check(MendedAdam, "adam").verdict == "conforms"


# 2: γ weighs the past, 1 − γ the newest cosine.
class MendedTAM:
    def start(self, params, lr, beta, gamma, eps):
        self.params, self.lr, self.beta, self.gamma, self.eps = params, lr, beta, gamma, eps
        self.m = [np.zeros_like(x) for x in params]
        self.s = [0.0 for _ in params]

    def step(self, grads, loss):
        for i, g in enumerate(grads):
            m = self.m[i]
            lengths = np.sqrt(np.sum(m * m)) * np.sqrt(np.sum(g * g))
            cosine = np.sum(m * g) / lengths if lengths > 0 else 0.0
            self.s[i] = self.gamma * self.s[i] + (1 - self.gamma) * cosine
            self.m[i] = self.beta * m + (self.eps + (1 + self.s[i]) / 2) * g
        self.params = [x - self.lr * m for x, m in zip(self.params, self.m)]
        return self.params


assert momoracle.check(MendedTAM, "tam").verdict == "conforms"


# 3: the whole of x − τd is divided.
class MendedMoMo:
    def start(self, params, lr, beta, lower_bound, weight_decay):
        self.params, self.lr, self.beta, self.low, self.decay = params, lr, beta, lower_bound, weight_decay
        self.d = None

    def step(self, grads, loss):
        gx = sum(np.sum(g * x) for g, x in zip(grads, self.params))
        if self.d is None:
            self.d, self.f, self.gamma = grads, loss, gx
        keep = lambda old, new: self.beta * old + (1 - self.beta) * new
        self.d = [keep(d, g) for d, g in zip(self.d, grads)]
        self.f, self.gamma = keep(self.f, loss), keep(self.gamma, gx)
        dx = sum(np.sum(d * x) for d, x in zip(self.d, self.params))
        dd = sum(np.sum(d * d) for d in self.d)
        shrink = 1 + self.lr * self.decay
        gap = max(shrink * (self.f - self.gamma - self.low) + dx, 0.0)
        tau = min(self.lr, gap / dd) if dd > 0 else 0.0
        self.params = [(x - tau * d) / shrink for x, d in zip(self.params, self.d)]
        return self.params


assert momoracle.check(MendedMoMo, "momo").verdict == "conforms"
