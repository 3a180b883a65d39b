"""From evidence to a verdict: all combinations, and cases in which a flattering verdict was once given."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.zoo_small import momo, rate_of, small

from momoracle import SGD, SGDM, MoMo
from momoracle.convergence import NO_CAP, Constants, Ensemble, Problem, rates
from momoracle.convergence.losses.least_squares import half_square, least_squares
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.gradient_bounds import Proportional
from momoracle.convergence.rates_table import remarks
from momoracle.convergence.verdict import FALLS_SHORT, VERDICTS, Evidence, combine, judge

#: for each verdict what must be shown (1), must not be (0) and does not matter (-), in the order of `Evidence`:
#: refuted, violated, diverged, grows, undecided, bounded, identity
TABLE = {
    "problem error": "1------",
    "violated": "01-----",
    "diverged": "001----",
    "grows": "0001---",
    "undecided": "00001--",
    "holds": "000001-",
    "consistent": "0000001",
    "no bound applies": "0000000",
}


def fits(evidence: tuple[bool, ...], row: str) -> bool:
    return all(want == "-" or bool(int(want)) == have for have, want in zip(evidence, row, strict=True))


@pytest.mark.parametrize("evidence", list(product([False, True], repeat=len(Evidence._fields))))
def test_each_combination_has_the_verdict_of_the_table(evidence: tuple[bool, ...]) -> None:
    (verdict,) = [verdict for verdict, row in TABLE.items() if fits(evidence, row)]  # one row, and only one
    assert judge(Evidence(*evidence)) == verdict


def test_the_table_is_of_all_verdicts_from_the_worst() -> None:
    assert tuple(TABLE) == VERDICTS
    assert set(VERDICTS) - {"holds", "consistent", "no bound applies"} == FALLS_SHORT


@pytest.mark.parametrize("first", VERDICTS)
@pytest.mark.parametrize("second", VERDICTS)
def test_two_verdicts_come_to_the_worse_but_no_bound_spoils_nothing(first: str, second: str) -> None:
    together = combine([first, second])
    worse = min(first, second, key=lambda verdict: VERDICTS.index(verdict))
    assert together == ("fails" if worse in FALLS_SHORT - {"undecided"} else worse)


def quadratic(start: float = 1.0, minimum_at: float = 0.0, **constants: Any) -> Problem:
    """Return f(x) = (x − c)²/2 in one dimension."""
    stated: dict[str, Any] = {
        "lower_bound": 0.0,
        "convex": True,
        "interpolates": True,
        "optimum": np.full(1, minimum_at),
    }
    stated |= {"lipschitz": Proportional(1.0), "smoothness": 1.0}
    model = LinearModel(np.ones((1, 1)), np.full(1, minimum_at), half_square)
    return Problem("quadratic", np.full(1, start), 1, model, Constants(**stated | constants))


def test_a_method_that_diverges_with_a_lower_bound_below_the_minimum_does_not_hold() -> None:
    """M4's identity alone once made it hold: nothing that constrains the outcome applies."""
    problem = small("noisy-absolute-loss")
    (rate,) = rates(Ensemble(problem, MoMo(lr=NO_CAP), 400, seeds=16))
    assert rate.average[-1] > rate.average[0]
    assert (rate.verdict, rate.holds_by) == ("grows", ())
    assert any("the gap grows, from" in line for line in remarks(rate))


@pytest.mark.parametrize("name", ["noisy-least-squares", "logistic", "relu-regression"])
def test_identities_alone_are_consistent(name: str) -> None:
    rate = rate_of(small(name), momo(small(name)), steps=200, seeds=32)
    assert (rate.verdict, rate.holds_by) == ("consistent", ())
    assert any("for a bound that applies, take a problem where that holds" in line for line in remarks(rate))


