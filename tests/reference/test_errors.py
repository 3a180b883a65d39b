"""Bad input: the error names the argument, what came, what is allowed and the mend, and nothing has changed."""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from support.runs import METHODS, bits, random_problem

from momoracle import SGD, SGDM, TAM, Adam, AdaTAM, AdaTAMW, MoMo, MoMoAdam, WarmUp, transfer_lr
from momoracle.reference import Method

ONE = np.array([1.0, 2.0])
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def refused(kind: type[Exception], *words: str) -> Any:
    """Expect an error whose message has all of the words, in this order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(words))


@pytest.mark.parametrize(
    ("method", "name", "allowed"),
    [
        *((cls, "lr", "0 < lr < inf") for cls in dict.fromkeys(type(m) for m in METHODS.values())),
        *((cls, "beta", "0 <= beta < 1") for cls in (SGDM, MoMo, TAM)),
        *((cls, n, f"0 <= {n} < 1") for cls in (Adam, MoMoAdam, AdaTAM) for n in ("beta1", "beta2")),
        *((cls, "gamma", "0 <= gamma < 1") for cls in (TAM, AdaTAM)),
        *((cls, "eps", "0 <= eps < inf") for cls in (Adam, MoMoAdam, TAM, AdaTAMW)),
        *((cls, "weight_decay", "0 <= weight_decay < inf") for cls in (SGD, SGDM, Adam, MoMo, MoMoAdam, TAM, AdaTAMW)),
        *((cls, "lower_bound", "-inf <= lower_bound < inf") for cls in (MoMo, MoMoAdam)),
    ],
)
def test_hyperparameters_out_of_range(method: Any, name: str, allowed: str) -> None:
    bad: list[Any] = [float("nan"), float("inf"), np.array([0.5, np.nan])]
    bad += [] if name == "lower_bound" else [-0.1, -np.inf, Fraction(-1, 10), np.float32(-0.1), np.array([0.5, -0.5])]
    bad += [0, 0.0] if name == "lr" else []
    bad += [1, 1.0, 2.0] if "< 1" in allowed else []
    for value in bad:
        with refused(ValueError, f"{name} is ", allowed):
            method(**{name: value})
    for value in ("0.1", None, True, [0.1], 1j, np.bool_(True), np.complex128(1)):
        with refused(TypeError, f"{name} is ", "number", allowed):
            method(**{name: value})


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), -np.inf])
def test_a_schedule_out_of_range(value: float) -> None:
    opt = SGD(lr=lambda k: value if k == 2 else 0.1)
    x, state, _ = opt.step(ONE, ONE, opt.init(ONE))
    with refused(ValueError, r"lr\(2\) is ", "lr"):
        opt.step(x, ONE, state)


@pytest.mark.parametrize("value", [None, "fast", True, SGD()])
def test_a_schedule_that_gives_no_number(value: Any) -> None:
    opt = SGD(lr=lambda k: value)
    with refused(TypeError, r"lr\(1\) is ", "number"):
        opt.step(ONE, ONE, opt.init(ONE))


class Tensor:
    """What another framework's tensor looks like from here."""

    dtype, shape, ndim, size = np.dtype(float), (2,), 1, 2

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return ONE


BAD_ARRAYS: dict[str, tuple[Any, type[Exception], tuple[str, ...]]] = {
    "integers": (np.array([1, 2]), TypeError, ("int64", "floating point", "astype")),
    "booleans": (np.array([True, False]), TypeError, ("bool", "floating point", "astype")),
    "complex": (np.array([1j, 2]), TypeError, ("complex128", "floating point")),
    "text": (np.array(["a", "b"]), TypeError, ("<U1", "floating point")),
    "a tensor": (Tensor(), TypeError, ("Tensor", "array", "numpy.asarray")),
    "a float": (1.0, TypeError, ("float", "array", "numpy.asarray")),
    "nothing": (None, TypeError, ("NoneType", "array")),
    "a dictionary": ({"w": ONE}, TypeError, ("dict", "array")),
    "lists of floats": ([[1.0, 2.0]], TypeError, (r"\[0\] is a builtins.list", "array", "numpy.asarray")),
    "floats in a list": ([1.0, 2.0], TypeError, (r"\[0\] is a builtins.float", "array", "numpy.asarray")),
    "an empty list": ([], ValueError, ("empty", "at least one")),
    "objects": (np.array([1.0, "a"], dtype=object), TypeError, ("objects", "allowed")),
}


