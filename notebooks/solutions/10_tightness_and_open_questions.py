"""Answers to the exercises of notebook 10, for teachers."""

import numpy as np

from momoracle.convergence.problems.adversary import largest_gap
from momoracle.convergence.tightness import ratio_of

# 1: G D/√K, attained.
gap = 0.2
assert np.isclose(largest_gap(0.0, 25, each_step=False).gap, gap, rtol=1e-9)

# 2: (1/(1−β)) / (1/√(1−β²)).
factor = 4.36
assert abs(factor - np.sqrt(1 - 0.9**2) / (1 - 0.9)) < 0.05

# 3: two gradients nearly opposed in their second entry, and a third between them.
angles = [1.0, -1.0, 0.2]
vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
ratio, _ = ratio_of("drawn", 0.5, 4, vectors, 4096, 1)
assert ratio > 0.30, ratio

# 4 is open.
