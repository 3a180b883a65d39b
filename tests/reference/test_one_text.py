"""One text, five kinds of numbers: the same steps over floats, rationals, balls, balls with errors, and symbols."""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
import sympy as sp
from support.runs import (
    BITS,
    METHODS,
    Problem,
    ball,
    holds,
    random_problem,
    rational,
    rounded_entries,
    slack,
    steps_of,
    symbolic,
    with_bounds,
)

from momoracle import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.reference import Method

MOMO = [
    MoMo(lr=0.5, beta=0.9, lower_bound=0.25),
    MoMo(lr=4.0, beta=0.5, weight_decay=0.125),
    MoMo(lr=4.0, beta=0.75, weight_decay=0.125, bias_correction=True),
    MoMo(lr=2.0, beta=0.5, lower_bound=-1.0, estimate_lower_bound=True),
    MoMo(lr=0.25, lower_bound=-np.inf),
]
#: with β₂ = 0 the root of v is |g|, so that every method has rational steps on tensors of one entry
ROOTS_RATIONAL = [
    SGD(lr=0.1, weight_decay=0.1),
    SGDM(lr=0.1, weight_decay=0.1),
    Adam(lr=0.1, beta2=0.0, weight_decay=0.1),
    AdamW(lr=0.1, beta2=0.0),
    MoMoAdam(lr=0.1, beta2=0.0, eps=0.5, weight_decay=0.1),
    MoMoAdam(lr=2.0, beta2=0.0, lower_bound=-1.0, estimate_lower_bound=True, decoupled_decay=True),
    TAM(weight_decay=0.1),
    AdaTAM(lr=0.1, beta2=0.0),
    AdaTAMW(lr=0.1, beta2=0.0, averaged_momentum=True, bias_correction=True),
]
SHAPES = [(2,), (), (1, 2)]
SINGLE = [(1,), (), (1, 1)]


def dyadic(shapes: list[tuple[int, ...]], count: int = 3, seed: int = 1) -> Problem:
    """Return a problem of short binary fractions, which every number system (float32 too) holds exactly."""
    problem = random_problem(shapes, count, seed=seed)
    return Problem(
        [np.round(x * 64) / 64 for x in problem.params],
        [[np.round(g * 64) / 64 + 1 / 128 for g in step] for step in problem.grads],
        [round(f * 64) / 64 for f in problem.losses],
    )


def check_all_systems(method: Method, problem: Problem) -> None:
    """Run over all systems; rationals are the truth."""
    exact = [step.entries() for step in steps_of(method, problem.mapped(rational))]
    symbols = [step.entries() for step in steps_of(method, problem.mapped(symbolic))]
    with flint.ctx.workprec(BITS):
        balls = [step.entries() for step in steps_of(method, problem.mapped(ball))]
    for truth, formula, enclosure in zip(exact, symbols, balls, strict=True):
        for name, values in truth.items():
            assert [sp.simplify(z) for z in formula[name]] == [in_sympy(z) for z in values], name
            for z, b in zip(values, enclosure[name], strict=True):
                assert holds(b, z), name
    for dtype in ("float64", "float32"):
        floats = [step.entries() for step in steps_of(method, problem.astype(dtype))]
        bounds = with_bounds(method, problem, dtype)
        assert bounds is not None, "the data were chosen so that no branch hangs on rounding"
        for truth, given, bound in zip(exact, floats, bounds, strict=True):
            for name, values in truth.items():
                for z, y, b in zip(values, given[name], bound[name], strict=True):
                    assert z == y or abs(rational(y) - z) <= slack(b, dtype), (name, dtype)
                    # An account of errors that covers everything would prove nothing.
                    assert slack(b, dtype) <= 2000 * np.finfo(dtype).eps * max(1, abs(float(z))) or z == -np.inf


def in_sympy(z: Any) -> Any:
    return symbolic(z) if isinstance(z, Fraction) else sp.sympify(z)


@pytest.mark.parametrize("method", MOMO, ids=str)
def test_momo_over_all_systems(method: MoMo) -> None:
    check_all_systems(method, dyadic(SHAPES))


@pytest.mark.parametrize("method", ROOTS_RATIONAL, ids=str)
def test_methods_with_roots_over_all_systems_where_the_roots_are_rational(method: Method) -> None:
    check_all_systems(method, dyadic(SINGLE))


@pytest.mark.parametrize("method", [TAM(), TAM(per_tensor=False), AdaTAM(beta2=0.0)], ids=str)
def test_the_cosine_of_several_entries_is_exact_where_norms_are_rational(method: Method) -> None:
    direction = np.array([3.0, 4.0])
    problem = Problem([np.zeros(2)], [[c * direction] for c in (1.0, -0.5, 2.0)], [1.0, 1.0, 1.0])
    check_all_systems(method, problem)
    assert [step.entries()["cosine"][0] for step in steps_of(method, problem.mapped(rational))] == [0, -1, 1]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_floats_are_within_the_derived_bound_of_the_balls(method: Method) -> None:
    problem = dyadic([(3,), (), (2, 2), (0,)], 4, seed=7)
    with flint.ctx.workprec(BITS):
        balls = [step.entries() for step in steps_of(method, problem.mapped(ball))]
    for dtype in ("float64", "float32"):
        bounds = with_bounds(method, problem, dtype)
        assert bounds is not None
        for step, truth, bound in zip(steps_of(method, problem.astype(dtype)), balls, bounds, strict=True):
            for name, values in step.entries().items():
                for y, z, b in zip(values, truth[name], bound[name], strict=True):
                    assert z.overlaps(b.value), name
                    assert abs(ball(y) - z) <= slack(b, dtype), (name, dtype)


