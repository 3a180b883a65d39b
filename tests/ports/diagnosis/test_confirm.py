"""What a search proposes is confirmed on fresh cases, or not told."""

from typing import Any

import pytest
from support.examined import examine_here

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.confirm import FRESH
from momoracle.ports.output.terminal import unexplained
from momoracle.ports.running.method_port import MethodPort
from momoracle.reference import SGD
from momoracle.reference.golden.files import load

WITHOUT_DECAY = variant("sgd", departure("sgd", "no-decay"))
DECAYS = {vector.hyperparameters["weight_decay"] for vector in load("sgd").vectors}


class WithoutDecay(MethodPort):
    def __init__(self) -> None:
        super().__init__(WITHOUT_DECAY)


class ByHeart(MethodPort):
    """Without decay where it is one of the vectors', and the method elsewhere."""

    def __init__(self) -> None:
        super().__init__(SGD)

    def start(self, params: list[Any], **hyperparameters: Any) -> None:
        self._class = WITHOUT_DECAY if hyperparameters["weight_decay"] in DECAYS else SGD
        super().start(params, **hyperparameters)


def test_a_mistake_that_is_always_made_is_confirmed() -> None:
    report = examine_here("sgd", WithoutDecay, load("sgd"))
    assert report.explanation is not None
    assert (report.explanation.departures, report.explanation.confirmed) == (("no-decay",), FRESH)


def test_what_holds_on_the_vectors_alone_is_unexplained() -> None:
    report = examine_here("sgd", ByHeart, load("sgd"))
    assert report.explanation is not None
    assert report.explanation.departures == ()
    assert report.explanation.nearest == ("no-decay",)
    assert report.explanation.reproduced == report.explanation.vectors
    assert report.explanation.confirmed < FRESH
    assert f"gives only {report.explanation.confirmed} fresh cases" in unexplained(report.explanation)
    assert all(result.deviation is None or result.deviation.explanation is None for result in report.results)


@pytest.mark.parametrize("seed", ["a", "b"])
def test_the_same_name_draws_the_same_cases(seed: str) -> None:
    reports = [examine_here("sgd", WithoutDecay, load("sgd"), seed) for _ in range(2)]
    assert reports[0].explanation == reports[1].explanation
