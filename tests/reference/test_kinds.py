"""Kinds of results, schedules, and what is built from methods: warm-up and learning-rate transfer."""

import dataclasses

import numpy as np
import pytest
from support.runs import METHODS, Problem, bits, random_problem, steps_of

from momoracle import SGDM, TAM, WarmUp, transfer_lr
from momoracle.reference import Method

SHAPES = [(3,), (), (2, 2), (0,)]
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])


@pytest.mark.parametrize("replicas", [None, 2])
@every_dtype
@every_method
def test_kinds_of_results(method: Method, dtype: str, replicas: int | None) -> None:
    problem = random_problem([(2, 3), (2,)], 2, dtype)
    step = steps_of(method, problem, replicas)[-1]
    assert (step.state.step, step.state.replicas) == (2, replicas)
    for name, values in step.quantities().items():
        for value in values:
            if name == "params":
                assert value.dtype == dtype
            elif name in method.tensors:
                assert value.dtype == np.result_type(dtype, "float32")
            elif replicas is None:
                assert type(value) is float
            else:
                assert (type(value), value.dtype, value.shape) == (np.ndarray, np.float64, (2,))


def mixed(count: int) -> Problem:
    one, other = random_problem([(count,)], 3, "float32"), random_problem([(count,)], 3, seed=2)
    pairs = [[*a, *b] for a, b in zip(one.grads, other.grads, strict=True)]
    return Problem([*one.params, *other.params], pairs, one.losses)


def check_dtypes(method: Method, count: int) -> None:
    for step in steps_of(method, mixed(count)):
        for name in ("params", *method.tensors):
            assert [array.dtype for array in step.quantities()[name]] == ["float32", "float64"], name


@pytest.mark.parametrize("count", [6, 40000])
@every_method
def test_tensors_of_two_dtypes_keep_theirs(method: Method, count: int) -> None:
    check_dtypes(method, count)


@every_method
def test_a_schedule_is_asked_for_the_steps_one_two_three(method: Method) -> None:
    asked = []

    def lr(k: int) -> float:
        asked.append(k)
        return 0.5**k

    problem = random_problem([(2,), ()], 3)
    path = steps_of(dataclasses.replace(method, lr=lr), problem)
    assert asked == [1, 2, 3]
    assert all(type(k) is int for k in asked)
    state = path[0].state
    constant = dataclasses.replace(method, lr=0.25)
    again = constant.step(path[0].params, problem.grads[1], state, problem.losses[1])
    assert bits(again[0]) == bits(path[1].params)


@pytest.mark.parametrize("replicas", [None, 2])
@pytest.mark.parametrize("steps", [0, 2, 9])
def test_warm_up_is_tam_then_sgdm_from_its_momentum(steps: int, replicas: int | None) -> None:
    tam, sgdm, problem = TAM(lr=0.2), SGDM(lr=0.1, beta=0.8, weight_decay=0.1), random_problem([(2, 3), (2,)], 4)
    path = steps_of(WarmUp(tam, sgdm, steps), problem, replicas)
    params, state = problem.params, tam.init(problem.params, replicas)
    m = state.momentum
    for k, step in enumerate(path):
        if k < steps:
            params, state, trace = tam.step(params, problem.grads[k], state)
            m = state.momentum
        else:
            heavy = sgdm.init(params, replicas)._replace(step=k, momentum=m)
            params, heavy, trace = sgdm.step(params, problem.grads[k], heavy)
            m = heavy.momentum
        assert bits([step.params, step.state.momentum, list(step.trace)]) == bits([params, m, list(trace)])
        assert step.state.step == k + 1


def test_learning_rate_transfer() -> None:
    assert (transfer_lr(0.25), transfer_lr(0.25, 1), transfer_lr(0.25, 0.25)) == (0.5, 0.25, 1.0)
