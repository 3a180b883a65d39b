"""A fused step whose arrays are NumPy's, on whatever machine it runs: the same test serves the host and a device."""

from typing import Any

import numpy as np

from momoracle.gpu import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import Method


class Carried:
    """Carries the arrays of a step to a machine, and its results back."""

    def __init__(self, method: Method, machine: Machine, recursion: bool = False) -> None:
        self._fused, self._machine = Fused(method, recursion=recursion, machine=machine), machine

    def init(self, params: Any) -> Any:
        return self._back(self._fused.init(self.there(params)))

    def step(self, params: Any, grads: Any, state: Any, loss: Any = None) -> Any:
        there = self.there
        return self._back(self._fused.step(there(params), there(grads), there(state), loss))

    def there(self, value: Any) -> Any:
        """Return a structure with a copy on the machine in place of each of NumPy's arrays."""
        if not isinstance(value, np.ndarray):
            return _each(self.there, value)
        copy = self._machine.empty(value.shape, value.dtype)
        self._machine.write(copy, np.ascontiguousarray(value).reshape(value.shape))
        return copy

    def _back(self, value: Any) -> Any:
        is_array = hasattr(value, "dtype")
        return self._machine.read(value) if is_array else _each(self._back, value)


def _each(carry: Any, value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    parts = [carry(part) for part in value]
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