def test_no_bound_says_what_would_make_one_apply() -> None:
    problem = quadratic(lipschitz=None, smoothness=None)
    (rate,) = rates(Ensemble(problem, MoMo(lr=NO_CAP), 10))
    assert (rate.verdict, rate.remedy) == ("holds", "state constants.lipschitz, if you know it")
    assert set(rate.holds_by) == {"M5", "M5 distance", "M6 sum", "M7 sum"}
    (other,) = rates(Ensemble(quadratic(), SGD(lr=0.1), 10))
    assert (other.verdict, other.remedy) == (
        "no bound applies",
        "run MoMo without weight decay, with lower_bound = f_* and no estimate of it",
    )
    (capped,) = rates(Ensemble(quadratic(), MoMo(lr=0.01), 10))
    assert (capped.no_bound, capped.remedy) == ("the cap bound in 1 of 1 runs", "raise lr, which is the cap")


def test_it_is_said_what_makes_a_rate_hold() -> None:
    rate = rate_of(small("absolute-loss"), momo(small("absolute-loss")), steps=100, seeds=300)
    assert rate.verdict == "holds"
    assert rate.holds_by == ("bound", "M5", "M5 distance", "M6 sum", "M6 path", "M7 sum")


def test_a_run_that_leaves_its_range_never_holds() -> None:
    (rate,) = rates(Ensemble(quadratic(), SGDM(lr=1e6), 100))
    assert rate.verdict == "diverged"


def test_a_run_that_grows_without_a_slope_never_holds() -> None:
    (rate,) = rates(Ensemble(quadratic(), SGD(lr=2.2), 20, certificates=()))
    assert rate.verdict == "grows"


def test_a_constant_that_only_the_path_refutes_accuses_the_problem_and_no_theorem() -> None:
    """The trial does not come to where the loss is below what is stated; the path does."""

    def dip(x: Any, s: Any) -> tuple[Any, Any]:
        away = np.abs(x[:, 0] - 0.123456) < 1e-6
        return np.where(away, -1.0, x[:, 0] ** 2 / 2), x.copy()

    problem = Problem("dip", np.ones(1), 1, dip, Constants(lower_bound=0.0))
    (rate,) = rates(Ensemble(problem, SGD(lr=1 - 0.123456), 2))
    assert rate.verdict == "problem error"
    assert any("so nothing is said about the method; correct it" in line for line in remarks(rate))


def test_a_start_of_the_ensembles_own_has_its_own_gradient_bound() -> None:
    """From 3 the gradient is 3, whatever the problem's own start 1 bounds."""
    (rate,) = rates(Ensemble(quadratic(), MoMo(lr=NO_CAP, beta=0.5), 60, starts=np.array([[3.0]])))
    assert rate.verdict == "holds"
    assert {c.certificate.id: c.verdict for c in rate.certificates}["G"] == "holds"
    near, far = rates(Ensemble(least_squares(5, 10), MoMo(lr=NO_CAP), 60, seeds=4, starts=ten_times()))
    assert (near.verdict, far.verdict) == ("holds", "holds")


def ten_times() -> Any:
    problem = least_squares(5, 10)
    optimum = np.asarray(problem.constants.optimum)
    return np.stack([problem.start, optimum + 10 * (problem.start - optimum)])


def test_half_the_gradient_bound_is_refuted_though_the_problems_own_start_is_farther() -> None:
    half = replace(small("absolute-loss").constants, lipschitz=lambda radius: 0.5)
    problem = replace(small("absolute-loss"), start=100 * np.ones(6), constants=half)
    with pytest.raises(ValueError, match="lipschitz is no bound on the gradients"):
        rates(Ensemble(problem, MoMo(lr=NO_CAP), 5, starts=np.zeros((1, 6))))


@pytest.mark.parametrize("compiled", [False, True])
def test_a_run_that_starts_at_the_optimum_holds(compiled: bool) -> None:
    if compiled:
        pytest.importorskip("llvmlite", reason="needs the extra `fast`")
    (rate,) = rates(Ensemble(quadratic(start=0.0), MoMo(lr=NO_CAP), 20, compiled=compiled))
    assert rate.verdict == "holds"
    assert {c.verdict for c in rate.certificates} <= {"holds", "not applicable"}
