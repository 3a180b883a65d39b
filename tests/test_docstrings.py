"""Every public name is documented: what it computes, from what, when it refuses, where that stands, and an example."""

from typing import Any

import pytest
from support import docstring_rules

from momoracle.convergence import zoo

PUBLIC = docstring_rules.public()
SHOWN = docstring_rules.examples(PUBLIC.values())


@pytest.mark.parametrize(("name", "value"), PUBLIC.items(), ids=list(PUBLIC))
def test_it_is_documented(name: str, value: Any) -> None:
    assert docstring_rules.faults(name, value, SHOWN) == []


def test_every_problem_is_public() -> None:
    assert {make.__name__ for make in zoo.PROBLEMS.values()} <= set(zoo.__all__)


def test_what_is_public_is_found() -> None:
    assert {"momoracle.reference.MoMo", "momoracle.ports.check", "momoracle.check"} <= set(PUBLIC)
    assert "momoracle.MoMo" not in PUBLIC
