"""What each method is to the kernels: which tensors and scalars they keep, trace and are set by, in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from momoracle.reference import TAM, AdaTAM, AdaTAMW, Method, MoMo, MoMoAdam

_MODEL_SCALARS = ("loss_average", "offset", "next_lower_bound")
_MODEL_TRACE = (
    "loss_average",
    "offset",
    "weight_sum",
    "inner_product",
    "model_value",
    "direction_norm_sq",
    "lower_bound",
    "step_size",
)
_TORQUE_TRACE = ("cosine", "cosine_average", "damping")


@dataclass(frozen=True)
class Program:
    """A method's kernels: ``tensors`` and ``scalars`` of its state, the scalars of its trace, and its settings.

    ``recursive`` tells whether the model value can follow M11; ``settings`` gives the numbers in the order of the
    enumerations in ``scalars.cuh``.
    """

    kernel: str
    tensors: tuple[str, ...]
    scalars: tuple[str, ...]
    traced: tuple[str, ...]
    settings: Callable[[Any, bool], tuple[float, ...]]
    recursive: bool = False


def _momo(m: MoMo, recursion: bool) -> tuple[float, ...]:
    return m.beta, m.lower_bound, m.weight_decay, m.estimate_lower_bound, m.bias_correction, recursion


def _momo_adam(m: MoMoAdam, recursion: bool) -> tuple[float, ...]:
    start = (m.beta1, m.lower_bound, m.weight_decay, m.estimate_lower_bound, True, recursion)
    return (*start, m.beta2, m.eps, m.decoupled_decay)


def _tam(m: TAM, _: bool) -> tuple[float, ...]:
    return m.beta, m.gamma, m.eps, m.weight_decay


def _adatam(m: AdaTAM, _: bool) -> tuple[float, ...]:
    decay = m.weight_decay if isinstance(m, AdaTAMW) else 0.0
    return m.beta1, m.gamma, m.eps, decay, m.averaged_momentum, m.bias_correction, m.beta2


_ADATAM = Program("adatam", ("momentum", "second_moment"), ("cosine_average",), _TORQUE_TRACE, _adatam)

PROGRAMS: dict[type[Method], Program] = {
    MoMo: Program("momo", ("gradient_average",), _MODEL_SCALARS, _MODEL_TRACE, _momo, recursive=True),
    MoMoAdam: Program(
        "momo_adam",
        ("gradient_average", "second_moment"),
        _MODEL_SCALARS,
        _MODEL_TRACE,
        _momo_adam,
        recursive=True,
    ),
    TAM: Program("tam", ("momentum",), ("cosine_average",), _TORQUE_TRACE, _tam),
    AdaTAM: _ADATAM,
    AdaTAMW: _ADATAM,
}
