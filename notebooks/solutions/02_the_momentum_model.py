"""Answers to the exercises of notebook 02, for teachers."""

import numpy as np

import momoracle
from momoracle import MoMo

# 1: the cap is α/ρ with ρ = 1 − β; without ρ it is α, that is 1 − β times as long.
factor = lambda beta: 1 - beta
for beta in (0.5, 0.9):
    opt, x = MoMo(lr=0.5, beta=beta, bias_correction=True), np.array([1.0])
    assert abs(0.5 - factor(beta) * opt.step(x, x, opt.init(x), loss=1e9)[2].step_size) < 1e-12


# 2
class MyMoMo:
    def start(self, params, lr, beta, lower_bound):
        self.params, self.lr, self.beta, self.low = params, lr, beta, lower_bound
        self.d = None

    def step(self, grads, loss):
        gx = sum(np.sum(g * x) for g, x in zip(grads, self.params))
        if self.d is None:
            self.d, self.f, self.gamma = grads, loss, gx
        self.d = [self.beta * d + (1 - self.beta) * g for d, g in zip(self.d, grads)]
        self.f = self.beta * self.f + (1 - self.beta) * loss
        self.gamma = self.beta * self.gamma + (1 - self.beta) * gx
        dx = sum(np.sum(d * x) for d, x in zip(self.d, self.params))
        dd = sum(np.sum(d * d) for d in self.d)
        gap = max(self.f + dx - self.gamma - self.low, 0.0)
        tau = min(self.lr, gap / dd) if dd > 0 else 0.0
        self.params = [x - tau * d for x, d in zip(self.params, self.d)]
        return self.params


assert momoracle.check(MyMoMo, "momo").verdict == "conforms"


# 3, one of the breaks: the hint leads to it, and the departure is named for the teacher.
class Untruncated(MyMoMo):
    def step(self, grads, loss):
        before = [x.copy() for x in self.params]
        super().step(grads, loss)
        dx = sum(np.sum(d * x) for d, x in zip(self.d, before))
        dd = sum(np.sum(d * d) for d in self.d)
        tau = min(self.lr, (self.f + dx - self.gamma - self.low) / dd) if dd > 0 else 0.0
        self.params = [x - tau * d for x, d in zip(before, self.d)]
        return self.params


found = momoracle.check(Untruncated, "momo")
assert found.verdict == "deviates"
assert found.hints

# 4: each line lies below its convex loss; weights that are not negative keep the inequality, and their sum is ρ.
