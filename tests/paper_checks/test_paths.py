"""Comparisons of balls, and the messages of inequalities that fail."""

from fractions import Fraction

import flint
import pytest

from momoracle.paper_checks.claim import Falsified
from momoracle.paper_checks.paths import at_most, ball, require_at_most


def test_balls_are_compared_whole_or_up_to_equality() -> None:
    with flint.ctx.workprec(200):
        third = ball(Fraction(1, 3))
        assert at_most(third, third)
        assert at_most(third, third + flint.arb("1e-10"))
        assert not at_most(third + flint.arb("1e-20"), third)
        assert not at_most(flint.arb("0 +/- 1"), flint.arb(0))


def test_an_inequality_that_fails_shows_both_sides_in_few_digits() -> None:
    require_at_most((Fraction(1, 3), Fraction(1, 3)), "unused")
    with pytest.raises(Falsified, match=r"^a ≤ b: 1e\+09 > 0.333333$"):
        require_at_most((Fraction(10**9), Fraction(1, 3)), "a ≤ b")
    with pytest.raises(Falsified, match="beyond the range"):
        require_at_most((Fraction(10**5000), Fraction(1)), "a ≤ b")
