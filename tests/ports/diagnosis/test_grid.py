"""A narrow buffer is told from a small mistake: the numbers of the one are float32, those of the other are not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.examined import examine_here

from momoracle.ports import Report
from momoracle.ports.diagnosis.propose import LONG
from momoracle.reference.golden.files import load


class Momentum:
    """Heavy ball; `kept` is what becomes of the momentum before it is used."""

    def start(self, params: list[Any], lr: Any, beta: float, weight_decay: float) -> None:
        self.params, self.lr, self.beta, self.decay, self.k = params, lr, beta, weight_decay, 0
        self.momentum: list[Any] = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for i, g in enumerate(grads):
            self.momentum[i] = self.kept(self.momentum[i], g + self.decay * self.params[i])
            self.params[i] = np.asarray(self.params[i] - rate * self.momentum[i].astype(g.dtype), dtype=g.dtype)
        return self.params

    def kept(self, m: Any, g: Any) -> Any:
        raise NotImplementedError


class ComputedInFloat32(Momentum):
    """Each of its operations rounds to float32: other roundings than one of the sum."""

    def kept(self, m: Any, g: Any) -> Any:
        return np.asarray(np.float32(self.beta) * m.astype(np.float32) + g.astype(np.float32))


class NearlyRight(Momentum):
    """Off by as much as float32 is, and no number of it is float32."""

    def kept(self, m: Any, g: Any) -> Any:
        return np.asarray(self.beta * m + g * (1 + 3e-8))


class ReturnsFloat32(Momentum):
    """Computes all in float32 and returns that as float64."""

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = np.float32(self.lr(self.k) if callable(self.lr) else self.lr)
        for i, grad in enumerate(grads):
            g, x = grad.astype(np.float32), self.params[i].astype(np.float32)
            self.momentum[i] = np.float32(self.beta) * self.momentum[i].astype(np.float32) + (
                g + np.float32(self.decay) * x
            )
            self.params[i] = np.asarray(x - rate * self.momentum[i], dtype=grad.dtype)
        return self.params


def examined(factory: Any) -> Report:
    content = load("sgdm")
    short = tuple(v for v in content.vectors if content.kind(v) == "core" and len(v.steps) <= LONG)
    return examine_here("sgdm", factory, replace(content, vectors=short), factory.__name__)


@pytest.mark.parametrize(
    ("factory", "names"),
    [(ComputedInFloat32, ["momentum-float32"]), (ReturnsFloat32, ["float32-inside"]), (NearlyRight, [])],
)
def test_only_numbers_on_the_grid_are_called_narrow(factory: Any, names: list[str]) -> None:
    report = examined(factory)
    assert report.verdict == "deviates"
    assert report.to_json()["explanation"] == names
