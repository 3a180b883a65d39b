"""What a step promises: purity, the structure and dtype of results, states that can be saved, results in place."""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import METHODS, Problem, Step, bits, random_problem, steps_of

from momoracle import SGD, SGDM, TAM, MoMo, MoMoAdam, WarmUp, transfer_lr
from momoracle.reference import ALGORITHMS, Method

SHAPES = [(3,), (), (2, 2), (0,), (1, 3)]
LONG = [(9000,), (2, 8200)]  # more than one tile

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def read_only(problem: Problem) -> Problem:
    for array in [*problem.params, *(g for step in problem.grads for g in step)]:
        array.flags.writeable = False
    return problem


def frozen(value: Any) -> Any:
    """Make every array of a state read-only, and return the state."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, (list, tuple)):
        for item in value:
            frozen(item)
    return value


def same_steps(a: list[Step], b: list[Step]) -> None:
    assert bits([list(step) for step in a]) == bits([list(step) for step in b])


def test_every_algorithm_is_among_the_methods_tested() -> None:
    assert {type(method) for method in METHODS.values()} == set(ALGORITHMS.values())


@every_method
@pytest.mark.parametrize("shapes", [SHAPES, LONG], ids=["small", "long"])
def test_nothing_passed_in_changes(method: Method, shapes: list[tuple[int, ...]]) -> None:
    problem = read_only(random_problem(shapes))
    params, state = problem.params, frozen(method.init(problem.params))
    for grads, loss in zip(problem.grads, problem.losses, strict=True):
        before = bits([params, grads, list(state)])
        new_params, new_state, trace = method.step(params, grads, state, loss)
        assert bits([params, grads, list(state)]) == before
        for old in [*params, *grads, *(array for name in state.tensors for array in getattr(state, name))]:
            assert not any(old.size and np.shares_memory(old, new) for new in new_params)
            assert not any(old.size and np.shares_memory(old, new) for new in Step(0, new_state, trace).entries())
        params, state = frozen(new_params), frozen(new_state)


@every_method
def test_a_run_repeats_bit_by_bit(method: Method) -> None:
    same_steps(steps_of(method, random_problem(SHAPES)), steps_of(method, random_problem(SHAPES)))


def through_npz(state: Any) -> Any:
    """Write a state's fields to one archive and read them back, as a user without pickles would."""
    file, fields = io.BytesIO(), {}
    for name, value in state._asdict().items():
        parts = value if isinstance(value, list) else [value]
        fields |= {f"{name}:{i}": part for i, part in enumerate(parts) if part is not None}
    np.savez(file, allow_pickle=False, **fields)
    file.seek(0)
    with np.load(file) as saved:
        back = {}
        for name, value in state._asdict().items():
            if isinstance(value, list):
                back[name] = [restored(saved[f"{name}:{i}"], part) for i, part in enumerate(value)]
            else:
                back[name] = None if value is None else restored(saved[f"{name}:0"], value)
    return type(state)(**back)


def restored(saved: Any, like: Any) -> Any:
    return saved if isinstance(like, np.ndarray) else type(like)(saved)


@every_method
@pytest.mark.parametrize("save", [lambda s: pickle.loads(pickle.dumps(s)), through_npz], ids=["pickle", "npz"])
def test_a_state_saved_mid_run_continues_bit_by_bit(method: Method, save: Callable[[Any], Any]) -> None:
    problem = random_problem(SHAPES)
    expected = steps_of(method, problem)
    params, state = problem.params, method.init(problem.params)
    for grads, loss, step in zip(problem.grads, problem.losses, expected, strict=True):
        params, state, _ = pickle.loads(pickle.dumps(method)).step(params, grads, save(state), loss)
        assert bits([params, list(state)]) == bits([step.params, list(step.state)])


@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("shapes", [SHAPES, LONG], ids=["small", "long"])
def test_results_in_place_are_the_pure_ones(method: Method, dtype: str, shapes: list[tuple[int, ...]]) -> None:
    problem = random_problem(shapes, dtype=dtype)
    expected = steps_of(method, problem)
    params, state = [x.copy() for x in problem.params], method.init(problem.params)
    other = [np.full_like(x, 7) for x in params], method.init(params)
    for k, (grads, loss) in enumerate(zip(problem.grads, problem.losses, strict=True)):
        given_arrays = bits(grads)
        target = (params, state) if k % 2 else other
        owned = [*target[0], *(a for name in state.tensors for a in getattr(target[1], name))]
        new_params, new_state, trace = method.step(params, grads, state, loss, out=target)
        assert bits([new_params, list(new_state), list(trace)]) == bits(list(expected[k]))
        assert bits(grads) == given_arrays
        written = [*new_params, *(a for name in state.tensors for a in getattr(new_state, name))]
        assert all(a is b for a, b in zip(written, owned, strict=True))
        if target is other:
            other = params, state
        params, state = new_params, new_state


VIEWS: dict[str, Callable[[Any], Any]] = {
    "every second entry": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: x[..., ::-1].copy()[..., ::-1],
    "Fortran order": np.asfortranarray,
    "transposed": lambda x: x.T.copy().T,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape),
}


