"""Replicas whose numbers leave the range of float32, beside others that do not."""

from typing import Any

import numpy as np
import pytest
from support.runs import METHODS, assert_same_replica, random_problem, stacked, steps_of

from momoracle import MoMo
from momoracle.reference import Method


def check(method: Method, scale: float, seeds: tuple[int, int]) -> None:
    problems = [random_problem([(3,), ()], 3, "float32", seed) for seed in seeds]
    far = [[np.asarray(g * np.float32(scale)) for g in step] for step in problems[1].grads]
    problems[1] = problems[1]._replace(grads=far)
    try:
        alone = [steps_of(method, problem) for problem in problems]
    except OverflowError:
        with pytest.raises(OverflowError):
            steps_of(method, stacked(problems), replicas=2)
        return
    for k, step in enumerate(steps_of(method, stacked(problems), replicas=2)):
        for r in range(2):
            assert_same_replica(step, r, alone[r][k])


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e-44])
@pytest.mark.parametrize("name", [name for name in METHODS if name != "momo"])
def test_an_extreme_run_is_what_it_is_alone(name: str, scale: float) -> None:
    check(METHODS[name], scale, (1, 2))


@pytest.mark.parametrize("scale", [1e-30, 1e-44])
def test_small_gradients_with_decay(scale: float) -> None:
    check(MoMo(weight_decay=0.1), scale, (1, 2))


def test_large_gradients_with_decay() -> None:
    for seed in range(20):
        check(MoMo(weight_decay=0.1), 1e30, (seed, seed + 100))


def test_a_tiny_step_size_moves_float32_parameters() -> None:
    x, g = np.zeros(1, "float32"), np.full(1, 1e30, "float32")
    opt: Any = MoMo(lr=1.0, beta=0.0)
    moved, _, trace = opt.step(x, g, opt.init(x), loss=1e20)
    assert trace.step_size == pytest.approx(1e-40, rel=1e-6)
    assert moved[0] == pytest.approx(-1e-10, rel=1e-6)
