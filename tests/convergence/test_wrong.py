"""Wrong bounds and wrong optimizers are caught."""

import ast
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from support.zoo_small import NAMES, momo, rate_of, small

from momoracle import SGDM, AdaTAM
from momoracle.convergence import Constants, Ensemble, Problem, rates
from momoracle.convergence.certificates.certificate import Certificate, Sides
from momoracle.convergence.certificates.momo import CERTIFICATES
from momoracle.convergence.certificates.stated import ALL
from momoracle.convergence.problems.adversary import one_each_step, one_function
from momoracle.convergence.rates_table import remarks

NAMED = {c.id: c for c in CERTIFICATES}


def violated(given: Problem, method: Any, certificate: Certificate, steps: int, **options: Any) -> bool:
    rate = rate_of(given, method, steps=steps, certificates=(certificate,), **options)
    (one,) = rate.certificates
    return one.verdict == "violated"


def smaller(certificate: Certificate, factor: float) -> Certificate:
    """Return a certificate whose right side is ``factor`` times too small; the tolerance stays."""

    def sides(m: Any, p: Problem) -> Sides:
        true = certificate.sides(m, p)
        return true._replace(right=true.right / factor)

    return replace(certificate, sides=sides)


@cache
def worst_order() -> Problem:
    return one_each_step(0.5, 100)


# Where each inequality binds, that is, comes within a factor of two of equality.
BINDING: dict[str, tuple[Any, dict[str, Any], int]] = {
    "M4": (lambda: small("least-squares"), {"beta": 0.5}, 20),
    "M5": (lambda: small("absolute-loss"), {"beta": 0.5}, 20),
    "M5 distance": (lambda: small("least-squares"), {"beta": 0.5}, 20),
    "M6 sum": (worst_order, {"beta": 0.5}, 100),
    "M6 path": (worst_order, {"beta": 0.5}, 100),
    "M7 sum": (worst_order, {"beta": 0.5}, 100),
    "M7 gain": (lambda: small("absolute-loss"), {"beta": 0.0}, 20),
    "M8 descent": (lambda: small("least-squares"), {"beta": 0.5}, 20),
    "M8 sum": (lambda: one_coordinate(), {"beta": 0.0}, 9),
    "M8 sharp": (lambda: one_coordinate(), {"beta": 0.0}, 9),
    "G": (worst_order, {"beta": 0.5}, 20),
    "L": (lambda: small("least-squares"), {"beta": 0.5}, 20),
}


def one_coordinate() -> Problem:
    """Return ½ x² in one dimension from x = 1: L = 1, ‖x¹ − x*‖ = 1, and the first loss ½ is all there is."""
    given = small("least-squares")
    from momoracle.convergence import Constants
    from momoracle.convergence.problems.gradient_bounds import Proportional

    constants = replace(given.constants, optimum=np.zeros(1), smoothness=1.0, lipschitz=Proportional(1.0))
    assert isinstance(constants, Constants)

    def half_square(x: Any, s: Any) -> tuple[Any, Any]:
        return x[:, 0] ** 2 / 2, x.copy()

    return Problem("half square", np.ones(1), 1, half_square, constants)


def test_every_inequality_is_seen_to_bind() -> None:
    # M4's identity has no bound but rounding, and M8 itself is never near equality: M8 sharp is below half of it.
    assert set(BINDING) == set(NAMED) - {"M4 identity", "M8"}


@pytest.mark.parametrize("name", BINDING)
def test_a_bound_twice_too_small_is_caught(name: str) -> None:
    make, options, steps = BINDING[name]
    given = make()
    method = momo(given, **options)
    assert not violated(given, method, NAMED[name], steps)
    assert violated(given, method, smaller(NAMED[name], 2.0), steps)


