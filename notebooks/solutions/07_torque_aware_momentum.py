"""Answers to the exercises of notebook 07, for teachers."""

import numpy as np

import momoracle
from momoracle import TAM

# 1: cos²(φ/2) = 1/4.
angle = 120
assert abs(np.cos(np.deg2rad(angle) / 2) ** 2 - 0.25) < 1e-12

# 2: β − γ = 0 < 2ε(1−β), so ε alone decides, and the oscillation dies out.
regime = "dies out"
opt, x = TAM(lr=1.0), np.zeros(1)
state = opt.init(x)
for t in range(500):
    x, state, trace = opt.step(x, np.array([(-1.0) ** t]), state)
assert trace.damping < 1e-9


# 3
class MyTAM:
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


assert momoracle.check(MyTAM, "tam").verdict == "conforms"

# 4: unroll m and use d ≤ 1. For small t the bound 1 − γ^{t−1}/2 of T1 is better than 1.
