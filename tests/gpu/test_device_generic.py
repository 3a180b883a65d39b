"""The generic path: the reference's own text on CuPy's arrays, against every golden vector of every algorithm."""

from typing import Any

import numpy as np
import pytest

from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load


class GenericPort(MethodPort):
    """A method over CuPy's arrays, its results carried back."""

    def __init__(self, method: Any, cupy: Any) -> None:
        super().__init__(method)
        self._cupy = cupy

    def start(self, params: list[Any], **hyperparameters: Any) -> None:
        super().start([self._cupy.asarray(z) for z in params], **hyperparameters)

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        new: list[Any] = super().step([self._cupy.asarray(z) for z in grads], loss)
        return [z.get() for z in new]

    def state(self) -> dict[str, list[Any]]:
        quantities = self._trace._asdict().items()
        return {name: [self._here(z) for z in (q if isinstance(q, list) else [q])] for name, q in quantities}

    def _here(self, value: Any) -> Any:
        return value.get() if isinstance(value, self._cupy.ndarray) else np.asarray(value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_all_vectors_hold_in_every_quantity(algorithm: str, cupy: Any) -> None:
    vectors = load(algorithm).vectors
    assert len(vectors) > 20
    for vector in vectors:
        port = GenericPort(ALGORITHMS[algorithm], cupy)
        assert first_deviation(vector, observe(port, vector)) is None, vector.id
        assert isinstance(port._params[0], cupy.ndarray)
