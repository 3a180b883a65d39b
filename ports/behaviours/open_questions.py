"""MoMo and MoMo-Adam where the papers are silent: several learning rates, missing gradients, tensors that come late.

Each can be read in more than one way, and all that are here are sensible; a port has to follow one of them. A reading
is run on the reference's own text: this file says only which tensors take part in a step, what their averages start
with, and which rate each has. Without weight decay, f_* = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from momoracle.ports.behaviours.bench import Input, Run
from momoracle.reference import Method
from momoracle.reference.frame.edited import Edit, edited
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.vectors import FloatArray

Count: TypeAlias = Literal["", "own", "shared"]


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
    count: Count = ""


def rate_readings() -> list[Reading]:
    """Return the readings of several learning rates (M12)."""
    return [Reading(rates="authors"), Reading(rates="exact")]


def missing_readings(algorithm: str) -> list[Reading]:
    """Return the readings of a gradient that is None after some that were not."""
    return [Reading(), *(Reading(missing="left alone", count=count) for count in _counts(algorithm))]


def first_missing_readings(algorithm: str) -> list[Reading]:
    """Return the readings of gradients that are None in the first steps of a tensor."""
    return [Reading(), *(replace(reading, missing="left alone") for reading in late_readings(algorithm))]


def late_readings(algorithm: str) -> list[Reading]:
    """Return the readings of a tensor that comes late."""
    if algorithm == "momo":  # MoMo-Adam's averages always start at zero
        return [Reading(), Reading(late="first gradient")]
    return [Reading(count=count) for count in _counts(algorithm)]


def late_and_missing_readings(algorithm: str) -> list[Reading]:
    """Return the readings of a tensor that comes late, and whose gradient is None at first."""
    late = late_readings(algorithm)
    return [*late, *(replace(reading, missing="left alone") for reading in late)]


def _counts(algorithm: str) -> Sequence[Count]:
    return ("own", "shared") if algorithm == "momo-adam" else ("",)


# What the exact minimiser changes in the text: a tensor's direction counts as much as its rate is to the first one's.
_WEIGHTED: dict[str, tuple[Edit, ...]] = {
    "momo": (
        ("(d, x), (d, ‹d›)", "n.leaf(weights) * d"),
        ("proximal_step(x, ‹d›, tau", "n.leaf(weights) * d"),
    ),
    "momo-adam": (("direction = ‹d / preconditioner›", "n.leaf(weights) * d / preconditioner"),),
}
# What a count of its own changes in the text: each tensor's second moment has its own correction.
_OWN_COUNT: dict[str, tuple[Edit, ...]] = {"momo-adam": (("v / ‹(1 - beta2**k)›", "n.leaf(corrections)"),)}


@dataclass(frozen=True)
class _Tensor:
    """One tensor of a run: where it is, its averages by name, its part of γ, and the steps that it took part in."""

    x: FloatArray
    averages: dict[str, FloatArray]
    offset: float = 0.0
    count: int = 0


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
    kept = [name for name in method_of(algorithm).State._fields if name in method_of(algorithm).tensors]
    starts = [x.astype(np.float64) for x in data.params]
    tensors = [_Tensor(x, {name: np.zeros_like(x) for name in kept}) for x in starts]
    alphas = list(rates) or [float(data.hyperparameters["lr"])] * len(tensors)
    loss_average, run = 0.0, []
    for k, (grads, loss) in enumerate(zip(data.grads, data.losses, strict=True)):
        # A tensor takes no part in a step before it is there, or where it is left alone for want of a gradient.
        absent = {i for i, step in enumerate(born) if k < step}
        absent |= {i for i in range(len(tensors)) if (k, i) in missing and reading.missing == "left alone"}
        taking = [i for i in range(len(tensors)) if i not in absent]
        wide = [grads[i].astype(np.float64) * ((k, i) not in missing) for i in taking]
        parts = [_begun(tensors[i], g, algorithm, k, reading) for i, g in zip(taking, wide, strict=True)]
        moved, loss_average = _step(
            algorithm, parts, wide, [alphas[i] for i in taking], (k, loss, loss_average), reading
        )
        for i, tensor in zip(taking, moved, strict=True):
            tensors[i] = tensor
        run.append([tensor.x.copy() for tensor in tensors])
    return run


def _begun(tensor: _Tensor, g: FloatArray, algorithm: str, k: int, reading: Reading) -> _Tensor:
    """Return a tensor with the averages that it starts with, where a later step than the first is its first one."""
    if tensor.count or not k or algorithm != "momo" or reading.late == "zero":
        return tensor
    return replace(tensor, averages={"gradient_average": g}, offset=float(np.sum(g * tensor.x)))


def _step(
    algorithm: str,
    tensors: Sequence[_Tensor],
    grads: Sequence[FloatArray],
    alphas: Sequence[float],
    now: tuple[int, float, float],
    reading: Reading,
) -> tuple[list[_Tensor], float]:
    """Return the tensors after one step of the reference, and the average of the losses.

    ``now`` is the step's number from 0, its loss, and the average of the losses before.
    """
    k, loss, loss_average = now
    plain = method_of(algorithm)

    def take(method: type[Method], parts: Sequence[_Tensor], gradients: Sequence[FloatArray], alpha: float) -> Any:
        averages = {name: [part.averages[name] for part in parts] for name in parts[0].averages}
        offset = sum(part.offset for part in parts)
        state = method.State(
            step=k, replicas=None, loss_average=loss_average, offset=offset, next_lower_bound=0.0, **averages
        )
        return method(lr=alpha).step([part.x for part in parts], list(gradients), state, loss)

    # The averages do not depend on the rate. So the authors' rule is a whole step with each tensor's own rate, of which
    # that tensor is kept; for the exact minimiser the rates stand in the text, relative to the first one.
    read = _edited(algorithm, k, tensors, alphas, reading)
    moved = []
    for i, tensor in enumerate(tensors):
        x, after, _ = take(read, tensors, grads, alphas[0] if reading.rates == "exact" else alphas[i])
        # γ is a sum over the tensors, of which some may be left alone: each keeps the part that it has alone.
        _, alone, _ = take(plain, [tensor], [grads[i]], alphas[i])
        averages = {name: getattr(after, name)[i] for name in tensor.averages}
        moved.append(_Tensor(x[i], averages, float(alone.offset), tensor.count + 1))
    return moved, float(after.loss_average)


def _edited(
    algorithm: str, k: int, tensors: Sequence[_Tensor], alphas: Sequence[float], reading: Reading
) -> type[Method]:
    """Return the reference with what this reading changes in its text in step ``k``, from 0; often nothing."""
    edits: list[Edit] = []
    if reading.rates == "exact":
        edits += _WEIGHTED[algorithm]
    if reading.count == "own" and any(tensor.count != k for tensor in tensors):
        edits += _OWN_COUNT[algorithm]
    if not edits:
        return method_of(algorithm)
    beta2 = getattr(method_of(algorithm), "beta2", 0.0)
    values = {
        "weights": [np.full_like(tensor.x, alpha / alphas[0]) for tensor, alpha in zip(tensors, alphas, strict=True)],
        "corrections": [np.full_like(tensor.x, 1 - beta2 ** (tensor.count + 1)) for tensor in tensors],
    }
    return edited(algorithm, edits, label="read otherwise", names=values)
