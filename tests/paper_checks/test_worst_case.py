"""The adversary's answers belong to one convex function."""

import numpy as np
import pytest

from momoracle.convergence.problems.adversary import largest_gap
from momoracle.paper_checks.worst_case import excess


def test_the_adversary_keeps_every_value_and_is_one_convex_function() -> None:
    run = largest_gap(0.5, 4, False)
    assert run.gap == pytest.approx(0.5620, abs=1e-4)
    assert excess(run) < 1e-12
    values = [float(g @ x) for g, x in zip(run.gradients, run.points, strict=True)]
    np.testing.assert_allclose(values, run.gap, rtol=1e-12)
