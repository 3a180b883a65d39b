"""Lemmas of the momentum model on the code itself: exactly over rationals, within derived bounds over floats."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support.runs import Problem, Step, objects, rational, slack, steps_of, with_bounds

from momoracle import SGDM, Adam, MoMo, MoMoAdam

ENTRIES = 4
HALF = Fraction(1, 2)
#: an orthogonal map that is exact on short binary fractions
HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
ROTATION = np.array([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]])

entries = st.builds(Fraction, st.integers(-96, 96), st.just(32))
vectors = st.lists(entries, min_size=ENTRIES, max_size=ENTRIES).map(lambda v: np.array(v, dtype=object))
losses = st.builds(Fraction, st.integers(0, 200), st.just(32))
count = 3
problems = st.builds(
    lambda x, g, f: Problem([x], [[v] for v in g], f),
    vectors,
    st.lists(vectors, min_size=count, max_size=count),
    st.lists(losses, min_size=count, max_size=count),
)
settings = st.fixed_dictionaries(
    {"lr": st.sampled_from([0.125, 1.0, 64.0]), "beta": st.sampled_from([0.0, 0.5, 0.875])},
    optional={"bias_correction": st.just(True), "lower_bound": st.sampled_from([-1.0, 0.5])},
)
adam_settings = st.fixed_dictionaries(  # β₂ = 0: the root is rational
    {"lr": st.sampled_from([0.125, 2.0]), "beta1": st.sampled_from([0.0, 0.5]), "eps": st.just(0.5)},
    optional={"lower_bound": st.sampled_from([-1.0, 0.5])},
)


def exactly(method: Any, problem: Problem) -> list[Step]:
    return steps_of(method, problem.mapped(rational))


def changed(problem: Problem, entry: Callable[[Any], Any], grad: Callable[[Any], Any] | None = None) -> Problem:
    """Return the problem in other coordinates: points and (unless told otherwise) gradients as arrays are mapped."""
    grad = grad or entry
    return Problem([entry(x) for x in problem.params], [[grad(g) for g in s] for s in problem.grads], problem.losses)


def same_points(a: list[Step], b: list[Step], entry: Callable[[Any], Any] = lambda x: x) -> None:
    for one, other in zip(a, b, strict=True):
        assert one.trace.step_size == other.trace.step_size
        for x, y in zip(one.params, other.params, strict=True):
            assert entry(x).tolist() == y.tolist()


@given(problem=problems, given_settings=settings, shift=entries)
def test_m3_a_constant_added_to_losses_and_lower_bound(problem: Problem, given_settings: Any, shift: Fraction) -> None:
    low = rational(given_settings.get("lower_bound", 0.0))
    shifted = MoMo(**{**given_settings, "lower_bound": low + shift})
    moved = problem._replace(losses=[f + shift for f in problem.losses])
    same_points(exactly(MoMo(**given_settings), problem), exactly(shifted, moved))


@given(problem=problems, given_settings=settings, by=vectors, estimating=st.booleans())
def test_m3_translated_coordinates(problem: Problem, given_settings: Any, by: Any, estimating: bool) -> None:
    method = MoMo(**given_settings, estimate_lower_bound=estimating)
    moved = changed(problem, lambda x: x + by, lambda g: g)
    same_points(exactly(method, problem), exactly(method, moved), lambda x: x + by)


@given(problem=problems, given_settings=adam_settings, by=vectors, shift=entries)
def test_m3_translation_and_shift_of_momo_adam(problem: Problem, given_settings: Any, by: Any, shift: Fraction) -> None:
    low = rational(given_settings.get("lower_bound", 0.0))
    method = MoMoAdam(**given_settings, beta2=0.0)
    shifted = MoMoAdam(**{**given_settings, "lower_bound": low + shift}, beta2=0.0)
    moved = changed(problem, lambda x: x + by, lambda g: g)._replace(losses=[f + shift for f in problem.losses])
    same_points(exactly(method, problem), exactly(shifted, moved), lambda x: x + by)


@given(problem=problems, given_settings=settings, estimating=st.booleans())
def test_m3_orthogonal_maps(problem: Problem, given_settings: Any, estimating: bool) -> None:
    def turn(x: Any) -> Any:
        return np.concatenate([ROTATION @ x[:2], ROTATION.T @ x[:1:-1]])

    method = MoMo(**given_settings, estimate_lower_bound=estimating)
    same_points(exactly(method, problem), exactly(method, changed(problem, turn)), turn)


@given(
    problem=problems,
    given_settings=settings,
    c=st.sampled_from([Fraction(1, 7), Fraction(5)]),
    estimating=st.booleans(),
)
def test_m3_scaled_losses(problem: Problem, given_settings: Any, c: Fraction, estimating: bool) -> None:
    low, lr = (rational(given_settings.get(name, 0.0)) for name in ("lower_bound", "lr"))
    scaled = {**given_settings, "lower_bound": low * c, "lr": lr / c, "estimate_lower_bound": estimating}
    ours = exactly(MoMo(**given_settings, estimate_lower_bound=estimating), problem)
    other = changed(problem, lambda x: x, lambda g: g * c)._replace(losses=[f * c for f in problem.losses])
    for a, b in zip(ours, exactly(MoMo(**scaled), other), strict=True):
        assert a.trace.step_size == b.trace.step_size * c
        assert a.params[0].tolist() == b.params[0].tolist()


CHANGES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "translated": (lambda x: x + 40, lambda g: g),
    "turned": (lambda x: HADAMARD @ x, lambda g: HADAMARD @ g),
    "split": (lambda x: x, lambda g: g),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(problem=problems, given_settings=settings)
def test_m3_in_floats_within_the_derived_bound(change: str, dtype: str, problem: Problem, given_settings: Any) -> None:
    point, grad = CHANGES[change]
    method = MoMo(**given_settings)
    problem = problem.astype(dtype)
    other = changed(problem, point, grad).astype(dtype)
    if change == "split":
        other = Problem(cut(problem.params[0]), [cut(g[0]) for g in problem.grads], problem.losses)
    bounds: Any = [with_bounds(method, p, dtype) for p in (problem, other)]
    assume(None not in bounds)
    for a, b, here, there in zip(steps_of(method, problem), steps_of(method, other), *bounds, strict=True):
        expected = point(a.params[0])
        got = np.concatenate([x.reshape(-1) for x in b.params])
        # A turn sums four entries and translation adds one rounding: their errors come to at most the sum of all.
        total = 2 * sum(slack(z, dtype) for z in here["params"]) + 40 * np.finfo(dtype).eps
        for y, z, bound in zip(got, expected, there["params"], strict=True):
            assert abs(float(y) - float(z)) <= total + slack(bound, dtype)


def cut(x: Any) -> list[Any]:
    return [x[:1].reshape(()), x[1:1], x[1:3].reshape(1, 2), x[3:]]


@given(problem=problems, given_settings=settings, estimating=st.booleans(), decay=st.sampled_from([0.0, 0.25]))
def test_one_vector_cut_into_tensors_is_the_same(
    problem: Problem, given_settings: Any, estimating: bool, decay: float
) -> None:
    method = MoMo(**given_settings, estimate_lower_bound=estimating, weight_decay=decay)
    pieces = Problem(cut(problem.params[0]), [cut(g[0]) for g in problem.grads], problem.losses)
    for a, b in zip(exactly(method, problem), exactly(method, pieces), strict=True):
        assert a.entries() == b.entries()


@given(problem=problems, given_settings=settings)
@example(  # every branch of the induction: a second gradient against the first
    problem=Problem(
        [objects(np.zeros(4), rational)], [[objects(np.full(4, s), rational)] for s in (1, -1, 1)], [1, 1, 1]
    ),
    given_settings={"lr": 1.0, "beta": 0.5},
)
def test_m4_the_untruncated_identity(problem: Problem, given_settings: Any) -> None:
    low = rational(given_settings.get("lower_bound", 0.0))
    beta, corrected = rational(given_settings["beta"]), given_settings.get("bias_correction", False)
    problem = problem._replace(losses=[f + low for f in problem.losses])  # f_j ≥ f_*
    for lr in (Fraction(10) ** 40, rational(given_settings["lr"])):
        capped = False
        for k, step in enumerate(exactly(MoMo(**{**given_settings, "lr": lr}), problem)):
            t = step.trace
            gap = t.model_value - t.weight_sum * low
            weight = 1 if k == 0 and not corrected else 1 - beta
            least = weight * (problem.losses[k] - low)
            assert gap >= least
            if not capped:
                assert gap == least
            # From a capped step on (or one without direction) the identity is only the inequality.
            capped = capped or t.step_size * t.direction_norm_sq != gap


@pytest.mark.parametrize("adam", [False, True])
@given(data=st.data(), problem=problems)
def test_m11_the_model_value_obeys_a_recursion_without_x(adam: bool, data: st.DataObject, problem: Problem) -> None:
    chosen: dict[str, Any] = data.draw(adam_settings if adam else settings)
    method = MoMoAdam(**chosen, beta2=0.0, estimate_lower_bound=data.draw(st.booleans())) if adam else MoMo(**chosen)
    beta = rational(chosen["beta1" if adam else "beta"])
    path = exactly(method, problem)
    corrected = adam or chosen.get("bias_correction", False)
    assert path[0].trace.model_value == (1 - beta if corrected else 1) * problem.losses[0]
    for f, before, after in zip(problem.losses[1:], path, path[1:], strict=False):
        left = before.trace.model_value - before.trace.step_size * before.trace.direction_norm_sq
        assert after.trace.model_value == (1 - beta) * f + beta * left


@given(problem=problems, lr=st.sampled_from([0.125, 2.0]))
def test_m1_without_momentum_the_step_is_polyak_s_capped(problem: Problem, lr: float) -> None:
    for f, (g,), step in zip(problem.losses, problem.grads, exactly(MoMo(lr=lr, beta=0.0), problem), strict=True):
        norm_sq = sum(g * g)
        assert step.trace.step_size == (min(Fraction(lr), max(f, Fraction(0)) / norm_sq) if norm_sq else 0)


@given(problem=problems, lr=st.sampled_from([0.125, 2.0]), beta=st.sampled_from([0.0, 0.5, 0.75]))
def test_m1_without_a_lower_bound_momo_is_sgdm_and_momo_adam_is_adam(problem: Problem, lr: float, beta: float) -> None:
    momo = exactly(MoMo(lr=lr, beta=beta, lower_bound=-np.inf, bias_correction=True), problem)
    # SGDM sums what MoMo averages, and divides by ρ_k: the schedule turns one into the other.
    sgdm = exactly(
        SGDM(lr=lambda k: Fraction(lr) * (1 - Fraction(beta)) / (1 - Fraction(beta) ** k), beta=beta), problem
    )
    adam = exactly(Adam(lr=lr, beta1=beta, beta2=0.0, eps=0.5), problem)
    momo_adam = exactly(MoMoAdam(lr=lr, beta1=beta, beta2=0.0, eps=0.5, lower_bound=-np.inf), problem)
    for ours, theirs in ((momo, sgdm), (momo_adam, adam)):
        assert [s.params[0].tolist() for s in ours] == [s.params[0].tolist() for s in theirs]