@every_method
@pytest.mark.parametrize("bad", BAD_ARRAYS)
def test_params_and_grads_of_another_kind(method: Method, bad: str) -> None:
    value, kind, words = BAD_ARRAYS[bad]
    with refused(kind, "params", *words):
        method.init(value)
    state = method.init(ONE)
    with refused(kind, "params", *words):
        method.step(value, ONE, state, 1.0)
    if bad != "objects":
        with refused(kind, "grads", *words):
            method.step(ONE, value, state, 1.0)


@every_method
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("in_place", [False, True])
def test_entries_that_are_not_finite(method: Method, value: float, dtype: str, in_place: bool) -> None:
    problem = random_problem([(3,), (2, 2)], dtype=dtype)
    for name in ("grads", "params"):
        params, grads = ([x.copy() for x in tensors] for tensors in (problem.params, problem.grads[0]))
        (grads if name == "grads" else params)[1][1, 0] = value
        state = method.init(params)
        before = bits([params, grads, list(state)])
        with refused(ValueError, rf"{name}\[1\]", "1 ", "NaN or infinite", "finite"):
            method.step(params, grads, state, 1.0, **({"out": (params, state)} if in_place else {}))
        assert bits([params, grads, list(state)]) == before


@every_method
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf, np.float32("nan")])
def test_a_loss_that_is_not_finite(method: Method, value: float) -> None:
    with refused(ValueError, "loss is ", "finite"):
        method.step(ONE, ONE, method.init(ONE), loss=value)
    with refused(ValueError, "loss is ", "finite"):
        method.step(ONE[None], ONE[None], method.init(ONE[None], replicas=1), loss=np.array([value]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf])
@pytest.mark.parametrize("entry", [Fraction(1), flint.arb(1)], ids=["rationals", "balls"])
def test_a_loss_that_is_not_finite_over_exact_numbers(entry: Any, value: float) -> None:
    x = np.array([entry])
    with refused(ValueError, "loss is ", "finite"):
        MoMo().step(x, x, MoMo().init(x), loss=value)


@pytest.mark.parametrize(
    "value", ["1.0", 1j, {}, Tensor(), [[1.0], [1.0, 2.0]]], ids=["text", "complex", "dictionary", "tensor", "ragged"]
)
@pytest.mark.parametrize("entry", [1.0, Fraction(1)], ids=["floats", "rationals"])
def test_a_loss_that_is_no_number(value: Any, entry: Any) -> None:
    x = np.array([entry])
    with refused(TypeError, "loss is ", "number"):
        MoMo().step(x, x, MoMo().init(x), loss=value)


@pytest.mark.parametrize("method", [MoMo(), MoMoAdam()])
def test_a_missing_loss(method: Method) -> None:
    with refused(TypeError, "loss is missing", type(method).__name__, "loss="):
        method.step(ONE, ONE, method.init(ONE))


def test_a_loss_of_the_wrong_shape() -> None:
    opt, x = MoMo(), np.ones((2, 3))
    for loss in (np.ones(1), np.ones((2, 1)), np.ones(3), [1.0, 2.0, 3.0]):
        with refused(ValueError, "loss has shape", "allowed"):
            opt.step(x, x, opt.init(x), loss)
        with refused(ValueError, "loss has shape", "allowed", r"\(2,\)"):
            opt.step(x, x, opt.init(x, replicas=2), loss)


@every_method
def test_structures_that_differ(method: Method) -> None:
    params, state = [ONE, ONE], method.init([ONE, ONE])
    with refused(ValueError, "grads has 1 arrays where params has 2"):
        method.step(params, [ONE], state, 1.0)
    with refused(ValueError, r"grads\[1\] has shape \(3,\) where params\[1\] has \(2,\)"):
        method.step(params, [ONE, np.ones(3)], state, 1.0)
    with refused(TypeError, r"grads\[1\] has dtype float32 where params\[1\] has float64", "astype"):
        method.step(params, [ONE, ONE.astype("float32")], state, 1.0)
    if set(method.tensors) & set(state._fields):
        with refused(ValueError, "state", "has"):
            method.step([ONE], [ONE], state, 1.0)
        with refused(ValueError, "state", "shape"):
            method.step([ONE, np.ones(3)], [ONE, np.ones(3)], state, 1.0)
        for first, then in ((ONE, [ONE]), ([ONE], ONE)):
            with refused((TypeError, ValueError), "state", "init"):  # type: ignore[arg-type]
                method.step(then, then, method.init(first), 1.0)


