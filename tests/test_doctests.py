"""The examples in docstrings, in every module of the package that needs no extra."""

import doctest
import importlib
from importlib.util import find_spec

import pytest
from support import modules

from momoracle.reference import ALGORITHMS

ROOMS = ("common", "reference", "ports", "convergence", "paper_checks", "gpu")
PACKAGES = tuple(f"momoracle.{room}." for room in ROOMS)
ELSEWHERE = ("torch_port", "optax_port", "keras_port", "gpu.bound", "gpu.fused")  # need a framework or a device
MODULES = [name for name in modules.IMPORTABLE if name.startswith(PACKAGES) and not name.endswith(ELSEWHERE)]

#: whose examples need what not every machine has; with it they run
DATA = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn")
NEEDS = {"momoracle.convergence.losses.real_data": DATA, "momoracle.convergence.experiments.digits": DATA}


@pytest.mark.parametrize("name", [pytest.param(name, marks=NEEDS.get(name, ())) for name in MODULES])
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("method", ALGORITHMS.values())
def test_every_method_has_an_example_and_a_source(method: type) -> None:
    assert method.__doc__ is not None
    assert ">>>" in method.__doc__
    assert "Source:" in method.__doc__
