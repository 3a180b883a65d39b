"""Answers to the exercises of notebook 06, for teachers."""

import numpy as np

from momoracle import MoMo

# 1: κ = 10⁵ takes five digits of each.
digits = (2, 11)
assert digits == (7 - 5, 16 - 5)

# 2: h_1 = 8, Polyak's step takes the line to the floor, h_1 − τ‖d‖² = 0, so h_2 = f_2/2.
h_2 = 1.0
opt, x = MoMo(lr=1e3, beta=0.5), np.array([4.0])
x, state, first = opt.step(x, x, opt.init(x), loss=8.0)
assert first.model_value - first.step_size * first.direction_norm_sq == 0
assert opt.step(x, x, state, loss=2.0)[2].model_value == h_2

# 3: whatever moves x beside τd: clipping, averaging, decay. A scaled loss and a cap are in f, g and τ themselves.
breaks = {"clip x", "average x", "weight decay"}
opt, x = MoMo(lr=0.1, beta=0.5, weight_decay=1.0), np.array([4.0])
x, state, first = opt.step(x, x, opt.init(x), loss=8.0)
second = opt.step(x, x, state, loss=x @ x / 2)[2]
recursion = 0.5 * (x @ x / 2) + 0.5 * (first.model_value - first.step_size * first.direction_norm_sq)
assert abs(second.model_value - recursion) > 0.1

# 4: ‖d‖² in the metric D⁻¹, for x^k = x^{k−1} − τ D⁻¹ d.