def test_a_forgotten_root_is_caught_on_the_path() -> None:
    """√K for K on the left, that is, 1/K for 1/√K as the rate."""

    def sides(m: Any, p: Problem) -> Sides:
        true = NAMED["M6 path"].sides(m, p)
        return true._replace(right=true.right / np.sqrt(m.k))

    given = worst_order()
    assert violated(given, momo(given, beta=0.5), replace(NAMED["M6 path"], sides=sides), 100)


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        (lambda gd, beta, k: gd / ((1 - beta) * np.sqrt(k)), "holds"),
        (lambda gd, beta, k: gd / ((1 - beta) * np.sqrt(k)) / 2, "violated"),
        (lambda gd, beta, k: gd / ((1 - beta) * k), "violated"),
    ],
)
def test_wrong_bounds_on_the_expectation_are_caught(bound: Any, verdict: str) -> None:
    """At β = 0 the worst function attains M6's bound at its last step."""
    given = one_function(0.0, 16)
    (rate,) = rates(Ensemble(given, momo(given, beta=0.0), 16), bound=bound)
    assert rate.statistics == verdict
    if verdict == "holds":
        assert rate.ratio == pytest.approx(1.0, rel=1e-6)
    else:
        assert rate.verdict == "violated"


def test_few_seeds_leave_the_expectation_undecided() -> None:
    given = small("absolute-loss")
    options: dict[str, Any] = {"steps": 400, "certificates": ()}
    assert rate_of(given, momo(given, beta=0.0), seeds=4, **options).statistics == "undecided"
    assert rate_of(given, momo(given, beta=0.0), seeds=400, **options).statistics == "holds"


def test_wrong_constants_are_caught() -> None:
    given = small("absolute-loss")
    assert given.constants.lipschitz is not None
    half = replace(given.constants, lipschitz=lambda radius: given.constants.lipschitz(radius) / 2)  # type: ignore[misc]
    wrong = replace(given, constants=half)
    assert violated(wrong, momo(wrong), NAMED["G"], 60)
    optimum = np.array(given.constants.optimum)
    optimum[0] += 0.25
    moved = replace(given, constants=replace(given.constants, optimum=optimum))
    assert violated(moved, momo(moved), NAMED["M5 distance"], 60)


STATED = {c.id: c for c in ALL if c.id not in NAMED}


def stated(given: Problem, method: Any, **options: Any) -> dict[str, Any]:
    rate = rate_of(given, method, certificates=tuple(STATED.values()), **options)
    return {one.certificate.id: one for one in rate.certificates if one.certificate.id in STATED}


@pytest.mark.parametrize("make", [lambda given: SGDM(lr=0.05), lambda given: AdaTAM(lr=0.05), momo])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_lower_bound_above_a_loss_is_caught_for_every_method(make: Any, dtype: str) -> None:
    given = small("huber")
    wrong = replace(given, constants=Constants(lower_bound=5.0))
    rate = rate_of(wrong, make(wrong), dtype=dtype)
    assert rate.verdict == "problem error"
    found = {one.certificate.id: one.finding for one in rate.certificates}["f*"]
    assert found is not None
    assert found.first is not None
    assert found.violated == found.replicas == 8
    assert found.first.left == 5.0 > found.first.right + 0.5
    assert found.first.step >= 1
    told = next(text for text in remarks(rate) if "f*" in text)
    assert "f* ≤ f(x, s), the stated lower_bound) violated in 8 of 8 replicas; first replica" in told


def test_a_minimum_above_the_mean_loss_is_caught() -> None:
    given = small("noisy-least-squares")
    assert given.constants.minimum is not None
    sgd = SGDM(lr=0.05, beta=0.5)
    true = stated(given, sgd, steps=200)
    assert {name: one.verdict for name, one in true.items()} == {"f*": "holds", "min f": "holds"}
    high = replace(given, constants=replace(given.constants, minimum=4 * given.constants.minimum))
    found = stated(high, sgd, steps=200)
    assert found["f*"].verdict == "holds"
    assert found["min f"].verdict == "violated"
    assert found["min f"].finding.first.left == high.constants.minimum


@pytest.mark.parametrize("name", NAMES)
def test_the_zoo_states_no_wrong_bound(name: str) -> None:
    given = small(name)
    for method in (SGDM(lr=0.05), momo(given, beta=0.5)):
        for dtype in ("float64", "float32"):
            found = stated(given, method, dtype=dtype, steps=60)
            assert "violated" not in [one.verdict for one in found.values()]
            assert found["f*"].verdict == "holds"


def test_a_bound_that_nothing_refutes_makes_no_method_hold() -> None:
    assert rate_of(small("huber"), SGDM(lr=0.05)).verdict == "no bound applies"


