"""A reference method (or a variant of one) as a port, and a run of it without a process of its own."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from momoracle.ports.protocol import Port, plain
from momoracle.ports.running.messages import Observed
from momoracle.reference import Method
from momoracle.reference.golden.vectors import FloatArray, GoldenVector


class MethodPort:
    """Runs a `Method` under the protocol of ports; its buffers are the quantities of the trace."""

    def __init__(self, method: type[Method]) -> None:
        self._class = method

    def start(self, params: list[FloatArray], **hyperparameters: Any) -> None:
        """Begin a run at ``params``."""
        self._method = self._class(**hyperparameters)
        self._params = params
        self._state = self._method.init(params)

    def step(self, grads: list[FloatArray], loss: float) -> list[FloatArray]:
        """Take one step of the method."""
        self._params, self._state, self._trace = self._method.step(self._params, grads, self._state, loss)
        return self._params

    def set_params(self, params: list[FloatArray]) -> None:
        """Go on from ``params``."""
        self._params = params

    def state(self) -> dict[str, list[FloatArray]]:
        """Return every quantity of the last step."""
        quantities = self._trace._asdict().items()
        return {name: [np.asarray(z) for z in (q if isinstance(q, list) else [q])] for name, q in quantities}


def observe(port: Port, vector: GoldenVector, buffers: bool = True) -> Iterator[Observed]:
    """Run a vector on a port in this process, and yield what it returns where the vector records results."""
    port.start(list(vector.params), **plain(vector.hyperparameters))
    for k, step in enumerate(vector.steps, start=1):
        params = port.step(list(step.grads), step.loss)
        if step.expected:
            state: dict[str, list[FloatArray]] = getattr(port, "state", dict)() if buffers else {}
            yield Observed(k, tuple(params), {name: tuple(arrays) for name, arrays in state.items()})
