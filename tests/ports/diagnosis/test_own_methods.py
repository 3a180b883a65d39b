"""Methods that the package has never seen: their ports are checked, and a planted mistake is noticed and explained."""

from typing import Any

import numpy as np
import pytest
from support.examined import examine_here
from support.own_methods import NESTEROV, NGN

import momoracle
from momoracle.ports import Report
from momoracle.ports.output.badge import badge
from momoracle.ports.output.junit import junit
from momoracle.ports.output.page import page
from momoracle.ports.output.terminal import render
from momoracle.reference.golden.files import vectors_of


class Nesterov:
    """Nesterov's momentum, as frameworks write it."""

    def start(self, params: list[Any], lr: Any, beta: float) -> None:
        self.params, self.lr, self.beta, self.k = params, lr, beta, 0
        self.momentum = [np.zeros_like(x) for x in params]

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        for i, g in enumerate(grads):
            self.momentum[i] = self.beta * self.momentum[i] + g
            self.params[i] = (self.params[i] - rate * self.direction(g, self.momentum[i])).astype(g.dtype)
        return self.params

    def direction(self, g: Any, m: Any) -> Any:
        return g + self.beta * m


class HeavyBall(Nesterov):
    def direction(self, g: Any, m: Any) -> Any:
        return m  # which is g + β m_{k−1}


class WithoutGradient(Nesterov):
    def direction(self, g: Any, m: Any) -> Any:
        return self.beta * m


class Squared(Nesterov):
    def direction(self, g: Any, m: Any) -> Any:
        return g * np.abs(g) + self.beta * m


class NGNPort:
    """The method of `support/methods/ngn.py`, from its formulas."""

    def start(self, params: list[Any], lr: Any, omega: float, strength: float, shrinkage: float, half: bool) -> None:
        self.params, self.lr, self.omega, self.strength, self.shrinkage = params, lr, omega, strength, shrinkage
        self.factor, self.k, self.average = 0.5 if half else 1.0, 0, 0.0

    def step(self, grads: list[Any], loss: float) -> list[Any]:
        self.k += 1
        rate = self.lr(self.k) if callable(self.lr) else self.lr
        self.average = self.averaged(loss)
        square = float(sum(np.sum(np.square(g, dtype=np.float64)) for g in grads))
        size = rate / (1 + self.strength * rate * square / (2 * self.average)) if self.average else rate
        for i, g in enumerate(grads):
            step = self.factor * size * (g + self.shrinkage * self.params[i])
            self.params[i] = (self.params[i] - step).astype(g.dtype)
        return self.params

    def averaged(self, loss: float) -> float:
        return self.omega * (loss if self.k == 1 else self.average) + (1 - self.omega) * loss


class WeightsExchanged(NGNPort):
    def averaged(self, loss: float) -> float:
        return (1 - self.omega) * (loss if self.k == 1 else self.average) + self.omega * loss


def examined(algorithm: str, factory: Any) -> Report:
    return examine_here(algorithm, factory, vectors_of(algorithm), factory.__name__)


@pytest.mark.parametrize(("algorithm", "factory"), [(NESTEROV, Nesterov), (NGN, NGNPort)])
def test_a_right_port_conforms(algorithm: str, factory: Any) -> None:
    report = examined(algorithm, factory)
    assert report.verdict == "conforms"
    assert report.explanation is None


@pytest.mark.parametrize(
    ("algorithm", "factory", "names"),
    [
        (NESTEROV, HeavyBall, ("old-value-m",)),
        (NESTEROV, WithoutGradient, ("left-out-g-2",)),
        (NGN, WeightsExchanged, ("weights-exchanged-omega",)),
    ],
)
def test_a_planted_mistake_is_noticed_and_explained(algorithm: str, factory: Any, names: tuple[str, ...]) -> None:
    report = examined(algorithm, factory)
    assert report.verdict == "deviates"
    assert report.explanation is not None
    assert report.explanation.departures == names
    assert report.explanation.confirmed == 20
    (meaning,) = [line for line in _lines(report) if names[0] in line]
    assert "stands for" in meaning


def test_a_mistake_that_nothing_gives_is_unexplained_and_located() -> None:
    report = examined(NESTEROV, Squared)
    assert report.verdict == "deviates"
    assert report.to_json()["explanation"] == []
    assert any(place.finding.startswith("the direction is wrong") for place in report.locations)


def test_every_output_knows_the_method() -> None:
    report = examined(NESTEROV, HeavyBall)
    assert "old-value-m" in page(report, vectors_of(NESTEROV), "momoracle check")
    assert "Nesterov" in junit(report)
    assert "deviates" in badge(report)


def test_a_student_is_given_a_hint() -> None:
    feedback = momoracle.check(HeavyBall, NESTEROV)
    assert feedback.verdict == "deviates"
    assert "HeavyBall is not Nesterov yet" in feedback.headline
    assert feedback.hints == ("One of your quantities is a step behind. Do you use it before you bring it up to date?",)
    assert momoracle.check(Nesterov, NESTEROV).verdict == "conforms"


def _lines(report: Report) -> list[str]:
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    Console(file=text, width=300).print(render(report))
    return text.getvalue().splitlines()
