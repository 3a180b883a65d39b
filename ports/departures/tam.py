"""Departures from TAM, AdaTAM and AdaTAMW."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.ports.departures.departure import Departure, edit
from momoracle.reference import Method

_OPTIMIZERS = "https://github.com/kozistr/pytorch_optimizer/blob/main/pytorch_optimizer/optimizer/tam.py"
_COSINE_SIMILARITY = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html"
_NORMALIZE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html"
_TENSORS = 'tensors: ClassVar[tuple[str, ...]] = (‹›"momentum"'
_NORMS = "‹n.sqrt(mm) * n.sqrt(gg)›"
_AVERAGE = "‹gamma * average + (1 - gamma) * s›"


def _by_columns(method: type[Method]) -> type[Method]:
    """Return ``method`` applied to the columns (entries that differ in the first index alone) of every tensor."""

    class ByColumns(method):  # type: ignore[misc, valid-type]
        def init(self, params: Any, replicas: int | None = None) -> Any:
            return super().init(_columns(params), replicas)

        def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
            columns, state, trace = super().step(_columns(params), _columns(grads), state, loss, out)
            return _joined(columns, params), state, trace

    return ByColumns


def _columns(arrays: Sequence[Any]) -> list[Any]:
    return [column for array in arrays for column in _table(array).T]


def _table(array: Any) -> Any:
    """Return the array as a matrix whose columns are the vectors along its first dimension."""
    return array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim > 1 else array.reshape(-1, 1)


def _joined(columns: list[Any], like: Sequence[Any]) -> list[Any]:
    waiting, joined = iter(columns), []
    for array in like:
        table = np.empty_like(_table(array))
        for j in range(table.shape[1]):
            table[:, j] = next(waiting)
        joined.append(table.reshape(array.shape))
    return joined


_TORQUE = (
    edit("damping-reversed", "damping", "d = (1 − ŝ)/2", ("(1 + ‹›s_hat", "-1.0 * ")),
    edit(
        "damping-unhalved",
        "damping",
        "d = 1 + ŝ",
        ("n.bounded(‹(1 + s_hat) / 2, fading / 2, 1 - fading / 2›)", "1 + s_hat, fading, 2 - fading"),
    ),
    edit("damping-constant", "damping", "d = ½ whatever the angle", ("(1 + ‹›s_hat) / 2", "0 * ")),
    edit("weights-swapped", "cosine_average", "ŝ ← (1−γ) ŝ + γ s", (_AVERAGE, "(1 - gamma) * average + gamma * s")),
    edit("memoryless", "cosine_average", "ŝ = s", (_AVERAGE, "s")),
    edit("average-corrected", "cosine_average", "d takes ŝ / (1 − γ^k)", ("(1 + s_hat‹›) / 2", " / (1 - fading)")),
    edit(
        "cosine-angle",
        "cosine",
        "s = <m, g>² / (‖m‖² ‖g‖²)",
        ("n.quotient(‹mg, n.sqrt(mm) * n.sqrt(gg)›)", "mg * mg, mm * gg"),
    ),
    edit(
        "norms-clamped-1e-6",
        "cosine",
        "norms below 1e-6 count as 1e-6",
        (_NORMS, "n.maximum(n.sqrt(mm), n.scalar(1e-6)) * n.maximum(n.sqrt(gg), n.scalar(1e-6))"),
    ),
    edit(
        "norms-clamped-1e-12",
        "cosine",
        "norms below 1e-12 count as 1e-12",
        (_NORMS, "n.maximum(n.sqrt(mm), n.scalar(1e-12)) * n.maximum(n.sqrt(gg), n.scalar(1e-12))"),
        link=_NORMALIZE,
    ),
    edit(
        "norms-clamped-1e-8",
        "cosine",
        "norms below 1e-8 count as 1e-8",
        (_NORMS, "n.maximum(n.sqrt(mm), n.scalar(1e-8)) * n.maximum(n.sqrt(gg), n.scalar(1e-8))"),
        link=_COSINE_SIMILARITY,
    ),
    edit("one-cosine", "cosine", "one cosine over all tensors", ("return ‹self.per_tensor›", "False")),
    edit(
        "product-unsummed",
        "cosine",
        "the entries of m g / (‖m‖ ‖g‖) are never added: one s, ŝ and d an entry",
        ("s = ‹n.bounded(›n.quotient(", "m * g * "),
        ("n.quotient(‹mg›,", "n.scalar(1)"),
        ("n.sqrt(gg))‹, n.scalar(-1), n.scalar(1))›", ""),
        ("s_hat = ‹n.bounded›(", ""),
        ("* s‹, fading - 1, 1 - fading›)", ""),
        ("d = ‹n.bounded›(", ""),
        ("/ 2‹, fading / 2, 1 - fading / 2›)", ""),
        (_TENSORS, '"cosine", "cosine_average", "damping", '),
        ('return ‹{"cosine_average": 0}›', "{}"),
        link=_OPTIMIZERS,
    ),
    Departure(
        "by-columns",
        "one cosine a column of a matrix: norms along dimension 0",
        "cosine",
        around=_by_columns,
        link=_OPTIMIZERS,
    ),
)

TAM = (
    *_TORQUE,
    edit(
        "start-at-gradient",
        "momentum",
        "m starts at the first gradient, so that the first cosine is 1",
        ("        ‹›turn = torque(", "state = state._replace(momentum=g) if now.k == 1 else state\n        "),
        link=_OPTIMIZERS,
    ),
    edit(
        "momentum-averaged",
        "momentum",
        "m ← β m + (1−β) (ε + d) g",
        ("state.momentum + ‹›(n.scalar(self.eps)", "(1 - n.scalar(self.beta)) * "),
    ),
    edit(
        "damping-of-momentum",
        "momentum",
        "m ← (ε + d) β m + g",
        ("m = ‹›n.scalar(self.beta)", "(n.scalar(self.eps) + turn.damping) * "),
        ("momentum + ‹(n.scalar(self.eps) + turn.damping) * ›g", ""),
    ),
    edit("eps-missing", "momentum", "the damping has no ε", ("(‹n.scalar(self.eps) + ›turn.damping)", "")),
    edit(
        "cosine-of-new-momentum",
        "cosine",
        "the cosine is taken against β m + g",
        ("torque(‹state.momentum›, g,", "n.scalar(self.beta) * state.momentum + g"),
    ),
    edit(
        "nesterov",
        "params",
        "Nesterov's step",
        ("x - now.alpha * ‹m›,", "((n.scalar(self.eps) + turn.damping) * g + n.scalar(self.beta) * m)"),
    ),
    edit(
        "no-decay",
        "momentum",
        "the parameters do not decay",
        ("g = g‹ + n.scalar(self.weight_decay) * x›\n", ""),
        link=_OPTIMIZERS,
    ),
    edit(
        "decay-decoupled",
        "params",
        "decay is kept out of the momentum: θ ← (1 − ηλ) θ − η m",
        ("g = g‹ + n.scalar(self.weight_decay) * x›\n", ""),
        ("Advance(‹x› - ", "(1 - now.alpha * n.scalar(self.weight_decay)) * x"),
    ),
    edit(
        "decay-after-cosine",
        "cosine",
        "the cosine is taken with the gradient without decay",
        ("torque(state.momentum, ‹g›, state", "g - n.scalar(self.weight_decay) * x"),
    ),
)

ADATAM = (
    *_TORQUE,
    edit(
        "start-at-gradient",
        "momentum",
        "m starts at the first gradient, so that the first cosine is 1",
        ("        ‹›turn = torque(", "state = state._replace(momentum=g) if now.k == 1 else state\n        "),
    ),
    edit(
        "momentum-averaged",
        "momentum",
        "m ← β₁ m + (1−β₁) (ε + d) g",
        ("else ‹›eps + turn.damping", "(1 - beta1) * ("),
        ("else eps + turn.damping‹›\n", ")"),
    ),
    edit(
        "mean-corrected",
        "params",
        "m is divided by 1 − β₁^k",
        ("direction = m‹› / (n.sqrt(v) + eps)", " / (1 - beta1**k)"),
    ),
    edit("moment-corrected", "params", "v is divided by 1 − β₂^k", ("m / (n.sqrt(v‹›) + eps)", " / (1 - beta2**k)")),
    edit("eps-in-root", "params", "ε stands under the root", ("m / (n.sqrt(v‹) + eps›)", " + eps)")),
    edit("eps-missing", "momentum", "the damping has no ε", ("else ‹eps + ›turn.damping", "")),
    edit(
        "moment-damped",
        "second_moment",
        "v averages the square of the damped gradient",
        ("(1 - beta2) * (‹g * g›)", "weight * g * (weight * g)"),
    ),
    edit("moment-of-momentum", "second_moment", "v averages m²", ("(1 - beta2) * (‹g * g›)", "m * m")),
    edit(
        "betas-swapped",
        "momentum",
        "β₁ and β₂ are exchanged",
        ("eps = n.scalar(self.beta‹1›)", "2"),
        (", n.scalar(self.beta‹2›), n", "1"),
    ),
    edit(
        "cosine-of-new-momentum",
        "cosine",
        "the cosine is taken against β₁ m + g",
        ("torque(‹state.momentum›, g,", "beta1 * state.momentum + g"),
    ),
)

ADATAMW = (
    *ADATAM,
    edit("no-decay", "params", "the parameters do not decay", ("super().advance(‹decay * x›,", "x")),
    edit("decay-unscaled", "params", "1 − λ stands for 1 − αλ", ("1 - ‹now.alpha * ›now.numbers", "")),
    edit(
        "decay-inverse",
        "params",
        "1/(1 + ηλ) stands for 1 − ηλ",
        (
            "decay = ‹1 - now.alpha * now.numbers.scalar(self.weight_decay)›",
            "1 / (1 + now.alpha * now.numbers.scalar(self.weight_decay))",
        ),
    ),
    edit(
        "decay-coupled",
        "momentum",
        "λ θ is added to the gradient",
        ("super().advance(‹decay * x, g›,", "x, g + now.numbers.scalar(self.weight_decay) * x"),
    ),
)
