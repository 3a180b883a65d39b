"""The problems of the claims interpolate, and a run's quantities are what the inequalities compare."""

from fractions import Fraction

import pytest

from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array
from momoracle.paper_checks.problems import KINDS, draw_runs, make_problem
from momoracle.reference import MoMo


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


def test_the_quantities_of_a_run_are_those_of_its_steps() -> None:
    label, run = next(iter(draw_runs(MoMo, RationalDraw(1), lambda draw: Fraction(1, 4), count=1)))
    steps = list(run.quantities())
    assert label == "least squares, run 0"
    assert [m.distance_sq_after for _, m in steps[:-1]] == [m.distance_sq for _, m in steps[1:]]
    for step, m in steps:
        assert m.model_gap == step.trace.model_value
        assert m.direction_norm_sq == step.trace.direction_norm_sq
    last = steps[-1][1]
    assert last.gaps == sum(step.loss for step, _ in steps)
    assert last.gains == sum(step.trace.step_size * step.trace.model_value for step, _ in steps)
    assert last.pulls == sum(step.trace.step_size * step.trace.direction_norm_sq for step, _ in steps)
    assert last.squares == sum(step.trace.model_value**2 / step.trace.direction_norm_sq for step, _ in steps)
