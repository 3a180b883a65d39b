"""An ensemble is a loop of single runs, bit by bit."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import METHODS, Problem, assert_same_replica, random_problem, stacked, steps_of

from momoracle import SGDM, TAM, Adam, MoMoAdam, WarmUp
from momoracle.reference import Method

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
SHAPES: dict[str, list[tuple[int, ...]]] = {
    "several": [(3,), (), (2, 2)],
    "one": [(4,)],
    "scalars": [()],
    "empty": [(0,), (2,)],
    "more than a tile": [(9000,), (3,)],
    "two tiles and a bit": [(2, 8200)],
}


def check(method: Any, problems: list[Problem], singles: list[Any] | None = None) -> None:
    alone = [steps_of(m, p) for m, p in zip(singles or [method] * len(problems), problems, strict=True)]
    for k, step in enumerate(steps_of(method, stacked(problems), replicas=len(problems))):
        for r, run in enumerate(alone):
            assert_same_replica(step, r, run[k])


@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("shapes", SHAPES)
def test_a_loop_of_single_runs(method: Method, dtype: str, shapes: str) -> None:
    check(method, [random_problem(SHAPES[shapes], 3, dtype, seed) for seed in range(3)])


@every_method
@pytest.mark.parametrize("replicas", [1, 2, 100])
def test_any_number_of_runs(method: Method, replicas: int) -> None:
    check(method, [random_problem([(3,), (150,)], 2, seed=seed) for seed in range(replicas)])


@every_method
def test_tensors_of_several_dtypes(method: Method) -> None:
    def narrowed(problem: Problem) -> Problem:
        dtypes = ("float32", "float64", "float16")
        steps = [[x.astype(d) for x, d in zip(s, dtypes, strict=True)] for s in (problem.params, *problem.grads)]
        return Problem(steps[0], steps[1:], problem.losses)

    check(method, [narrowed(random_problem([(3,), (2,), (4,)], seed=seed)) for seed in range(3)])


@every_method
def test_one_loss_for_all_runs(method: Method) -> None:
    problems = [random_problem([(3,), (2,)], seed=seed) for seed in range(3)]
    problems = [p._replace(losses=problems[0].losses) for p in problems]
    together = stacked(problems)._replace(losses=problems[0].losses)
    for k, step in enumerate(steps_of(method, together, replicas=3)):
        for r, problem in enumerate(problems):
            assert_same_replica(step, r, steps_of(method, problem)[k])


@every_method
@given(seed=st.integers(0, 1000), zeros=st.lists(st.booleans(), min_size=3, max_size=3))
def test_runs_in_different_branches(method: Method, seed: int, zeros: list[bool]) -> None:
    problems = []
    for r, zero in enumerate(zeros):
        problem = random_problem([(2,), ()], 3, seed=seed + r)
        grads = [[g * (not zero) for g in step] for step in problem.grads]
        losses = [f * (-1.0) ** (seed + r) for f in problem.losses]
        problems.append(problem._replace(grads=[[np.asarray(g) for g in s] for s in grads], losses=losses))
    check(method, problems)


RANGES = {"lr": (0.01, 2), "eps": (1e-9, 0.01), "weight_decay": (0.0, 0.2), "lower_bound": (-1, 0.4)}
AVERAGING = ("beta", "beta1", "beta2", "gamma")


@every_method
def test_a_hyperparameter_may_differ_from_run_to_run(method: Method) -> None:
    draw, replicas = np.random.default_rng(3), 7
    # NumPy's power of an array and Python's of a number may differ in the last bit: weights are varied where the method
    # takes no power of them.
    powers = isinstance(method, (Adam, MoMoAdam)) or getattr(method, "bias_correction", False)
    varying = {*RANGES, *(() if powers else AVERAGING)}
    names = [f.name for f in dataclasses.fields(method) if f.name in varying]
    values = {name: draw.uniform(*RANGES.get(name, (0, 0.99)), replicas) for name in names}
    problems = [random_problem([(3,), (2, 2)], 12, seed=seed) for seed in range(replicas)]
    for varied in [*([name] for name in names), names]:
        together = dataclasses.replace(method, **{name: values[name] for name in varied})
        singles = [dataclasses.replace(method, **{n: float(values[n][r]) for n in varied}) for r in range(replicas)]
        check(together, problems, singles)


def test_a_schedule_may_differ_from_run_to_run() -> None:
    rates = np.array([0.1, 0.2, 0.3])
    problems = [random_problem([(3,)], seed=seed) for seed in range(3)]
    singles = [SGDM(lr=lambda k, r=r: float(rates[r]) / k) for r in range(3)]
    check(SGDM(lr=lambda k: rates / k), problems, singles)


def test_warm_up_of_an_ensemble() -> None:
    check(WarmUp(TAM(), SGDM(), 2), [random_problem([(3,), ()], seed=seed) for seed in range(3)])


@every_method
def test_results_in_place(method: Method) -> None:
    problem = stacked([random_problem([(3,), ()], seed=seed) for seed in range(3)])
    expected = steps_of(method, problem, replicas=3)
    params, state = [x.copy() for x in problem.params], method.init(problem.params, replicas=3)
    for grads, loss, step in zip(problem.grads, problem.losses, expected, strict=True):
        params, state, _ = method.step(params, grads, state, loss, out=(params, state))
        assert all((x == y).all() for x, y in zip(params, step.params, strict=True))


@every_method
def test_scalars_are_one_number_a_run(method: Method) -> None:
    for step in steps_of(method, stacked([random_problem([(3,), ()], seed=seed) for seed in range(4)]), replicas=4):
        assert step.state.replicas == 4
        for part in (step.state, step.trace):
            for name in set(part._fields) - set(method.tensors) - {"step", "replicas"}:
                value = getattr(part, name)
                for array in value if isinstance(value, list) else [value]:
                    assert (array.shape, array.dtype) == ((4,), np.float64)