def test_losses_that_cancel_are_not_accused_of_their_rounding() -> None:
    """log Σ e^z − z_y may be an ulp of z below 0, where its gradient has long vanished."""

    def oracle(x: Any, s: Any) -> tuple[Any, Any]:
        return np.where(np.abs(x[:, 0]) > 30, -1e-15, 1.0), -10 * np.ones_like(x)

    given = Problem("cancels", np.zeros(1), 1, oracle, Constants(lower_bound=0.0))
    assert stated(given, SGDM(lr=1.0))["f*"].verdict == "holds"


# -- every sign of MoMo's text -----------------------------------------------------------------------------------------

FUNCTIONS = ("advance", "step_size", "value", "proximal_step")


class Flip(ast.NodeTransformer):
    """Turns the ``number``-th + or − of a function around."""

    def __init__(self, number: int) -> None:
        self.left, self.done = number, ""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            if self.left == 0:
                before = ast.unparse(node)
                node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
                self.done = f"{before} -> {ast.unparse(node)}"
            self.left -= 1
        return node


def mutants() -> dict[str, tuple[str, int]]:
    """Return every flipped sign, by what it says."""
    found = {}
    for name in ("momentum_model", "momo"):
        tree = ast.parse((files("momoracle.reference") / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS:
                number = 0
                while True:
                    flip = Flip(number)
                    flip.visit(ast.parse(ast.unparse(node)))
                    if not flip.done:
                        break
                    found[f"{node.name}, sign {number}: {flip.done}"] = (node.name, number)
                    number += 1
    return found


def mutant(function: str, number: int) -> Any:
    """Return MoMo with one sign of its text flipped."""
    namespace: dict[str, Any] = {"__name__": "mutant"}
    for name in ("momentum_model", "momo"):
        text = (files("momoracle.reference") / f"{name}.py").read_text("utf-8")
        tree = ast.parse("\n".join(line for line in text.splitlines() if "momentum_model import" not in line))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                Flip(number).visit(node)
        exec(compile(ast.fix_missing_locations(tree), name, "exec"), namespace)
    return namespace["MoMo"]


MUTANTS = mutants()


def caught(make: Any) -> bool:
    """Run on problems with f_* = 0 and others, in both initialisations; an error is a catch too."""
    for name in ("huber", "absolute-loss", "nesterov-max"):
        given = small(name)
        for options in ({"beta": 0.5}, {"beta": 0.5, "bias_correction": True}, {"beta": 0.5, "lr": 0.05}):
            try:
                rate = rate_of(given, momo(given, make, **options), steps=60, seeds=4)
            except (ValueError, OverflowError):
                return True
            if rate.verdict in ("violated", "diverged"):
                return True
    return False


def test_the_reference_is_not_caught() -> None:
    assert not caught(mutant("nothing", 0))


def test_all_signs_are_there() -> None:
    assert len(MUTANTS) == 14  # eight in advance, three in step_size, two in value, one in proximal_step


@pytest.mark.parametrize("said", MUTANTS)
def test_a_flipped_sign_is_caught(said: str) -> None:
    # The theory is about weight_decay = 0, where this sign has no effect to be seen.
    assert caught(mutant(*MUTANTS[said])) == ("self.weight_decay" not in said)


@pytest.mark.parametrize(
    "edit",
    [
        ("polyak)", "polyak / 2)"),
        ("polyak)", "2 * polyak)"),
        ("alpha / rho, polyak", "alpha, 3 * polyak"),
        ("x - tau * direction", "x + tau * direction"),
    ],
)
def test_other_wrong_steps_are_caught(edit: tuple[str, str]) -> None:
    model = (files("momoracle.reference") / "momentum_model.py").read_text("utf-8")
    text = (files("momoracle.reference") / "momo.py").read_text("utf-8")
    assert edit[0] in model
    namespace: dict[str, Any] = {"__name__": "wrong"}
    exec(compile(model.replace(*edit), "model", "exec"), namespace)
    kept = "\n".join(line for line in text.splitlines() if "momentum_model import" not in line)
    exec(compile(kept, "momo", "exec"), namespace)
    assert caught(namespace["MoMo"])
