"""The optimality conditions and the solver tell the minimiser from its neighbours."""

from fractions import Fraction

import numpy as np
import pytest

from momoracle.paper_checks.claim import Falsified
from momoracle.paper_checks.paths import array
from momoracle.paper_checks.subproblem import Subproblem

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
