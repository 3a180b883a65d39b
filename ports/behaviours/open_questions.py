"""MoMo and MoMo-Adam where the papers are silent: several learning rates, missing gradients, tensors that come late.

Each can be read in more than one way, and all that are here are sensible; a port has to follow one of them. Without
weight decay, f_* = 0. Source: MoMo (15)–(16); `Reading` says what is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from momoracle.ports.behaviours.bench import Input, Run
from momoracle.ports.methods.registry import facts_of
from momoracle.reference.golden.vectors import FloatArray


@dataclass(frozen=True)
class Reading:
    """How a port understands what the papers leave open.

    Attributes:
        rates: one α_g a tensor: the model's exact minimiser, τ_g = (α_g/ρ) min{1, ρ (h − ρ f_*)_+ / Σ α_g ‖d_g‖²}, or
            the authors' min{α_g/ρ, (h − ρ f_*)_+ / ‖d‖²}.
        missing: a gradient that is None counts as zero, or its tensor is left alone, state and all, and has no part in
            the inner products of that step.
        late: a tensor that comes late starts with averages of zero, as though its gradients had been, or at its first
            gradient.
        count: the steps that correct a tensor's second moment for its bias are its own, or everyone's; empty where it
            makes no difference.
    """

    rates: Literal["exact", "authors"] = "authors"
    missing: Literal["zero", "left alone"] = "zero"
    late: Literal["zero", "first gradient"] = "zero"
    count: Literal["", "own", "shared"] = ""


@dataclass
class _Tensor:
    x: FloatArray
    d: FloatArray
    v: FloatArray
    gamma: float = 0.0
    count: int = 0
    scale: Any = field(default=1.0)  # D


def rate_readings() -> list[Reading]:
    """Return the readings of several learning rates (M12)."""
    return [Reading(rates="authors"), Reading(rates="exact")]


def missing_readings(algorithm: str) -> list[Reading]:
    """Return the readings of a gradient that is None."""
    return [Reading(), *(Reading(missing="left alone", count=count) for count in _counts(algorithm))]


def late_readings(algorithm: str) -> list[Reading]:
    """Return the readings of a tensor that comes late."""
    if algorithm == "momo":  # MoMo-Adam's averages always start at zero
        return [Reading(), Reading(late="first gradient")]
    return [Reading(count=count) for count in _counts(algorithm)]


def _counts(algorithm: str) -> Sequence[Literal["", "own", "shared"]]:
    return ("own", "shared") if algorithm == "momo-adam" else ("",)


def iterates(
    algorithm: str,
    data: Input,
    reading: Reading,
    *,
    rates: Sequence[float] = (),
    missing: Sequence[tuple[int, int]] = (),
    born: Sequence[int] = (),
) -> Run:
    """Return the iterates under ``reading``.

    Args:
        algorithm: ``momo`` or ``momo-adam``, with the paper's defaults.
        data: the input; its learning rate is every tensor's unless there are ``rates``, one a tensor.
        reading: how the open questions are answered.
        rates: α of each tensor.
        missing: (step, tensor) of every gradient that is None, both from 0.
        born: the step, from 0, that each tensor comes with.
    """
    n = len(data.params)
    rates, born = list(rates) or [float(data.hyperparameters["lr"])] * n, list(born) or [0] * n
    given = facts_of(algorithm).defaults
    adam = algorithm == "momo-adam"
    beta = float(given["beta1" if adam else "beta"])
    tensors = [_Tensor(x.astype(np.float64), np.zeros(x.shape), np.zeros(x.shape)) for x in data.params]
    f_bar, run = 0.0, []
    for k, (grads, loss) in enumerate(zip(data.grads, data.losses, strict=True)):
        f_bar = loss if k == 0 and not adam else beta * f_bar + (1 - beta) * loss
        rho = 1 - beta ** (k + 1) if adam else 1.0
        taking: list[tuple[_Tensor, float]] = []
        for i, tensor in enumerate(tensors):
            if k < born[i] or ((k, i) in missing and reading.missing == "left alone"):
                continue
            g = np.zeros_like(tensor.x) if (k, i) in missing else grads[i].astype(np.float64)
            starts = tensor.count == 0 and not adam and (k == 0 or reading.late == "first gradient")
            _average(tensor, g, 0.0 if starts else beta)
            if adam:
                steps = tensor.count if reading.count == "own" else k + 1
                _precondition(tensor, g, float(given["beta2"]), float(given["eps"]), steps)
            taking.append((tensor, rates[i]))
        _step(taking, f_bar, rho, reading.rates)
        run.append([tensor.x.copy() for tensor in tensors])
    return run


def _average(tensor: _Tensor, g: FloatArray, beta: float) -> None:
    tensor.d = beta * tensor.d + (1 - beta) * g
    tensor.gamma = beta * tensor.gamma + (1 - beta) * float(np.sum(g * tensor.x))
    tensor.count += 1


def _precondition(tensor: _Tensor, g: FloatArray, beta2: float, eps: float, steps: int) -> None:
    tensor.v = beta2 * tensor.v + (1 - beta2) * g**2
    tensor.scale = eps + np.sqrt(tensor.v / (1 - beta2**steps))


def _step(taking: list[tuple[_Tensor, float]], f_bar: float, rho: float, rates: str) -> None:
    gap = max(f_bar + sum(float(np.sum(t.d * t.x)) - t.gamma for t, _ in taking), 0.0)  # (h − ρ f_*)_+ with f_* = 0
    norms = [float(np.sum(t.d**2 / t.scale)) for t, _ in taking]  # ‖d_g‖² in D⁻¹
    reach = sum(alpha * norm for (_, alpha), norm in zip(taking, norms, strict=True))
    for tensor, alpha in taking:
        exact, authors = alpha / rho * min(1.0, rho * gap / reach), min(alpha / rho, gap / sum(norms))
        tau = exact if rates == "exact" else authors
        tensor.x = tensor.x - tau * tensor.d / tensor.scale
