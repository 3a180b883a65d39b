"""What every method promises around its formula: purity, replicas, resumption, ``out``, layouts, dtypes, schedules."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from runs import METHODS, Problem, assert_same_replica, bits, random_problem, stacked, steps_of

from momoracle import SGDM, TAM, MoMo, MoMoAdam, WarmUp, transfer_lr
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
    given = [*problem.params, *problem.grads[0], *(a for n in method._kept() for a in getattr(state, n))]
    for array in [*params, *(a for n in method._kept() for a in getattr(new, n))]:
        assert not any(np.shares_memory(array, other) for other in given)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("shapes", [SHAPES, [(9000,), (3,)], [(40000,), ()]], ids=["small", "blocks", "tiles"])
@every_method
def test_replicas_are_a_loop_of_single_runs(method: Method, shapes: Any, dtype: str) -> None:
    # 24000 entries and more take another path through memory for three runs together than for one
    problems = [random_problem(shapes, 3, dtype, seed) for seed in (1, 2, 3)]
    alone = [steps_of(method, problem) for problem in problems]
    for k, step in enumerate(steps_of(method, stacked(problems), replicas=3)):
        for r in range(3):
            assert_same_replica(step, r, alone[r][k])


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e-44])
@every_method
def test_an_extreme_replica_in_float32(method: Method, scale: float) -> None:
    problems = [random_problem([(3,), ()], 3, "float32", seed) for seed in (1, 2)]
    with np.errstate(all="ignore"):
        far = [[np.asarray(g * scale, "float32") for g in step] for step in problems[1].grads]
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


@every_method
def test_one_loss_for_all_replicas_is_that_loss_for_each(method: Method) -> None:
    problem = stacked([random_problem([(2,)], 2, seed=seed) for seed in (1, 2)])
    one = steps_of(method, problem._replace(losses=[1.5, 0.5]), replicas=2)
    each = steps_of(method, problem._replace(losses=[np.full(2, 1.5), [0.5, 0.5]]), replicas=2)
    assert [bits(s.quantities()["params"]) for s in one] == [bits(s.quantities()["params"]) for s in each]


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


@pytest.mark.parametrize("layout", [strided, np.asfortranarray, lambda a: a[::-1, ::-1].copy()[::-1, ::-1]])
@pytest.mark.parametrize("replicas", [None, 4])
@every_method
def test_the_layout_in_memory_does_not_matter(method: Method, layout: Any, replicas: int | None) -> None:
    problem = random_problem([(4, 3)], 3)
    other = Problem(
        [layout(x) for x in problem.params], [[layout(g) for g in s] for s in problem.grads], problem.losses
    )
    for a, b in zip(steps_of(method, problem, replicas), steps_of(method, other, replicas), strict=True):
        assert a.entries() == b.entries() or bits(list(a.quantities().values())) == bits(list(b.quantities().values()))


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


@pytest.mark.parametrize("count", [6, 40000])
@every_method
def test_tensors_of_two_dtypes_keep_theirs(method: Method, count: int) -> None:
    for step in steps_of(method, mixed(count)):
        for name in ("params", *method.tensors):
            assert [array.dtype for array in step.quantities()[name]] == ["float32", "float64"], name


@every_method
def test_replicas_with_tensors_of_two_dtypes(method: Method) -> None:
    problems = [mixed(3), Problem(*mixed(3)).mapped(float).astype("float64")]
    problems[1] = Problem([x[::-1] for x in problems[0].params], problems[0].grads, problems[0].losses)
    alone = [steps_of(method, problem) for problem in problems]
    for k, step in enumerate(steps_of(method, stacked(problems), replicas=2)):
        for r in range(2):
            assert_same_replica(step, r, alone[r][k])


@every_method
def test_a_schedule_is_asked_for_the_steps_one_two_three(method: Method) -> None:
    asked = []

    def lr(k: int) -> float:
        asked.append(k)
        return 0.5**k

    problem = random_problem([(2,), ()], 3)
    fields = {name: getattr(method, name) for name in method.__dataclass_fields__}
    path = steps_of(type(method)(**{**fields, "lr": lr}), problem)
    assert asked == [1, 2, 3]
    assert all(type(k) is int for k in asked)
    state = path[0].state
    constant = type(method)(**{**fields, "lr": 0.25})
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


@pytest.mark.parametrize("name", ["lr", "beta", "lower_bound", "weight_decay"])
def test_a_hyperparameter_may_be_one_number_a_replica(name: str) -> None:
    problems = [random_problem([(3,)], 3, seed=seed) for seed in (1, 2)]
    values = np.array([0.25, 0.5])
    each = [steps_of(MoMo(**{name: float(v)}), p) for v, p in zip(values, problems, strict=True)]
    for k, step in enumerate(steps_of(MoMo(**{name: values}), stacked(problems), replicas=2)):
        for r in range(2):
            assert_same_replica(step, r, each[r][k])


def test_a_step_size_below_the_range_of_float32_still_moves_the_parameters() -> None:
    x, g = np.zeros(1, "float32"), np.full(1, 1e30, "float32")
    moved, _, trace = MoMo(lr=1.0, beta=0.0).step(x, g, MoMo(lr=1.0, beta=0.0).init(x), loss=1e25)
    assert moved[0] == pytest.approx(-1e-5, rel=1e-6)  # τ = 1e-35: a subnormal neighbourhood that keeps too few digits
    moved, _, _ = MoMoAdam(lr=1.0).step(x, g / 1e15, MoMoAdam(lr=1.0).init(x), loss=1e-20)
    assert np.isfinite(moved).all()
    assert trace.step_size == pytest.approx(1e-35)