@pytest.mark.parametrize("method", [Adam(), MoMoAdam(lr=0.1), TAM(), AdaTAM(), AdaTAMW()], ids=str)
def test_symbols_give_the_numbers_of_the_balls(method: Method) -> None:
    problem = dyadic([(2,)], 2, seed=3)
    formulas = [step.entries() for step in steps_of(method, problem.mapped(symbolic))]
    with flint.ctx.workprec(BITS):
        enclosures = [step.entries() for step in steps_of(method, problem.mapped(ball))]
    with flint.ctx.workprec(120):  # 36 digits, of which the decimals below have the first 30 right
        for formula, enclosure in zip(formulas, enclosures, strict=True):
            for name, values in formula.items():
                for z, b in zip(values, enclosure[name], strict=True):
                    assert abs(flint.arb(str(sp.N(z, 40))) - b) <= flint.arb("1e-30") * (1 + abs(b)), name


def test_symbols_substituted_are_the_rationals() -> None:
    x, g, h = (np.array(sp.symbols(f"{name}1:2", real=True), dtype=object) for name in "xgh")
    a, lam, f1, f2, low = sp.symbols("alpha lambda f1 f2 f_*", real=True)
    formula = MoMo(lr=a, beta=0.5, lower_bound=low, weight_decay=lam)
    path = steps_of(formula, Problem([x], [[g], [h]], [f1, f2]))
    for alpha, loss in ((4.0, 1.0), (0.03125, 1.0), (4.0, -64.0)):  # Polyak's branch, the cap, no step
        values = {a: alpha, lam: 0.125, f1: 3.0, f2: loss, low: 0.25, x[0]: 0.5, g[0]: 1.5, h[0]: -0.75}
        known = {symbol: symbolic(value) for symbol, value in values.items()}
        method = MoMo(lr=alpha, beta=0.5, lower_bound=0.25, weight_decay=0.125)
        numbers = Problem([np.array([0.5])], [[np.array([1.5])], [np.array([-0.75])]], [3.0, loss])
        for symbols, exact in zip(path, steps_of(method, numbers.mapped(rational)), strict=True):
            for name, expected in exact.entries().items():
                assert [z.subs(known) for z in symbols.entries()[name]] == [symbolic(z) for z in expected], name


def test_the_step_size_is_equation_15() -> None:
    x, g = (np.array(sp.symbols(f"{name}1:3", real=True), dtype=object) for name in "xg")
    a, lam, f, low = sp.symbols("alpha lambda f f_*", positive=True)
    (step,) = steps_of(MoMo(lr=a, beta=0.0, lower_bound=low, weight_decay=lam), Problem([x], [[g]], [f]))
    gx, gg = sum(g * x), sum(g * g)
    tau = sp.Min(a, sp.Max(0, (1 + a * lam) * (f - gx - low) + gx) / gg)  # MoMo (15) with β = 0, so d = g, γ = <g, x>
    assert sp.simplify(step.trace.step_size - tau) == 0
    symbol = sp.Symbol("tau")
    (moved,) = step.params
    for new, xi, gi in zip(moved, x, g, strict=True):
        assert sp.simplify(new.subs(step.trace.step_size, symbol) - (xi - symbol * gi) / (1 + a * lam)) == 0  # (16)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_float16_and_longdouble_run(method: Method) -> None:
    problem = dyadic([(3,), (), (2, 2)], 4)
    expected = steps_of(method, problem)
    for dtype, kept in (("float16", "float32"), ("longdouble", "longdouble")):
        for step, truth in zip(steps_of(method, problem.astype(dtype)), expected, strict=True):
            for y, z in zip(step.params, truth.params, strict=True):
                assert y.dtype == np.dtype(dtype)
                # Four steps round at most 4 × 4 times to the dtype, relative to the largest entry on the way (below 8).
                np.testing.assert_allclose(y, z, rtol=0, atol=128 * max(float(np.finfo(dtype).eps), 2.0**-52))
            for name in set(method.tensors) & set(step.state._fields):
                assert all(array.dtype == np.dtype(kept) for array in getattr(step.state, name))


@pytest.mark.parametrize(
    "entry",
    [float, rational, ball, symbolic, rounded_entries("float64")[0]],
    ids=["floats", "rationals", "balls", "symbols", "balls with errors"],
)
def test_numpy_scalars_are_hyperparameters_and_losses_everywhere(entry: Any) -> None:
    plain, scalars = MoMo(lr=0.5, beta=0.5), MoMo(lr=np.float32(0.5), beta=np.float64(0.5))
    x = np.array([entry(1.0)])
    expected, _, _ = plain.step(x, x, plain.init(x), loss=0.25)
    got, _, _ = scalars.step(x, x, scalars.init(x), loss=np.float32(0.25))
    assert [str(getattr(z, "value", z)) for z in got] == [str(getattr(z, "value", z)) for z in expected]
