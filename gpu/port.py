"""Offer the fused steps as ports that the checker can run: ``momoracle check momo momoracle.gpu.port:momo``."""

from functools import partial
from typing import Any

from numpy.typing import NDArray

from momoracle.gpu.cuda_device import CudaDevice
from momoracle.gpu.fused import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import TAM, AdaTAM, AdaTAMW, Method, MoMo, MoMoAdam

HostArrays = list[NDArray[Any]]


class FusedPort:
    """Run a method's kernels under the protocol of ports; the buffers are the quantities of the trace."""

    def __init__(self, method: type[Method], machine: Machine | None = None, recursion: bool = False) -> None:
        self._class, self._recursion = method, recursion
        self._machine = CudaDevice() if machine is None else machine

    def start(self, params: HostArrays, **hyperparameters: Any) -> None:
        """Begin a run at ``params``."""
        self._fused = Fused(self._class(**hyperparameters), recursion=self._recursion, machine=self._machine)
        self._params = self._copy_to_machine(params)
        self._state = self._fused.init(self._params)

    def step(self, grads: HostArrays, loss: float) -> HostArrays:
        """Take one step."""
        self._params, self._state, self._trace = self._fused.step(
            self._params, self._copy_to_machine(grads), self._state, loss
        )
        return [self._machine.read(array) for array in self._params]

    def state(self) -> dict[str, HostArrays]:
        """Return the quantities of the last step; a scalar for each tensor is a list of arrays of one number."""
        return {name: self._copy_to_host(value) for name, value in self._trace._asdict().items() if value is not None}

    def _copy_to_machine(self, arrays: HostArrays) -> list[Any]:
        copies = [self._machine.empty(array.shape, array.dtype) for array in arrays]
        for copy, array in zip(copies, arrays, strict=True):
            self._machine.write(copy, array)
        return copies

    def _copy_to_host(self, value: Any) -> HostArrays:
        if isinstance(value, list):
            return [self._machine.read(array) for array in value]
        numbers = self._machine.read(value)
        return [numbers[i : i + 1].reshape(()) for i in range(numbers.size)] if numbers.ndim else [numbers]


momo = partial(FusedPort, MoMo)
momo_adam = partial(FusedPort, MoMoAdam)
tam = partial(FusedPort, TAM)
adatam = partial(FusedPort, AdaTAM)
adatamw = partial(FusedPort, AdaTAMW)
