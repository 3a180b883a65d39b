"""The examples in docstrings, in every module of the package that needs no extra."""

import doctest
import importlib
import pkgutil

import pytest

import momoracle.convergence
import momoracle.gpu
import momoracle.paper_checks
import momoracle.ports
import momoracle.reference
from momoracle.reference import ALGORITHMS

MODULES = [
    module.name
    for package in (momoracle.reference, momoracle.ports, momoracle.convergence, momoracle.paper_checks, momoracle.gpu)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if not module.name.endswith(("torch_port", "optax_port", "keras_port"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("method", ALGORITHMS.values())
def test_every_method_has_an_example_and_a_source(method: type) -> None:
    assert method.__doc__ is not None
    assert ">>>" in method.__doc__
    assert "Source:" in method.__doc__
