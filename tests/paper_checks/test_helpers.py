"""What the claims share: solvers' subproblem, symbols, problems, comparisons of balls, the adversary."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp

from momoracle.convergence.problems.adversary import largest_gap
from momoracle.paper_checks.claim import Falsified
from momoracle.paper_checks.paths import array, at_most, ball
from momoracle.paper_checks.problems import KINDS, make_problem
from momoracle.paper_checks.subproblem import Subproblem
from momoracle.paper_checks.symbolic import settle, vanishes
from momoracle.paper_checks.worst_case import excess

ONE = Fraction(1)
#: min_y max{y, 0} + (y − 3)²/2: the minimiser is 2, where the line lies above the floor
LINE = Subproblem(0 * ONE, array([ONE]), 0 * ONE, array([3 * ONE]), ONE, array([ONE]), 0)


def test_the_minimiser_is_accepted_and_its_neighbours_are_not() -> None:
    assert LINE.require_minimiser(array([2 * ONE]), "") == "cap"
    for y in (ONE, 3 * ONE, Fraction(21, 10), 0 * ONE):
        with pytest.raises(Falsified):
            LINE.require_minimiser(array([y]), "")
    assert LINE._replace(x=array([-ONE])).require_minimiser(array([-ONE]), "") == "no step"
    assert LINE._replace(x=array([ONE / 2])).require_minimiser(array([0 * ONE]), "") == "Polyak"


def test_the_solver_finds_it_and_accuses_its_neighbours() -> None:
    floats = LINE.in_floats()
    solution = floats.solve_by_scipy()
    np.testing.assert_allclose(solution, [2.0], atol=1e-7)
    assert floats.require_no_better(np.array([2.0]), solution, "", 1e-9) < 1e-7
    with pytest.raises(Falsified, match="better"):
        floats.require_no_better(np.array([2.001]), solution, "", 1e-9)


def test_a_solver_that_stopped_early_proves_nothing() -> None:
    with pytest.raises(RuntimeError, match="proves nothing"):
        LINE.in_floats().require_no_better(np.array([2.0]), np.array([2.5]), "", 1e-9)


def test_branches_are_settled_by_signs_only() -> None:
    p, q = sp.symbols("p q", positive=True)
    assert settle(sp.Min(q, p + q)) == q
    assert settle(sp.Max(-p, q) + sp.Piecewise((1, p + q < q), (2, True))) == q + 2
    with pytest.raises(Falsified, match="sign"):
        settle(sp.Min(p, q))
    with pytest.raises(Falsified, match="difference"):
        vanishes(p - q, "p less q")


@pytest.mark.parametrize("kind", KINDS)
def test_the_problems_interpolate_and_their_gradients_are_subgradients(kind: str) -> None:
    problem = make_problem(kind, 3)
    optimum = array(Fraction(z) for z in problem.optimum)
    points = [array([Fraction(a), Fraction(b), Fraction(c, 2)]) for a, b, c in ((1, -2, 3), (0, 4, -1), (-3, 1, 1))]
    for s in range(len(problem.rows)):
        assert problem.loss(optimum, s) == 0
        for x in points:
            for y in (*points, optimum):
                line = problem.loss(x, s) + sum(problem.gradient(x, s) * (y - x))
                assert line <= problem.loss(y, s)


def test_balls_are_compared_whole_or_up_to_equality() -> None:
    with flint.ctx.workprec(200):
        third = ball(Fraction(1, 3))
        assert at_most(third, third)
        assert at_most(third, third + flint.arb("1e-10"))
        assert not at_most(third + flint.arb("1e-20"), third)
        assert not at_most(flint.arb("0 +/- 1"), flint.arb(0))


def test_the_adversary_keeps_every_value_and_is_one_convex_function() -> None:
    run = largest_gap(0.5, 4, False)
    assert run.gap == pytest.approx(0.5620, abs=1e-4)
    assert excess(run) < 1e-12
    values = [float(g @ x) for g, x in zip(run.gradients, run.points, strict=True)]
    np.testing.assert_allclose(values, run.gap, rtol=1e-12)
