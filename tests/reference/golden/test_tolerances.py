"""The derived tolerances accuse no correct port: other orders of summation, fused operations, other forms all pass."""

from typing import Any

import numpy as np
import pytest
from support import plain_ports

from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

PORTS = {"momo": plain_ports.MoMo, "adam": plain_ports.Adam, "tam": plain_ports.TAM}
FORMS = {
    "forwards": (plain_ports.forwards, False, False),
    "backwards": (plain_ports.backwards, False, False),
    "pairwise": (plain_ports.pairwise, False, False),
    "fused": (plain_ports.forwards, False, True),
    "difference first": (plain_ports.backwards, True, False),
    "difference first, fused": (plain_ports.pairwise, True, True),
}


def core(content: VectorFile) -> list[GoldenVector]:
    return [v for v in content.vectors if content.kind(v) == "core"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", PORTS)
def test_a_correct_port_that_rounds_differently_conforms(algorithm: str, form: str) -> None:
    content = load(algorithm)
    for vector in core(content):
        port = PORTS[algorithm](*FORMS[form])
        with np.errstate(all="ignore"):
            assert first_deviation(vector, observe(port, vector)) is None, vector.id


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_reference_conforms_in_every_quantity(algorithm: str) -> None:
    for vector in load(algorithm).vectors:
        assert first_deviation(vector, observe(MethodPort(ALGORITHMS[algorithm]), vector)) is None, vector.id


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_part_in_1e8_is_noticed(algorithm: str) -> None:
    """A port whose parameters are off by 1e-8 of themselves after each step fails the default float64 vectors."""

    class Sloppy(MethodPort):
        def step(self, grads: list[Any], loss: float) -> list[Any]:
            self._params = [np.asarray(x * (1 + 1e-8)) for x in super().step(grads, loss)]
            return self._params

    vectors = [v for v in load(algorithm).vectors if v.id == f"{algorithm}-float64-basic"]
    for vector in vectors:
        deviation = first_deviation(vector, observe(Sloppy(ALGORITHMS[algorithm]), vector, buffers=False))
        assert deviation is not None
        assert deviation.step == 1
