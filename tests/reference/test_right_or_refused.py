"""Results are right or refused by name: narrow products, scalars beyond a dtype, shared buffers, faulty states."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from support.runs import METHODS, Problem, assert_same_replica, bits, random_problem, stacked, steps_of

from momoracle import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, MoMo, MoMoAdam
from momoracle.reference import Method
from momoracle.reference.numbers.floats import Floats
from momoracle.reference.numbers.roots import Vanished

LARGE = [8193, 20000, 70000]  # one block of products, several, and more than a tile


def step(method: Method, params: Any, grads: Any, loss: float = 1.0, **options: Any) -> tuple[Any, Any, Any]:
    return method.step(params, grads, method.init(params), loss, **options)


# -- products of many float32 entries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-38, 3e-24, 2.6e-23, 3e-22, 1e-21, 1e-10, 1.0, 1e15, 1e18, 3e19, 1e30])
@pytest.mark.parametrize("size", LARGE)
def test_a_norm_of_float32_entries_is_that_of_float64(size: int, scale: float) -> None:
    g = (np.random.default_rng(1).uniform(0.5, 1.5, size) * scale).astype("float32")
    x = np.zeros(size, "float32")
    _, _, narrow = step(MoMo(lr=1e300, beta=0.0), x, g)
    exact = sum(Fraction(float(z)) ** 2 for z in g)
    # float32 rounds each product once and each block's sum of 256; all else is float64
    assert abs(Fraction(narrow.direction_norm_sq) / exact - 1) < 300 * 2.0**-24
    assert abs(Fraction(narrow.step_size) * exact - 1) < 300 * 2.0**-24


@pytest.mark.parametrize("size", LARGE)
def test_the_cosine_of_small_float32_gradients(size: int) -> None:
    g = (np.random.default_rng(2).uniform(0.5, 1.5, size) * 2.6e-23).astype("float32")
    opt = TAM(beta=0.0, gamma=0.0)
    x, state, _ = step(opt, np.zeros(size, "float32"), g)
    _, _, trace = opt.step(x, g, state)
    assert abs(trace.cosine - 1) < 1e-4


def test_small_and_ordinary_runs_of_one_ensemble_are_each_their_own() -> None:
    for scale in (2.6e-23, 1e19, 0.0):
        alone = [random_problem([(20000,)], 2, "float32", seed) for seed in (1, 2)]
        small = alone[1]._replace(grads=[[np.asarray(g * np.float32(scale)) for g in s] for s in alone[1].grads])
        problems = [alone[0], small]
        for method in (MoMo(), TAM()):
            expected = [steps_of(method, problem) for problem in problems]
            for k, both in enumerate(steps_of(method, stacked(problems), replicas=2)):
                for r in (0, 1):
                    assert_same_replica(both, r, expected[r][k])


# -- scalars beyond the dtype of a tensor ------------------------------------------------------------------------------


def test_a_step_size_that_only_float64_holds_moves_a_float32_tensor_beside_a_float64_one() -> None:
    params = [np.zeros(1), np.zeros(1, "float32")]
    grads = [np.full(1, 1e30), np.full(1, 1e30, "float32")]
    for order in (1, -1):
        moved, _, trace = step(MoMo(lr=1.0, beta=0.0), params[::order], grads[::order], loss=1e10)
        assert trace.step_size == pytest.approx(5e-51, rel=1e-6)
        assert [z[0] for z in moved] == [pytest.approx(-5e-21, rel=1e-6)] * 2


RATES = [(1e39, 1e-40), (1e60, 1e-44), (1e-46, 1e38), (1e-50, 1e30)]


@pytest.mark.parametrize(
    ("method", "lr", "g"),
    [(method, lr, g) for method in (SGD, SGDM) for lr, g in RATES] + [(AdamW, lr, g) for lr, g in RATES[:2]],
)
def test_a_rate_beyond_float32_is_applied(method: Any, lr: float, g: float) -> None:
    x, gradient = np.zeros(3, "float32"), np.full(3, g, "float32")
    options = {} if method is not AdamW else {"beta1": 0.0, "beta2": 0.0, "eps": 1.0, "weight_decay": 0.0}
    exact = -lr * float(gradient[0]) / (1.0 if method is not AdamW else 1 + abs(float(gradient[0])))
    rates: tuple[Any, ...] = (lr, lambda k: lr)
    for rate in rates:
        if abs(exact) > float(np.finfo("float32").max):
            with pytest.raises(OverflowError, match="params of step 1"):
                step(method(lr=rate, **options), x, gradient)
            continue
        moved, _, _ = step(method(lr=rate, **options), x, gradient)
        assert moved == pytest.approx(np.full(3, exact), rel=1e-6, abs=2.0**-149)
    if abs(exact) < float(np.finfo("float32").max):
        together, _, _ = method(lr=np.array([lr, 0.5]), **options).step(
            np.zeros((2, 3), "float32"),
            np.stack([gradient, np.ones(3, "float32")]),
            method(lr=np.array([lr, 0.5]), **options).init(np.zeros((2, 3), "float32"), replicas=2),
        )
        assert together[0].tolist() == moved.tolist()
        alone, _, _ = step(method(lr=0.5, **options), x, np.ones(3, "float32"))
        assert together[1].tolist() == alone.tolist()


@pytest.mark.parametrize("kind", ["float32", "float16"])
@pytest.mark.parametrize("value", [1e-45, 1e-60, 1e-300])
def test_tiny_hyperparameters_are_numbers_of_any_narrow_method(kind: str, value: float) -> None:
    x = np.array([0.5, -2.0], kind)
    for method in (
        SGDM(beta=value, weight_decay=value),
        Adam(beta1=value, beta2=value, eps=value, weight_decay=value),
        AdaTAM(beta1=value, beta2=value, gamma=value, eps=value, bias_correction=True, averaged_momentum=True),
        MoMo(beta=value, weight_decay=value, bias_correction=True),
        MoMoAdam(beta1=value, beta2=value, eps=value),
        TAM(beta=value, gamma=value, eps=value),
    ):
        plain = type(method)(**{**vars(method), **{name: 0.0 for name, z in vars(method).items() if z == value}})
        for run in (steps_of(method, repeated(x)), steps_of(method, repeated(np.stack([x, x])), replicas=2)):
            for near, zero in zip(run, steps_of(plain, repeated(x)), strict=True):
                last = near.params[0] if near.params[0].ndim == 1 else near.params[0][0]
                assert np.allclose(last, zero.params[0], rtol=1e-6)


def repeated(x: Any) -> Problem:
    return Problem([x], [[x], [np.asarray(x * x.dtype.type(0.5))], [x]], [1.0, 2.0, 0.5])


# -- exact hyperparameters that no float is ----------------------------------------------------------------------------

NEAR_ONE: Any = 1 - Fraction(1, 10**30)
THIRD: Any = Fraction(1, 3)
HUGE: Any = Fraction(10) ** 400
LONG: Any = np.longdouble(1) - np.finfo(np.longdouble).eps / 2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Adam(beta1=NEAR_ONE), "beta1"),
        (lambda: Adam(beta2=NEAR_ONE), "beta2"),
        (lambda: MoMo(beta=NEAR_ONE, bias_correction=True), "beta"),
        (lambda: SGDM(beta=NEAR_ONE), "beta"),
        (lambda: TAM(gamma=NEAR_ONE), "gamma"),
        (lambda: SGD(lr=Fraction(1, 10**400)), "lr"),
        (lambda: SGD(lr=10**400), "lr"),
        (lambda: SGD(weight_decay=HUGE), "weight_decay"),
        (lambda: SGDM(beta=LONG), "beta"),
    ],
)
def test_a_hyperparameter_that_leaves_its_range_as_a_float_is_refused(make: Any, name: str, dtype: str) -> None:
    method: Any = make()
    x, other = np.ones(2, dtype), type(method)()
    actions: list[Any] = [lambda: method.init(x), lambda: method.step(x, x, other.init(x), 1.0)]
    for action in actions:
        with pytest.raises(ValueError, match=rf"{name} is .*float64.*allowed: 0 <=? {name} < "):
            action()


def test_the_same_hyperparameter_is_right_over_rationals_and_an_ordinary_fraction_over_floats() -> None:
    x = np.array([Fraction(1)])
    moved, _, _ = step(MoMo(lr=1, beta=NEAR_ONE, bias_correction=True, lower_bound=-(10**40)), x, x)
    assert moved[0] == 0
    third = SGDM(lr=Fraction(1, 4), beta=THIRD)
    assert step(third, np.ones(1), np.ones(1))[0].tolist() == [0.75]


def test_a_rate_of_a_schedule_that_is_no_float_is_refused() -> None:
    x = np.ones(1)
    with pytest.raises(ValueError, match=r"lr\(1\) is .*allowed: 0 <= lr\(k\) < inf"):
        step(SGD(lr=lambda k: 10**400), x, x)


# -- targets that share memory -----------------------------------------------------------------------------------------


def test_targets_that_overlap_each_other_are_refused() -> None:
    opt, whole = SGDM(lr=0.1), np.zeros(8)
    x = [np.ones(3), np.ones(3)]
    fresh = opt.init(x)
    one_buffer = ([whole[:3], whole[:3]], fresh)
    shifted = ([whole[:3], whole[2:5]], fresh)
    momentum_in_params = ([whole[:3], whole[3:6]], fresh._replace(momentum=[whole[5:8], np.zeros(3)]))
    same_momentum = ([np.zeros(3), np.zeros(3)], fresh._replace(momentum=[whole[:3], whole[:3]]))
    for out in (one_buffer, shifted, momentum_in_params, same_momentum):
        before = bits([x, list(fresh), whole])
        with pytest.raises(ValueError, match=r"out has .* and .* that overlap; pass an array of its own for each"):
            opt.step(x, x, fresh, out=out)
        assert bits([x, list(fresh), whole]) == before


def test_targets_beside_each_other_in_one_buffer_are_fine() -> None:
    opt, whole = SGDM(lr=0.1), np.zeros(14)
    x = [np.ones(3), np.ones((2, 2)), np.ones(0), np.ones(0)]
    state = opt.init(x)._replace(momentum=[whole[7:10], whole[10:14].reshape(2, 2), whole[:0], whole[:0]])
    out = ([whole[:3], whole[3:7].reshape(2, 2), whole[:0], whole[:0]], state)
    expected = step(opt, x, x)
    got = opt.step(x, x, opt.init(x), out=out)
    assert bits([got[0], list(got[1])]) == bits([expected[0], list(expected[1])])


def test_parameters_and_momentum_in_one_array_of_replicas_are_refused() -> None:
    opt, x = MoMo(), np.ones((2, 3))
    state = opt.init(x, replicas=2)
    with pytest.raises(ValueError, match="overlap"):
        opt.step(x, x, state, 1.0, out=(state.gradient_average, state))


# -- a state that is not finite ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", METHODS)
def test_a_state_that_is_not_finite_is_called_that(name: str, value: float, in_place: bool) -> None:
    method, problem = METHODS[name], random_problem([(3,), (2, 2)])
    params, state, _ = method.step(problem.params, problem.grads[0], method.init(problem.params), 1.0)
    for field in set(method.tensors) & set(state._fields):
        arrays = [array.copy() for array in getattr(state, field)]
        arrays[1][1, 0] = value
        broken = state._replace(**{field: arrays})
        out = {"out": ([x.copy() for x in params], broken)} if in_place else {}
        with pytest.raises(ValueError, match=rf"state\.{field}\[1\] has 1 entries that are NaN or infinite"):
            method.step(params, problem.grads[1], broken, 1.0, **out)
    scalars = set(state._fields) - {"step", "replicas", *method.tensors}
    for field in scalars - ({"next_lower_bound"} if value == -np.inf else set()):
        old = getattr(state, field)
        broken = state._replace(**{field: [value] * len(old) if isinstance(old, list) else value})
        with pytest.raises(ValueError, match=rf"state\.{field} is "):
            method.step(params, problem.grads[1], broken, 1.0)


def test_an_overflow_is_still_called_one() -> None:
    x = np.array([1.0])
    state = SGDM().init(x)._replace(momentum=np.array([1.7e308]))
    with pytest.raises(OverflowError, match="momentum of step 1"):
        SGDM(beta=0.99).step(x, np.array([1e308]), state)


# -- squares that vanish -----------------------------------------------------------------------------------------------

ADAPTIVE: dict[str, Any] = {
    "adam": lambda eps, **h: Adam(lr=0.1, eps=eps, **h),
    "adamw": lambda eps, **h: AdamW(lr=0.1, eps=eps, **h),
    "momo-adam": lambda eps, **h: MoMoAdam(lr=0.1, eps=eps, lower_bound=-np.inf, **h),
    "adatam": lambda eps, **h: AdaTAM(lr=0.1, eps=eps, **h),
    "adatam corrected": lambda eps, **h: AdaTAM(lr=0.1, eps=eps, bias_correction=True, averaged_momentum=True, **h),
}


def exact_adam(g: float, eps: float, lr: float = 0.1) -> float:
    """Return Adam's first step in one entry, where both corrections cancel."""
    return lr * g / (abs(g) + eps)


