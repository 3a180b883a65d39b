"""Wrong optimizers are edited texts; the others stay the reference's."""

import pytest

from momoracle.paper_checks.refutation import wrong
from momoracle.reference import SGDM, MoMo


def test_only_the_named_optimizers_are_edited() -> None:
    optimizers = wrong("sgdm", ("x - now.alpha * m", "x + now.alpha * m"))()
    assert optimizers.momo is MoMo
    assert optimizers.sgdm is not SGDM
    assert isinstance(optimizers.sgdm, type)
    assert optimizers.sgdm.__name__ == "SGDM"


def test_an_edit_without_its_place_is_refused() -> None:
    with pytest.raises(LookupError, match="no such text"):
        wrong("momo", ("no such text", ""))()
