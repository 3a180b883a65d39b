"""What every check uses."""

import pytest

from momoracle.paper_checks.claim import Effort, Falsified, require


def test_require() -> None:
    require(True, "unused")
    with pytest.raises(Falsified, match="said"):
        require(False, "said")


def test_an_effort_never_goes_below_the_least_count() -> None:
    assert [Effort(scale).count(8, least=5) for scale in (0.25, 1.0, 8.0)] == [5, 8, 64]