@pytest.mark.parametrize("replicas", [None, 2])
@pytest.mark.parametrize(("dtype", "g", "eps"), [
    ("float64", 1e-300, 1e-300), ("float64", 1e-300, 0.0), ("float64", 1e-160, 1e-170), ("float64", 2e-162, 0.0),
    ("float64", 1e-200, 1e-180), ("float32", 1e-30, 1e-30), ("float32", 3e-22, 0.0), ("float32", 1e-22, 1e-24),
])  # fmt: skip
@pytest.mark.parametrize("name", ADAPTIVE)
def test_a_square_that_vanishes_beside_a_small_eps_is_refused(
    name: str, dtype: str, g: float, eps: float, replicas: int | None
) -> None:
    method = ADAPTIVE[name](eps)
    x, gradient = np.zeros((2, 2), dtype), np.array([[g, 1.0], [-g, 1.0]], dtype)
    with pytest.raises((FloatingPointError, OverflowError), match=r"second_moment|eps"):
        method.step(x, gradient, method.init(x, replicas), 1.0)


@pytest.mark.parametrize("name", ADAPTIVE)
@pytest.mark.parametrize(("dtype", "g", "eps"), [
    ("float64", 1e-300, 1e-8), ("float64", 1e-170, 1e-130), ("float64", 1e-130, 0.0), ("float64", 1e-140, 1e-140),
    ("float64", 0.0, 1e-300), ("float32", 1e-30, 1e-8), ("float32", 1e-15, 0.0), ("float32", 0.0, 1e-30),
    ("float64", 1.0, 0.0), ("float64", 1e100, 1e-300),
])  # fmt: skip
def test_a_square_that_matters_not_or_is_held_is_right(name: str, dtype: str, g: float, eps: float) -> None:
    if "adatam" in name or not name.startswith("adam"):
        method = Adam(lr=0.1, eps=eps)
    else:
        method = ADAPTIVE[name](eps, weight_decay=0.0)
    x, gradient = np.zeros(2, dtype), np.array([g, 1.0], dtype)
    moved, _, _ = step(method, x, gradient)
    exact = -exact_adam(float(gradient[0]), eps) if g else 0.0
    assert float(moved[0]) == pytest.approx(exact, rel=16 * float(np.finfo(dtype).eps), abs=1e-320)


