"""For each method: its kernel, and the order of state tensors, state scalars, trace scalars and settings in its tables.

Tensors and scalars are in the order of the fields of the method's State and Trace, and the kernels read and write them
in that order. Only the settings are listed here, because the kernels need them as plain numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from momoracle.reference import TAM, AdaTAM, AdaTAMW, Method, MoMo, MoMoAdam


@dataclass(frozen=True)
class Program:
    """The kernel of a method, and what its tables hold.

    Args:
        method: the class of the reference.
        kernel: the name of the CUDA source, without the ending.
        settings: returns the numbers of a method in the order of the enumerations in ``scalars.cuh``; its second
            argument says whether the model value follows the recursion M11.
        is_recursive: whether the kernel can follow M11.
    """

    method: type[Method]
    kernel: str
    settings: Callable[[Any, bool], tuple[float, ...]]
    is_recursive: bool = False

    @property
    def tensors(self) -> tuple[str, ...]:
        """The fields of the state that hold an array for each parameter tensor."""
        return tuple(name for name in self._state_fields if name in self.method.tensors)

    @property
    def scalars(self) -> tuple[str, ...]:
        """The fields of the state that hold numbers, the number of steps left out."""
        return tuple(name for name in self._state_fields if name not in self.method.tensors)

    @property
    def trace_scalars(self) -> tuple[str, ...]:
        """The fields of the trace that hold numbers."""
        return tuple(name for name in self.method.Trace._fields if name not in self.method.tensors)

    @property
    def _state_fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.method.State._fields if name not in ("step", "replicas"))


def _list_momo_settings(m: MoMo, recursion: bool) -> tuple[float, ...]:
    return m.beta, m.lower_bound, m.weight_decay, m.estimate_lower_bound, m.bias_correction, recursion


def _list_momo_adam_settings(m: MoMoAdam, recursion: bool) -> tuple[float, ...]:
    bias_correction = True  # of MoMo-Adam's averages, always
    model = (m.beta1, m.lower_bound, m.weight_decay, m.estimate_lower_bound, bias_correction, recursion)
    return (*model, m.beta2, m.eps, m.decoupled_decay)


def _list_tam_settings(m: TAM, _: bool) -> tuple[float, ...]:
    return m.beta, m.gamma, m.eps, m.weight_decay


def _list_adatam_settings(m: AdaTAM, _: bool) -> tuple[float, ...]:
    decay = m.weight_decay if isinstance(m, AdaTAMW) else 0.0  # AdaTAM is AdaTAMW without weight decay
    return m.beta1, m.gamma, m.eps, decay, m.averaged_momentum, m.bias_correction, m.beta2


PROGRAMS: dict[type[Method], Program] = {
    program.method: program
    for program in (
        Program(MoMo, "momo", _list_momo_settings, is_recursive=True),
        Program(MoMoAdam, "momo_adam", _list_momo_adam_settings, is_recursive=True),
        Program(TAM, "tam", _list_tam_settings),
        Program(AdaTAM, "adatam", _list_adatam_settings),
        Program(AdaTAMW, "adatam", _list_adatam_settings),
    )
}
