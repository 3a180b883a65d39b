"""The compiled step: the ordinary step, bit for bit, once both take their sums in the same order."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo_small import small

from momoracle import SGD, SGDM, TAM, AdaTAM, AdaTAMW, Adam, AdamW, MoMo, MoMoAdam
from momoracle.convergence import NO_CAP, Ensemble, Problem, Summary, least_squares, rates, run
from momoracle.convergence.linear_model import LinearModel
from momoracle.convergence.tile import Tile
from momoracle.reference import floats

pytest.importorskip("llvmlite", reason="needs the extra `fast`")

METHODS: dict[str, Any] = {
    "momo": MoMo(lr=NO_CAP),
    "momo capped": MoMo(lr=0.05, beta=0.5),
    "momo zero": MoMo(lr=1.0, bias_correction=True, weight_decay=0.01),
    "momo star": MoMo(lr=0.5, estimate_lower_bound=True, lower_bound=-1.0),
    "momo sgdm": MoMo(lr=0.1, lower_bound=-np.inf),
    "momo-adam": MoMoAdam(lr=0.1, weight_decay=0.01),
    "momo-adam star": MoMoAdam(lr=0.1, estimate_lower_bound=True, decoupled_decay=True, weight_decay=0.01),
    "tam": TAM(lr=0.05, weight_decay=0.01),
    "tam global": TAM(lr=0.05, per_tensor=False),
    "adatam": AdaTAM(lr=0.01),
    "adatam switched": AdaTAM(lr=0.01, averaged_momentum=True, bias_correction=True),
    "adatamw": AdaTAMW(lr=0.01, weight_decay=0.1),
    "sgd": SGD(lr=0.1),
    "sgdm": SGDM(lr=0.01, weight_decay=0.01),
    "adam": Adam(lr=0.01),
    "adamw": AdamW(lr=0.01),
}
LINEAR = (
    "least-squares",
    "absolute-loss",
    "huber",
    "hinge",
    "squared-hinge",
    "relu-regression",
    "noisy-least-squares",
    "noisy-absolute-loss",
)


def in_order(a: Any, b: Any) -> Any:
    """Return Σ a_i b_i, added in the order of the entries."""
    return np.add.accumulate(a * b, axis=-1)[..., -1]


@pytest.fixture
def sums_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ordinary step take its sums in the order in which the compiled one does."""

    def mean_loss(self: LinearModel, x: Any) -> Any:
        losses = self.loss(in_order(x[:, None, :], self.rows), self.targets)[0] + self.constant
        return np.add.accumulate(losses.astype(np.float64), axis=1)[:, -1] / len(self.rows)

    monkeypatch.setattr(np, "vecdot", in_order)
    monkeypatch.setattr(LinearModel, "mean_loss", mean_loss)


def contents(tiles: list[Tile]) -> dict[str, Any]:
    """Return everything that tiles hold, replica by replica."""
    found = {name: np.concatenate([t.rows[name] for t in tiles]) for name in tiles[0].rows}
    for name in tiles[0].ledgers:
        for part in ("checked", "first", "margin", "ratio"):
            found[f"{name} {part}"] = np.concatenate([getattr(t.ledgers[name], part) for t in tiles])
    found["retired"] = np.concatenate([t.retired for t in tiles])
    return found | {"capped": np.concatenate([t.capped for t in tiles])}


def differing(problem: Problem, method: Any, steps: int = 40, tile: int | None = None, **options: Any) -> list[str]:
    """Return what the compiled run and the ordinary one do not agree on, to the last bit."""
    watch = tuple(name for name in method.Trace._fields if name not in method.tensors)
    compiled, plain = (
        contents(list(run(Ensemble(problem, method, steps, watch=watch, compiled=one, **options), tile=tile)))
        for one in (True, False)
    )
    return [name for name in plain if not np.array_equal(compiled[name], plain[name], equal_nan=True)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.usefixtures("sums_in_order")
def test_every_method_takes_the_ordinary_step_bit_for_bit(method: Any, dtype: str) -> None:
    for name in ("least-squares", "hinge"):
        assert differing(small(name), method, seeds=19, dtype=dtype) == []


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.usefixtures("sums_in_order")
def test_every_loss_takes_the_ordinary_step_bit_for_bit(name: str) -> None:
    problem = small(name)
    for dtype in ("float64", "float32"):
        method = MoMo(lr=NO_CAP, beta=0.5, lower_bound=problem.constants.lower_bound)
        assert differing(problem, method, seeds=5, dtype=dtype) == []
