"""The examples in docstrings, in every module of the package that needs no extra."""

import doctest
import importlib
import pkgutil
from importlib.util import find_spec

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


#: whose examples need what not every machine has; with it they run
NEEDS = {
    "momoracle.gpu.bound": pytest.mark.gpu,  # a bound step is enqueued on a device
    "momoracle.gpu.fused": pytest.mark.gpu,  # its arrays are on a device
    "momoracle.convergence.real_data": pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn"),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=NEEDS.get(name, ())) for name in MODULES])
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("method", ALGORITHMS.values())
def test_every_method_has_an_example_and_a_source(method: type) -> None:
    assert method.__doc__ is not None
    assert ">>>" in method.__doc__
    assert "Source:" in method.__doc__
