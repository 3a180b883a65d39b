"""Answers to the exercises of notebook 01, for teachers."""

import numpy as np

import momoracle
from momoracle import MoMo

# 1: f/‖g‖² = (‖x‖²/2)/‖x‖².
tau_of_half_square = 0.5
x = np.array([3.0, 4.0, 5.0])
method = MoMo(lr=100.0, beta=0.0)
assert method.step(x, x, method.init(x), loss=x @ x / 2)[2].step_size == tau_of_half_square

# 2: no step is taken below the floor; a run may jump below it once and then stands still.
tau_below_the_floor = 0
x = np.array([1.0])
method = MoMo(lr=100.0, beta=0.0, lower_bound=1.0)
assert method.step(x, x, method.init(x), loss=0.5)[2].step_size == tau_below_the_floor


# 3
class MySGD:
    def start(self, params, lr):
        self.params, self.lr, self.k = params, lr, 0

    def step(self, grads, loss):
        self.params = [x - self.lr * g for x, g in zip(self.params, grads)]
        return self.params


assert momoracle.check(MySGD, "sgd").verdict == "conforms"

# 4: ‖x⁺ − x*‖² = ‖x − x*‖² − 2τ<g, x − x*> + τ²‖g‖² ≤ ‖x − x*‖² − 2τ(f − f*) + τ(f − f*). The notebook checks it.
