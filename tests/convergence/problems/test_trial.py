"""What a problem states is tried before any run: right problems pass, and wrong ones are refused by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.zoo_small import INTERPOLATING, NAMES, small

from momoracle.convergence import Constants, Ensemble, Problem, one_point, rates
from momoracle.convergence.problems.gradient_bounds import Constant
from momoracle.convergence.problems.problem_error import ProblemError
from momoracle.convergence.problems.trial import try_problem
from momoracle.reference import MoMo


def stating(problem: Problem, **constants: Any) -> Problem:
    return replace(problem, constants=replace(problem.constants, **constants))


def answering(problem: Problem, change: Callable[[Problem, Any, Any], tuple[Any, Any]]) -> Problem:
    """Return a problem whose oracle answers otherwise; what it states is the same."""
    return replace(problem, sample_loss_and_grad=lambda x, s: change(problem, x, s))


def asked(problem: Problem, x: Any, s: Any) -> tuple[Any, Any]:
    return problem.sample_loss_and_grad(x, s)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_zoo_states_is_not_refuted(name: str) -> None:
    problem = small(name)
    try_problem(problem)
    # Nor from starts far away, or at x* itself.
    center = problem.start if problem.constants.optimum is None else np.asarray(problem.constants.optimum)
    try_problem(problem, np.stack([problem.start, center + 30 * (problem.start - center), center]))


@pytest.mark.parametrize("name", INTERPOLATING)
def test_a_gradient_bound_that_is_too_small_is_refuted(name: str) -> None:
    problem = small(name)
    bound = problem.constants.lipschitz
    assert bound is not None
    # On separable data x* has margin to spare, so the bound is attained nowhere; it is refuted a little below.
    share = 0.25 if name in ("squared-hinge", "digits", "breast-cancer") else 0.75
    with pytest.raises(ProblemError, match=r"lipschitz is no bound on the gradients, sample \d+: at x = "):
        try_problem(stating(problem, lipschitz=lambda radius: share * bound(radius)))


@pytest.mark.parametrize("name", ["least-squares", "huber", "squared-hinge", "logistic", "diabetes", "digits"])
def test_a_smoothness_that_is_too_small_is_refuted(name: str) -> None:
    problem = small(name)
    assert problem.constants.smoothness is not None
    share = 0.5 if name in ("squared-hinge", "digits", "logistic") else 0.9
    with pytest.raises(ProblemError, match="is no L, sample"):
        try_problem(stating(problem, smoothness=share * problem.constants.smoothness))


CHANGES: dict[str, tuple[Callable[[Problem, Any, Any], tuple[Any, Any]], str]] = {
    "scaled": (lambda p, x, s: (asked(p, x, s)[0], 2 * asked(p, x, s)[1]), "gradient is not that of the loss"),
    "scaled a little": (
        lambda p, x, s: (asked(p, x, s)[0], 1.05 * asked(p, x, s)[1]),
        "gradient is not that of the loss",
    ),
    "of the wrong sign": (lambda p, x, s: (asked(p, x, s)[0], -asked(p, x, s)[1]), "gradient is not that of the loss"),
    "of another sample": (
        lambda p, x, s: (asked(p, x, s)[0], asked(p, x, (s + 1) % p.samples)[1]),
        "gradient is not that of the loss",
    ),
    "a loss that is no number": (
        lambda p, x, s: (np.where(x[:, 0] > p.start[0], np.nan, asked(p, x, s)[0]), asked(p, x, s)[1]),
        "f is nan, the gradient .*; needed are finite numbers",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["least-squares", "absolute-loss", "logistic", "relu-regression"])
def test_a_wrong_oracle_is_refused_by_name(name: str, change: str) -> None:
    make, says = CHANGES[change]
    with pytest.raises(ProblemError, match=says):
        try_problem(answering(small(name), make))


def test_one_wrong_gradient_of_many_is_no_subgradient() -> None:
    def change(problem: Problem, x: Any, s: Any) -> tuple[Any, Any]:
        loss, gradient = asked(problem, x, s)
        return loss, np.where((s == 3)[:, None], -gradient, gradient)

    with pytest.raises(ProblemError, match=r"no subgradient of a convex loss, sample 3: at x = .* f\(y\) is"):
        try_problem(answering(small("absolute-loss"), change))


def test_an_oracle_that_is_not_deterministic_is_refused() -> None:
    generator = np.random.default_rng(1)

    def change(problem: Problem, x: Any, s: Any) -> tuple[Any, Any]:
        loss, gradient = asked(problem, x, s)
        return loss + 1e-9 * generator.uniform(size=len(loss)), gradient

    with pytest.raises(ProblemError, match=r"not deterministic, sample .* asked again"):
        try_problem(answering(small("hinge"), change))


def moved(problem: Problem) -> Any:
    return np.asarray(problem.constants.optimum) + 0.01


WRONG: dict[str, tuple[Callable[[], Problem], str]] = {
    "optimum of a problem that interpolates": (
        lambda: stating(small("least-squares"), optimum=moved(small("least-squares"))),
        "interpolates is wrong, or optimum no minimiser",
    ),
    "optimum of one that does not": (
        lambda: stating(small("noisy-least-squares"), minimum=None, optimum=moved(small("noisy-least-squares"))),
        "constants.optimum is no minimiser: at x = .* at the stated optimum",
    ),
    "minimum that is too high": (
        lambda: stating(small("noisy-least-squares"), minimum=2 * minimum_of("noisy-least-squares")),
        "is no minimum: at x = .*, f is",
    ),
    "minimum that is too low": (
        lambda: stating(small("noisy-least-squares"), minimum=0.5 * minimum_of("noisy-least-squares")),
        "optimum is no minimiser, or minimum too low: at x = .* the stated minimum",
    ),
    "lower bound": (
        lambda: stating(small("logistic"), lower_bound=0.5),
        r"lower_bound = 0.5 is no lower bound, sample .* below it by",
    ),
    "interpolation": (
        lambda: replace(small("noisy-least-squares"), constants=small("least-squares").constants),
        "interpolates is wrong, or optimum no minimiser, sample",
    ),
    "convexity": (
        lambda: stating(small("relu-regression"), convex=True, why_not={}),
        "convex is wrong, sample .* the mean of its ends|no subgradient of a convex loss",
    ),
    "infinite gradient bound": (
        lambda: stating(small("hinge"), lipschitz=Constant(np.inf)),
        r"constants.lipschitz\(.*\) is inf: at x = .*; leave lipschitz out where no bound is known",
    ),
    "gradient bound below zero": (lambda: stating(small("hinge"), lipschitz=Constant(-1.0)), "finite number >= 0"),
    "gradient bound that is none": (
        lambda: stating(small("hinge"), lipschitz=lambda: 1.0),
        r"constants.lipschitz raised TypeError: .*lambda.*; needed is a function of a radius|takes 0 positional",
    ),
}


def minimum_of(name: str) -> float:
    minimum = small(name).constants.minimum
    assert minimum is not None
    return minimum


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_statement_is_refused_by_name(wrong: str) -> None:
    make, says = WRONG[wrong]
    with pytest.raises(ProblemError, match=says):
        try_problem(make())


def test_rates_tries_the_problem_before_the_run_and_from_the_ensembles_starts() -> None:
    """The loss of the stated problem is no number away from its own start, but the ensemble starts elsewhere."""

    def change(problem: Problem, x: Any, s: Any) -> tuple[Any, Any]:
        loss, gradient = asked(problem, x, s)
        far = np.linalg.norm(x - problem.constants.optimum, axis=1) > 2 * float(problem.distance or 0)
        return np.where(far, np.nan, loss), gradient

    holed = answering(small("least-squares"), change)
    try_problem(holed)
    start = np.asarray(holed.constants.optimum) + 3 * (holed.start - holed.constants.optimum)
    with pytest.raises(ProblemError, match="needed are finite numbers"):
        rates(Ensemble(holed, MoMo(), 3, starts=start[None]))


def test_a_function_of_one_point_is_tried_too() -> None:
    wrong = one_point(lambda x, s: (float(x @ x) / 2, 3 * x))
    with pytest.raises(ProblemError, match="gradient is not that of the loss"):
        try_problem(Problem("mine", np.ones(3), 2, wrong, Constants(lower_bound=0.0)))


@pytest.mark.parametrize("roundoff", [-1.0, 1e30, float("nan")])
def test_a_roundoff_that_grants_everything_or_less_than_nothing_is_refused(roundoff: float) -> None:
    with pytest.raises(ValueError, match=r"roundoff is .*; allowed: 0 <= roundoff <= 2\^26, or None"):
        replace(small("hinge"), roundoff=roundoff)
