"""What every method promises around its formula: purity, resumption, ``out`` and layouts."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from support.runs import METHODS, Problem, bits, random_problem, steps_of

from momoracle.reference import Method

SHAPES = [(3,), (), (2, 2), (0,)]
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])


def read_only(problem: Problem) -> Problem:
    for array in [*problem.params, *(g for step in problem.grads for g in step)]:
        array.setflags(write=False)
    return problem


@every_dtype
@every_method
def test_nothing_passed_in_changes(method: Method, dtype: str) -> None:
    problem = read_only(random_problem(SHAPES, dtype=dtype))
    params, state = problem.params, method.init(problem.params)
    for grads, loss in zip(problem.grads, problem.losses, strict=True):
        before = bits([params, grads, list(state)])
        for name in set(method.tensors) & set(state._fields):
            for array in getattr(state, name):
                array.setflags(write=False)
        new_params, new_state, _ = method.step(params, grads, state, loss)
        assert bits([params, grads, list(state)]) == before
        params, state = new_params, new_state


@every_method
def test_results_share_no_memory_with_what_was_passed_in(method: Method) -> None:
    problem = random_problem(SHAPES)
    state = method.init(problem.params)
    params, new, _ = method.step(problem.params, problem.grads[0], state, 1.0)
    inputs = [*problem.params, *problem.grads[0], *(a for n in method._kept for a in getattr(state, n))]
    for array in [*params, *(a for n in method._kept for a in getattr(new, n))]:
        assert not any(np.shares_memory(array, other) for other in inputs)


@pytest.mark.parametrize("replicas", [None, 2])
@every_method
def test_a_saved_run_goes_on_as_if_it_had_not_stopped(method: Method, replicas: int | None) -> None:
    problem = random_problem([(2, 3), (2,)], 4)
    path = steps_of(method, problem, replicas)
    params, state = pickle.loads(pickle.dumps((path[1].params, path[1].state)))
    revived = pickle.loads(pickle.dumps(method))
    assert revived == method
    for k in (2, 3):
        params, state, trace = revived.step(params, problem.grads[k], copy.deepcopy(state), problem.losses[k])
        assert bits([params, list(state), list(trace)]) == bits(
            [path[k].params, list(path[k].state), list(path[k].trace)]
        )


@pytest.mark.parametrize("replicas", [None, 2])
@pytest.mark.parametrize("shapes", [[(2, 3), (2,)], [(2, 20000)]], ids=["small", "tiles"])
@every_dtype
@every_method
def test_out_receives_the_pure_result(method: Method, dtype: str, shapes: Any, replicas: int | None) -> None:
    problem = random_problem(shapes, 3, dtype)
    path = steps_of(method, problem, replicas)
    into_params, into = copy.deepcopy((problem.params, method.init(problem.params, replicas)))  # another memory
    params, state = copy.deepcopy(problem.params), method.init(problem.params, replicas)  # in place
    for k, step in enumerate(path):
        before = path[k - 1] if k else None
        old = (
            (problem.params, method.init(problem.params, replicas)) if before is None else (before.params, before.state)
        )
        fresh = method.step(old[0], problem.grads[k], old[1], problem.losses[k], out=(into_params, into))
        assert all(a is b for a, b in zip(fresh[0], into_params, strict=True))
        kept = copy.deepcopy(fresh)
        arrays = params
        params, state, trace = method.step(params, problem.grads[k], state, problem.losses[k], out=(params, state))
        assert all(a is b for a, b in zip(params, arrays, strict=True))
        pure = bits([step.params, list(step.state), list(step.trace)])
        assert bits([kept[0], list(kept[1]), list(kept[2])]) == pure
        assert bits([params, list(state), list(trace)]) == pure


def strided(array: Any) -> Any:
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


LAYOUTS = [strided, np.asfortranarray, lambda a: a[::-1, ::-1].copy()[::-1, ::-1]]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("replicas", [None, 4])
@every_method
def test_the_layout_in_memory_changes_rounding_at_most(method: Method, layout: Any, replicas: int | None) -> None:
    for a, b in zip(*in_layouts(method, layout, replicas), strict=True):
        for name, values in a.entries().items():
            # a dozen terms of order one in another order; a quotient of such sums may magnify that
            np.testing.assert_allclose(b.entries()[name], values, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("replicas", [None, 4])
def test_the_layout_in_memory_does_not_matter(replicas: int | None) -> None:
    for method in METHODS.values():
        for layout in LAYOUTS:
            for a, b in zip(*in_layouts(method, layout, replicas), strict=True):
                assert bits(list(a.quantities().values())) == bits(list(b.quantities().values()))


def in_layouts(method: Method, layout: Any, replicas: int | None) -> Any:
    problem = random_problem([(4, 3)], 3)
    other = Problem(
        [layout(x) for x in problem.params], [[layout(g) for g in s] for s in problem.grads], problem.losses
    )
    return steps_of(method, problem, replicas), steps_of(method, other, replicas)


@every_method
def test_one_array_is_a_list_of_one(method: Method) -> None:
    problem = random_problem([(2, 2)], 3)
    params, state, path = problem.params[0], method.init(problem.params[0]), steps_of(method, problem)
    for (grad,), loss, step in zip(problem.grads, problem.losses, path, strict=True):
        params, state, trace = method.step(params, grad, state, loss)
        assert bits(params) == bits(step.params[0])
        for ours, theirs in ((state, step.state), (trace, step.trace)):
            for name in ours._fields:
                listed = getattr(theirs, name)
                assert bits(getattr(ours, name)) == bits(listed[0] if isinstance(listed, list) else listed)