def test_later_steps_are_watched_too() -> None:
    opt, x = Adam(lr=0.1, eps=0.0), np.zeros(1)
    state = opt.init(x)
    x, state, _ = opt.step(x, np.ones(1), state)
    for _ in range(3):  # v is of the size of 1e-3 still
        x, state, _ = opt.step(x, np.full(1, 1e-200), state)
    state = state._replace(second_moment=np.full(1, 1e-318))
    with pytest.raises(FloatingPointError, match="second moment"):
        opt.step(x, np.full(1, 1e-200), state)


def test_a_root_with_a_small_eps_is_an_ordinary_formula_in_everything_else() -> None:
    numbers = Floats([np.empty(3)])
    w = numbers.leaf([np.array([1.0, 4.0, 1e-320])])
    root = numbers.sqrt(w)
    tile = next(numbers.tiles())

    def value(formula: Any) -> list[float]:
        entries: list[float] = formula.on(tile, {}, numbers.number).tolist()
        return entries

    tiny = value(root)[2]
    for eps in (1e-300, 0.5, 0.0):
        assert value(root + eps) == value(eps + root) == [1 + eps, 2 + eps, tiny + eps]
        assert value((root + eps) + 1.0) == [1 + eps + 1.0, 2 + eps + 1.0, tiny + eps + 1.0]
        assert value((root + eps) * 2.0) == [2 + 2 * eps, 4 + 2 * eps, 2 * (tiny + eps)]
        assert value((root + eps) + w) == [1 + eps + 1, 2 + eps + 4, tiny + eps + 1e-320]
    assert value(w / (root + 0.5)) == [1 / 1.5, 4 / 2.5, 1e-320 / (tiny + 0.5)]
    for small in (root, root + 1e-300):
        with pytest.raises(Vanished):
            value(w / small)
