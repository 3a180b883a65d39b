"""Every public name is documented: what it computes, from what, when it refuses, where that stands, and an example."""

from typing import Any

import docstring_rules
import pytest

PUBLIC = docstring_rules.public()
SHOWN = docstring_rules.examples(PUBLIC.values())


@pytest.mark.parametrize(("name", "value"), PUBLIC.items(), ids=list(PUBLIC))
def test_it_is_documented(name: str, value: Any) -> None:
    assert docstring_rules.faults(name, value, SHOWN) == []
