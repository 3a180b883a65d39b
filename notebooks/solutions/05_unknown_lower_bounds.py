"""Answers to the exercises of notebook 05, for teachers."""

import numpy as np

from momoracle import MoMo

# 1: the mean of f = 8 and the old floor 0.
estimate = 4
opt, x = MoMo(lr=1e3, beta=0.0, estimate_lower_bound=True), np.array([4.0])
assert opt.step(x, x, opt.init(x), loss=8.0)[1].next_lower_bound == estimate

# 2: anything above c = 2.
too_high = 5.0
x = np.array([2.0])
state = opt.init(x)._replace(next_lower_bound=too_high)
assert opt.step(x, x, state, loss=2.0)[2].lower_bound == 1.0

# 3: f_* = −10, which leaves the steps to the cap. A floor of 3, first guess or not, is never left, whatever the cap;
# MoMo* from 0 comes to rest above the minimum, until a rounding error wakes it, after these 200 steps.
helps = "floor -10"
curvature = np.logspace(-1, 1, 10)


def least_loss(opt, steps=200):
    """Return the least loss of a run on f(x) = 1 + Σ curvature x²/2."""
    x, best = np.full(10, 2.0), np.inf
    state = opt.init(x)
    for _ in range(steps):
        loss = 1 + np.sum(curvature * x**2) / 2
        best = min(best, loss)
        x, state, _ = opt.step(x, curvature * x, state, loss=loss)
    return best


assert least_loss(MoMo(lr=0.1, lower_bound=-10.0)) < 1.5
assert least_loss(MoMo(lr=2.0, lower_bound=3.0)) >= 3
assert least_loss(MoMo(lr=0.2, lower_bound=3.0)) >= 3
assert least_loss(MoMo(lr=0.2, lower_bound=3.0, estimate_lower_bound=True)) >= 3
assert least_loss(MoMo(lr=0.2, lower_bound=0.0, estimate_lower_bound=True)) > 8

# 4: the line at x^{k+1} is (h − τ‖d‖²)/ρ, so the mean is (h − ½τ‖d‖²)/ρ. The estimate is the larger of that and the
# first guess: equal to the mean where the first guess is not above it.
