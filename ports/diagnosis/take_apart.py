"""An update taken apart: the parameters alone tell whether the direction is wrong, its length, or the decay.

Every method moves the parameters within the span of a few vectors that a golden vector records:

    SGD        x⁺ = a x − b g                     MoMo        x⁺ = a x − b d
    SGDM, TAM  x⁺ = a x − b m_old − c g           MoMo-Adam   x⁺ = a x − b D⁻¹d
    Adam(W)    x⁺ = a x − b m̂/(√v̂ + ε)            AdaTAM(W)   x⁺ = a x − b m_old/(√v + ε) − c g/(√v + ε)

What a port returned is fitted to them by least squares. Where it lies outside of the span the direction is wrong;
inside, the coefficient that differs names the factor that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from momoracle.reference.golden.vectors import Vector

Row: TypeAlias = NDArray[np.float64]

_SURE = 20  # times the tolerance: what differs by less is not told apart
_DEPENDENT = 1e-3  # smallest singular value of unit vectors that still count as independent


@dataclass(frozen=True)
class Term:
    """One coefficient: what it is in words, the quantity whose equation gives it, and its two values."""

    name: str
    quantity: str
    observed: float
    expected: float
    off: bool


@dataclass(frozen=True)
class Parts:
    """An update fitted to its span: whether it lies within, and each coefficient."""

    inside: bool
    terms: tuple[Term, ...]


#: what the coefficients are, and the quantities whose equations give them
_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "sgd": (("the step size", "params"),),
    "sgdm": (("the weight of the old momentum", "momentum"), ("the weight of the gradient", "momentum")),
    "adam": (("the step size", "params"),),
    "momo": (("the step size τ", "step_size"),),
    "tam": (("the weight of the old momentum", "momentum"), ("the weight of the gradient, ε + d", "damping")),
}
_NAMES |= {"adamw": _NAMES["adam"], "momo-adam": _NAMES["momo"], "adatam": _NAMES["tam"], "adatamw": _NAMES["tam"]}

#: the quantity whose equation is broken where the update leaves the span
DIRECTION = {
    "sgd": "params",
    "sgdm": "momentum",
    "adam": "params",
    "adamw": "params",
    "momo": "gradient_average",
    "momo-adam": "preconditioner",
    "tam": "cosine",
    "adatam": "second_moment",
    "adatamw": "second_moment",
}
_WHOLE = ("momo", "momo-adam")  # methods in which all tensors together are one vector


def take_apart(vector: Vector, k: int, observed: Sequence[Any]) -> Parts | None:
    """Return what a port's parameters after step ``k`` (from 1) are made of.

    All tensors together are fitted where the method takes them so, else the largest one. None where that cannot tell:
    what came before is not recorded, or the vectors of the span are as many as the entries, or depend on each other.
    """
    step = vector.steps[k - 1]
    before = vector.steps[k - 2].expected if k > 1 else {"params": None}
    if not before or "params" not in step.expected:
        return None
    old: Sequence[Any] = vector.params if k == 1 else vector.steps[k - 2].expected["params"].values
    largest = max(range(len(vector.params)), key=lambda i: vector.params[i].size)
    tensors = range(len(vector.params)) if vector.algorithm in _WHOLE else (largest,)

    def row(arrays: Sequence[Any]) -> Row:
        return np.concatenate([np.asarray(arrays[i], dtype=np.float64).reshape(-1) for i in tensors])

    x, seen, want = row(old), row(observed), row(step.expected["params"].values)
    allowed = float(np.linalg.norm(row(step.expected["params"].tolerances)))
    spans = [-row(arrays) for arrays in _span(vector, k)]
    names = list(_NAMES[vector.algorithm])
    if vector.hyperparameters.get("weight_decay"):
        spans, names = [x, *spans], [("the factor of x", "params"), *names]
    else:
        seen, want = seen - x, want - x
    used = [i for i, part in enumerate(spans) if np.any(part)]
    if not used or not np.isfinite(seen).all() or len(x) <= len(used):
        return None
    sizes = np.array([np.linalg.norm(spans[i]) for i in used])
    basis = np.stack([spans[i] for i in used], axis=1) / sizes
    if (least := float(np.linalg.svd(basis, compute_uv=False)[-1])) < _DEPENDENT:
        return None
    (got, residual), (right, _) = (_fit(basis, target) for target in (seen, want))
    tolerance = _SURE * allowed / least
    terms = [
        Term(*names[i], float(a / size) + 0.0, float(b / size) + 0.0, bool(abs(a - b) > tolerance))
        for i, a, b, size in zip(used, got, right, sizes, strict=True)
    ]
    proximal = vector.hyperparameters.get("weight_decay") and not vector.hyperparameters.get("decoupled_decay")
    if proximal and "step_size" in step.expected and used == [0, 1]:
        tau = float(step.expected["step_size"].values[0])
        terms[1] = _divided(terms[0], terms[1], tau, tolerance / float(sizes[1]))
    return Parts(residual <= tolerance, tuple(terms))


def _divided(x: Term, d: Term, tau: float, tolerance: float) -> Term:
    """Return the factor of d, which (16) makes τ/(1 + αλ): its τ may be right where the factor itself is not."""
    name, quantity = "the factor of d, τ/(1 + αλ),", "step_size"
    if abs(d.observed - tau) <= tolerance:
        name, quantity = "the factor of d, τ for τ/(1 + αλ),", "params"
    elif x.off and abs(d.observed - d.expected * x.observed / x.expected) <= tolerance:
        name, quantity = "the factor of d, as that of x,", "params"
    return replace(d, name=name, quantity=quantity)


def _fit(basis: Row, target: Row) -> tuple[Row, float]:
    coefficients = np.asarray(np.linalg.lstsq(basis, target, rcond=None)[0], dtype=np.float64)
    return coefficients, float(np.linalg.norm(basis @ coefficients - target))


def _span(vector: Vector, k: int) -> list[list[Row]]:
    """Return the vectors of the span beside x, each as one array a tensor, in the order of their names."""
    step, h = vector.steps[k - 1], vector.hyperparameters
    now = {name: expected.values for name, expected in step.expected.items()}
    zero = [np.zeros(array.shape) for array in vector.params]
    old = vector.steps[k - 2].expected["momentum"].values if k > 1 and "momentum" in now else zero
    g = [np.asarray(grad, dtype=np.float64) for grad in step.grads]
    match vector.algorithm:
        case "momo":
            return [list(now["gradient_average"])]
        case "momo-adam":
            return [[_over(d, p) for d, p in zip(now["gradient_average"], now["preconditioner"], strict=True)]]
        case "adam" | "adamw":
            fading: Any = h["beta2"]
            corrected = [np.sqrt(v / (1 - fading**k)) + h["eps"] for v in now["second_moment"]]
            return [[_over(m, p) for m, p in zip(now["gradient_average"], corrected, strict=True)]]
        case "adatam" | "adatamw":
            roots = [np.sqrt(v) + h["eps"] for v in now["second_moment"]]
            return [[_over(z, p) for z, p in zip(part, roots, strict=True)] for part in (old, g)]
        case "sgdm" | "tam":
            return [list(old), g]
        case _:
            return [g]


def _over(a: Any, b: Any) -> Any:
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)
