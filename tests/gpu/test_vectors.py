"""The kernels, on the host and on a device, against every golden vector of their algorithms: as ports."""

from pathlib import Path
from typing import Any

import pytest
from support.device import host_machine

from momoracle.gpu.machine import Machine
from momoracle.gpu.port import FusedPort
from momoracle.gpu.programs import PROGRAMS
from momoracle.gpu.source import source
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import observe
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.golden.files import load

FUSED = [name for name, method in ALGORITHMS.items() if method in PROGRAMS]
MODELS = ["momo", "momo-adam"]


def test_five_algorithms_have_kernels() -> None:
    assert FUSED == ["momo", "momo-adam", "tam", "adatam", "adatamw"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("algorithm", FUSED)
def test_all_vectors_hold_in_every_quantity(algorithm: str, dtype: str, machine: Machine) -> None:
    vectors = [v for v in load(algorithm).vectors if v.dtype == dtype]
    assert len(vectors) > 20
    for vector in vectors:
        assert first_deviation(vector, observe(FusedPort(ALGORITHMS[algorithm], machine), vector)) is None, vector.id


@pytest.mark.parametrize("algorithm", MODELS)
def test_the_recursion_holds_where_there_is_no_decay(algorithm: str, machine: Machine) -> None:
    """Parameters, step size, model value: all but the two quantities that depend on the origin."""
    vectors = [v for v in load(algorithm).vectors if not v.hyperparameters["weight_decay"]]
    assert len(vectors) > 40
    for vector in vectors:
        assert first_deviation(vector, observe(Recursive(ALGORITHMS[algorithm], machine), vector)) is None, vector.id


class Recursive(FusedPort):
    def __init__(self, method: type[Method], machine: Machine) -> None:
        super().__init__(method, machine, recursion=True)

    def state(self) -> dict[str, list[Any]]:
        return {name: value for name, value in super().state().items() if name not in ("offset", "inner_product")}


def test_a_wrong_kernel_is_found(folder: Path, tmp_path: Path) -> None:
    """The vectors can fail: ρ = 1 instead of 1 − β^k, where the averages start at zero."""
    right = "1.0 - pow(s[BETA], k)"
    assert right in source("momo")
    (vector,) = [v for v in load("momo").vectors if v.id == "momo-float64-bias"]
    wrong = host_machine.Host(tmp_path, text=lambda kernel: source(kernel).replace(right, "1.0"))
    deviation = first_deviation(vector, observe(FusedPort(ALGORITHMS["momo"], wrong), vector))
    assert deviation is not None
    assert deviation.quantity == "weight_sum"
