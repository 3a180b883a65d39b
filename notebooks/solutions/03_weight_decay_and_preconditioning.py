"""Answers to the exercises of notebook 03, for teachers."""

import numpy as np

import momoracle
from momoracle import MoMoAdam

# 1: only the decay is left, 1/(1 + αλ).
shrink = 1 / 1.1
opt, x = MoMoAdam(lr=0.5, weight_decay=0.2), np.array([3.0])
assert np.isclose(opt.step(x, np.zeros(1), opt.init(x), loss=1.0)[0][0] / 3, shrink, rtol=1e-12)

# 2: with D = |g| the metric's square is (1−β₁)²·Σ|g|, the ordinary one (1−β₁)²·Σg²: any g with Σ|g| = Σg².
gradient = [0.5, (1 + 2**0.5) / 2]
opt, x = MoMoAdam(lr=100.0, eps=0.0), np.array([1.0, 1.0])
seen = opt.step(x, np.array(gradient), opt.init(x), loss=0.1)[2]
assert np.isclose(seen.gradient_average @ seen.gradient_average, seen.direction_norm_sq, rtol=1e-12)


# 3
class MyAdam:
    def start(self, params, lr, beta1, beta2, eps):
        self.params, self.lr, self.betas, self.eps, self.k = params, lr, (beta1, beta2), eps, 0
        self.m = [np.zeros_like(x) for x in params]
        self.v = [np.zeros_like(x) for x in params]

    def step(self, grads, loss):
        (b1, b2), self.k = self.betas, self.k + 1
        self.m = [b1 * m + (1 - b1) * g for m, g in zip(self.m, grads)]
        self.v = [b2 * v + (1 - b2) * g * g for v, g in zip(self.v, grads)]
        c1, c2 = 1 - b1**self.k, 1 - b2**self.k
        self.params = [
            x - self.lr * (m / c1) / (np.sqrt(v / c2) + self.eps) for x, m, v in zip(self.params, self.m, self.v)
        ]
        return self.params


class MyMoMoAdam(MyAdam):
    def start(self, params, lr, beta1, beta2, eps, lower_bound):
        super().start(params, lr, beta1, beta2, eps)
        self.low, self.f, self.gamma = lower_bound, 0.0, 0.0

    def step(self, grads, loss):
        (b1, b2), self.k = self.betas, self.k + 1
        gx = sum(np.sum(g * x) for g, x in zip(grads, self.params))
        self.m = [b1 * m + (1 - b1) * g for m, g in zip(self.m, grads)]
        self.v = [b2 * v + (1 - b2) * g * g for v, g in zip(self.v, grads)]
        self.f, self.gamma = b1 * self.f + (1 - b1) * loss, b1 * self.gamma + (1 - b1) * gx
        rho = 1 - b1**self.k
        metric = [self.eps + np.sqrt(v / (1 - b2**self.k)) for v in self.v]
        dx = sum(np.sum(m * x) for m, x in zip(self.m, self.params))
        dd = sum(np.sum(m * m / d) for m, d in zip(self.m, metric))
        gap = max(self.f + dx - self.gamma - rho * self.low, 0.0)
        tau = min(self.lr / rho, gap / dd) if dd > 0 else 0.0
        self.params = [x - tau * m / d for x, m, d in zip(self.params, self.m, metric)]
        return self.params


assert momoracle.check(MyAdam, "adam").verdict == "conforms"
assert momoracle.check(MyMoMoAdam, "momo-adam").verdict == "conforms"

# 4: with ‖y‖²_D the metric cancels in θρ⁻¹d + D(y−x)/α + λDy = 0 and one scalar divides; with ‖y‖² the entries would
# be divided by D + αλ. AdamW's decay shrinks every entry alike, so it is close to the first.