@every_method
@pytest.mark.parametrize("state", [None, (), {}, WarmUp(TAM(), SGDM(), 1), "state"], ids=str)
def test_something_else_than_a_state(method: Method, state: Any) -> None:
    with refused(TypeError, "state is a ", type(method).__name__, "init"):
        method.step(ONE, ONE, state, 1.0)


def test_the_state_of_another_method() -> None:
    with refused(TypeError, "state is a SGDMState; TAM needs a TAMState", "TAM.init"):
        TAM().step(ONE, ONE, SGDM().init(ONE))


@pytest.mark.parametrize("replicas", [0, -1, 2.0, "2", 3])
def test_replicas_that_do_not_fit(replicas: Any) -> None:
    with refused(ValueError, "replicas", ">= 1" if replicas != 3 else "leading axis"):
        SGD().init(np.ones((2, 2)), replicas=replicas)


def test_replicas_of_scalars_and_of_objects() -> None:
    with refused(ValueError, r"params\[1\] has shape \(\)", "replicas=2", "leading axis"):
        SGD().init([np.ones(2), np.ones(())], replicas=2)
    with refused(TypeError, "replicas", "floating-point"):
        SGD().init(np.array([Fraction(1)]), replicas=1)


@pytest.mark.parametrize("value", [np.ones(2), np.ones((3, 1)), np.ones((1, 3))], ids=["(2,)", "(3, 1)", "(1, 3)"])
def test_a_hyperparameter_a_run_of_the_wrong_shape(value: Any) -> None:
    for method, name in ((SGD(lr=value), "lr"), (MoMo(weight_decay=value), "weight_decay"), (TAM(eps=value), "eps")):
        for replicas in (3, None):
            with refused(ValueError, name, "shape"):
                method.step(np.ones((3, 2)), np.ones((3, 2)), method.init(np.ones((3, 2)), replicas), 1.0)


def test_two_number_systems_in_one_list() -> None:
    params = [np.array([Fraction(1)]), ONE]
    with refused(TypeError, "params"):
        MoMo().step(params, params, MoMo().init(params), 1.0)


@every_method
def test_out_that_does_not_fit(method: Method) -> None:
    state, fixed = method.init(ONE), np.array([1.0, 2.0])
    fixed.flags.writeable = False
    wrong: list[Any] = [ONE, (ONE,), (ONE, None), (np.ones(3), state), (ONE.astype("float32"), state), None]
    wrong += [
        (fixed, state),
        (np.ones(4)[::2], state),
        (ONE, SGD().init(ONE) if set(method.tensors) & set(state._fields) else None),
    ]
    for out in wrong[:-1] if not set(method.tensors) & set(state._fields) else wrong:
        if out is not None:
            with refused((TypeError, ValueError), "out"):  # type: ignore[arg-type]
                method.step(ONE, ONE, state, 1.0, out=out)


def test_warm_up_and_transfer() -> None:
    for steps in (-1, 1.5, "3"):
        with refused(ValueError, "steps is", ">= 0"):
            WarmUp(TAM(), SGDM(), steps)  # type: ignore[arg-type]
    for damping in (0.0, 1.5, -1.0, float("nan")):
        with refused(ValueError, "damping is", "allowed"):
            transfer_lr(0.1, damping)
    for lr in (0.0, -1.0, float("nan"), float("inf")):
        with refused(ValueError, "lr is", "allowed"):
            transfer_lr(lr)
    for wrong in (TAM(), "0.1", True, None):
        with refused(TypeError, "lr is", "a number is needed", "allowed"):
            transfer_lr(wrong)  # type: ignore[arg-type]
        with refused(TypeError, "damping is", "a number is needed", "allowed"):
            transfer_lr(0.1, wrong)  # type: ignore[arg-type]


def test_out_that_overlaps_its_input_in_part() -> None:
    whole, opt = np.arange(1.0, 5.0), SGDM()
    x = whole[:-1]
    with refused(ValueError, "out", "overlaps"):
        opt.step(x, x.copy(), opt.init(x), out=(whole[1:], opt.init(x)))


@pytest.mark.parametrize("value", ["no", None, 1])
def test_switches_that_are_neither_true_nor_false(value: Any) -> None:
    with refused(TypeError, "estimate_lower_bound is ", "True or False"):
        MoMo(estimate_lower_bound=value)
