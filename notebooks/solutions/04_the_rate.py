"""Answers to the exercises of notebook 04, for teachers."""

import numpy as np

from momoracle import MoMo

# 1: 1/√K falls by 10, 1/K by 100.
factors = (10.0, 100.0)
assert factors == (100**0.5, 100**1.0)

# 2: any shift but 0 leaves no common minimiser; the mean of the two losses is then at least |c|/2.
shift = 1.0
centres, x, method = np.array([0.0, shift]), np.array([3.0]), MoMo(lr=1e6, beta=0.5)
state, losses, draw = method.init(x), [], np.random.default_rng(1)
for _ in range(2000):
    z = x - centres[draw.integers(2)]
    losses.append(abs(z[0]))
    x, state, _ = method.step(x, np.sign(z), state, loss=losses[-1])
assert np.mean(losses[1000:]) > 0.1

# 3: a capped step ends where the line is still above the floor, so h ≥ (1−β) Δ (with f_* = 0, in a bias-corrected run).
relation = ">="
method, x = MoMo(lr=1e-2, beta=0.5, bias_correction=True), np.array([2.0, 1.0])
state = method.init(x)
for _ in range(20):
    f = x @ x / 2
    x, state, seen = method.step(x, x, state, loss=f)
    assert seen.model_value >= 0.5 * f - 1e-12

# 4: in step 1 (each loss is f_* at x*, so the averaged line is at most ρ f_* there) and, with it, in step 3.