@every_method
@pytest.mark.parametrize("view", VIEWS)
def test_how_an_array_lies_in_memory_changes_nothing_but_rounding(method: Method, view: str) -> None:
    problem = random_problem([(5,), (3, 4), (2, 3, 2)])
    seen = Problem(
        [VIEWS[view](x) for x in problem.params], [[VIEWS[view](g) for g in s] for s in problem.grads], problem.losses
    )
    for a, b in zip(steps_of(method, problem), steps_of(method, seen), strict=True):
        for x, y in zip(a.params, b.params, strict=True):
            assert x.shape == y.shape
            # Only the order of sums differs: 29 terms in each of three products, four steps; entries below 8.
            np.testing.assert_allclose(y, x, rtol=0, atol=4 * 3 * 29 * 8 * 2.0**-52)


@every_method
def test_list_tuple_and_single_array_agree(method: Method) -> None:
    problem = random_problem([(5,)])
    single = Problem(problem.params[0], [step[0] for step in problem.grads], problem.losses)
    pairs = Problem(tuple(problem.params), [tuple(step) for step in problem.grads], problem.losses)
    for listed, alone, tupled in zip(*(steps_of(method, p) for p in (problem, single, pairs)), strict=True):
        assert isinstance(alone.params, np.ndarray)
        assert bits(listed.params) == bits([alone.params]) == bits(tupled.params)
        assert bits(list(listed.quantities().values())) == bits(list(alone.quantities().values()))


@every_method
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_dtypes_of_results(method: Method, dtype: str) -> None:
    kept = np.result_type(dtype, "float32")
    for step in steps_of(method, random_problem(SHAPES, dtype=dtype)):
        assert all(x.dtype == dtype for x in step.params)
        for part in (step.state, step.trace):
            for name, value in part._asdict().items():
                if name in part.tensors:
                    assert all(array.dtype == kept for array in value)
                elif name not in ("step", "replicas"):
                    assert {type(z) for z in (value if isinstance(value, list) else [value])} == {float}


@every_method
def test_tensors_of_several_dtypes_keep_theirs(method: Method) -> None:
    problem = random_problem([(3,), (2,), (2, 2)])
    dtypes = ["float32", "float64", "float16"]
    mixed = [[x.astype(d) for x, d in zip(s, dtypes, strict=True)] for s in (problem.params, *problem.grads)]
    for step in steps_of(method, Problem(mixed[0], mixed[1:], problem.losses)):
        assert [str(x.dtype) for x in step.params] == dtypes


@every_method
def test_a_callable_learning_rate_gets_the_step_number(method: Method) -> None:
    seen = []

    def lr(k: int) -> float:
        seen.append(k)
        return 0.5 / k

    problem = random_problem([(3,), (2,)], 5)
    scheduled = type(method)(**{**vars(method), "lr": lr})
    path = steps_of(scheduled, problem)
    assert seen == [1, 2, 3, 4, 5]
    params, state = problem.params, method.init(problem.params)
    for k, step in enumerate(path, 1):
        constant = type(method)(**{**vars(method), "lr": 0.5 / k})
        params, state, _ = constant.step(params, problem.grads[k - 1], state, problem.losses[k - 1])
        assert bits(params) == bits(step.params)


@given(steps=st.integers(0, 5))
def test_warm_up_hands_its_momentum_over(steps: int) -> None:
    tam, sgdm = TAM(lr=transfer_lr(0.1), weight_decay=0.1), SGDM(lr=lambda k: 0.1 / k, weight_decay=0.1)
    problem = random_problem([(3,), (2, 2)], 5)
    path = steps_of(WarmUp(tam, sgdm, steps), problem)
    same_steps(path[:steps], steps_of(tam, problem)[:steps])
    state = sgdm.init(problem.params)
    params = problem.params
    if steps:
        params, state = path[steps - 1].params, state._replace(step=steps, momentum=path[steps - 1].state.momentum)
    for k in range(steps, 5):
        params, state, _ = sgdm.step(params, problem.grads[k], state)
        assert bits([params, state.momentum]) == bits([path[k].params, path[k].state.momentum])
        assert path[k].state.step == k + 1


def test_learning_rate_transfer_matches_the_effective_rates() -> None:
    assert transfer_lr(0.1) == 0.2
    assert transfer_lr(0.1, damping=1.0) == 0.1
    g, beta, settled = np.array([1.0]), 0.5, 60
    problem = Problem([np.zeros(1)], [[g]] * settled, [1.0] * settled)
    tam = steps_of(TAM(lr=transfer_lr(0.1, 1.0), beta=beta, gamma=0.0, eps=0.0), problem)
    sgdm = steps_of(SGDM(lr=0.1, beta=beta), problem)
    steps = [path[-1].params[0] - path[-2].params[0] for path in (tam, sgdm)]
    np.testing.assert_allclose(*steps, rtol=0, atol=8 * 12 * 2.0**-52)  # a constant gradient is damped by 1 in the end


def test_a_zero_direction_stops_momo() -> None:
    zero, x = np.zeros(3), np.array([1.0, 2.0, 3.0])
    for method in (MoMo(), MoMo(lower_bound=-np.inf), MoMo(estimate_lower_bound=True), MoMoAdam(), MoMoAdam(eps=0.5)):
        moved, _, trace = method.step(x, zero, method.init(x), loss=1.0)
        assert trace.step_size == 0.0
        assert bits(moved) == bits(x)


def test_no_step_shares_memory_with_its_trace_s_future() -> None:
    x = np.array([1.0])
    opt = SGD(lr=0.5)
    first, state, _ = opt.step(x, x, opt.init(x))
    second, _, _ = opt.step(first, x, state)
    assert (first.tolist(), second.tolist()) == ([0.5], [0.0])
