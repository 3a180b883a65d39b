"""The examples of the fused face, whose arrays are on a device."""

import doctest
import importlib

import pytest

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("name", ["bound", "fused"])
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"momoracle.gpu.{name}"), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
    assert result.attempted > 0
