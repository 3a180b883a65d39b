"""Answers to the exercises of notebook 08, for teachers."""

import numpy as np

from momoracle import SGDM, TAM, WarmUp, transfer_lr

# 1
lr = 0.05
assert np.isclose(transfer_lr(0.03, damping=0.6), lr, rtol=1e-12)

# 2: between the noise 0.316 (d* = 0.78) and 1 (0.58) of the table.
noise = 0.4
rng, mean = np.random.default_rng(5), np.eye(20)[0]
opt, x, seen = TAM(lr=1e-9), np.zeros(20), []
state = opt.init(x)
for _ in range(4000):
    x, state, trace = opt.step(x, mean + noise * rng.normal(size=20), state)
    seen.append(trace.damping)
assert 0.7 < np.mean(seen[500:]) < 0.8

# 3: β m is multiplied by η in place of 2η: half as long.
factor = 0.5
warm = WarmUp(TAM(lr=transfer_lr(0.01)), SGDM(lr=0.01), steps=100)
m, zero = np.ones(20), np.zeros(20)
tam = warm.tam.init(zero)._replace(step=99, momentum=m)
moved = [np.linalg.norm(warm.step(zero, 1e-12 * m, one)[0]) for one in (tam, tam._replace(step=100))]
assert np.isclose(moved[1] / moved[0], factor, rtol=1e-6)

# 4: multiply the buffer by η_TAM/η_SGDM = 1/d* at the switch; then η m is the same on both sides of it.
doubled = tam._replace(step=100, momentum=2 * m)
assert np.isclose(np.linalg.norm(warm.step(zero, 1e-12 * m, doubled)[0]), moved[0], rtol=1e-6)
