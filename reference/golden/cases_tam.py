"""Cases of torque-aware methods, as TAM: gradients at chosen angles to the momentum."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from momoracle.reference.golden.cases import Case, Maker


def torque_cases(make: Maker) -> Iterator[Case]:
    """Yield the cases of the torque-aware methods."""
    start, along, across = [[0.5, -0.25]], [0.6, 0.8], [-0.8, 0.6]

    def sequence(name: str, comment: str, flag: str, grads: list[list[float]], **chosen: Any) -> Case:
        return make.prescribe(name, comment, [flag], start, [1.0] * len(grads), [[g] for g in grads], lr=0.1, **chosen)

    # Where a cosine is exactly 1, γ is dyadic: else (1 + ŝ)/2 can lie exactly halfway between two float64.
    opposite = [-z for z in along]
    yield sequence("parallel", "the same gradient every step", "parallel", [along] * 6, gamma=0.875)
    yield sequence(
        "antiparallel", "a large gradient, then small ones against it", "antiparallel", [[6.0, 8.0]] + [opposite] * 5
    )
    yield sequence(
        "alternating",
        "a gradient that changes its sign",
        "antiparallel",
        [[1.8, 2.4]] + [opposite, along] * 3,
        gamma=0.875,
    )
    yield sequence("orthogonal", "right angles in turn", "orthogonal", [along, across] * 3)
    yield sequence("memory", "agreement, then opposition, γ = 1/2", "memory", [along] * 4 + [opposite] * 3, gamma=0.5)
    yield sequence(
        "no-memory",
        "γ = 0: the damping of this step's angle alone",
        "memory",
        [along, across, along, opposite, along],
        gamma=0.0,
    )
    yield make.draw("memory-drawn", "γ = 3/4", ["memory"], lr=0.1, gamma=0.75, steps=8)
    signs = np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    yield make.prescribe(
        "matrix",
        "a matrix whose columns agree and oppose",
        ["orthogonal"],
        [0.5 * signs],
        [1.0] * 4,
        [[signs], [signs * [1.0, -1.0]], [signs * [[1.0], [1.0], [-1.0]]], [-signs]],
        lr=0.1,
    )
    yield make.prescribe(
        "two-angles",
        "one tensor agrees, the other opposes",
        ["several_tensors"],
        [along, across],
        [1.0] * 4,
        [[along, across], [along, [0.4, -0.3]], [along, [0.4, -0.3]], [across, along]],
        lr=0.1,
        gamma=0.875,
    )
    yield make.draw("damped-eps", "ε that a damped gradient keeps", ["large_eps"], lr=0.1, eps=0.5, gamma=0.0)
