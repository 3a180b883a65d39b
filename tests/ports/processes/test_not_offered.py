"""What a port does not offer is found by trying it, told with how to offer it, and never a crash."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from momoracle.ports import Report, check
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Job
from momoracle.ports.running.run_vector import CHANGING_RATE, run_vector
from momoracle.reference.golden import vectors_of
from momoracle.reference.golden.vectors import VectorFile

PORTS = Path(__file__).parents[1] / "examples" / "unoffered_ports.py"


def not_offered(report: Report) -> dict[str, str]:
    return {feature: report.reason(feature) for feature in report.not_offered}


def test_a_port_of_fixed_rates_does_not_offer_changing_ones(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"{PORTS}:FixedRate", sgd_vectors)
    assert report.verdict == "conforms"
    assert report.not_offered == {"lr(k)": ["schedule-float64"]}
    assert report.reason("lr(k)").startswith("to offer it, take lr(k) as the learning rate of step k")
    (entry,) = report.to_json()["not_offered"]
    assert entry == {"feature": "lr(k)", "vectors": ["schedule-float64"], "reason": report.reason("lr(k)")}


def test_a_port_that_asks_for_rates_fails_for_reasons_of_its_own(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"{PORTS}:CountsFromZero", sgd_vectors)
    assert report.verdict == "crashes"
    assert report.not_offered == {}


@pytest.mark.parametrize("use", [float, lambda lr: lr * np.ones(2), lambda lr: lr < 1.0, lambda lr: -lr])
def test_whatever_a_port_does_with_a_number_is_no_use_of_a_schedule(use: Callable[[Any], Any]) -> None:
    class Uses:
        def start(self, params: list[Any], lr: Any) -> None:
            self.params = params
            use(lr)

        def step(self, grads: list[Any], loss: float) -> list[Any]:
            return self.params

    job = Job((np.ones(2),), {"lr": (0.5, 0.25)}, (1.0, 1.0), ((np.ones(2),),) * 2, (True, True))
    port: Any = Uses()
    with pytest.raises(NotOffered) as error:
        list(run_vector(port, PortArguments("sgd"), job, [0]))
    assert error.value.feature == CHANGING_RATE


def test_a_value_that_start_refuses_is_not_offered(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"{PORTS}:RefusesDecay", sgd_vectors)
    assert (report.verdict, report.not_offered) == ("conforms", {"weight_decay=0.25": ["decay-float64"]})
    assert report.reason("weight_decay=0.25") == "start refuses it: ValueError: weight_decay is 0.25; it must be 0"


def test_an_error_that_has_nothing_to_do_with_the_value_is_the_ports_own(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"{PORTS}:CannotStart", sgd_vectors)
    assert (report.verdict, report.not_offered) == ("crashes", {})


def test_a_switch_that_is_swallowed_is_named() -> None:
    vectors = vectors_of("momo-adam")
    ignoring = check("momo-adam", f"{PORTS}:IgnoresDecoupledDecay", vectors)
    assert ignoring.verdict == "conforms"
    assert not_offered(ignoring) == {"decoupled_decay": "the port accepts decoupled_decay and ignores it"}
    setting = [v for v in vectors.vectors if v.hyperparameters["decoupled_decay"]]
    assert set(ignoring.not_offered["decoupled_decay"]) <= {vector.id for vector in setting}


def test_a_switch_that_is_read_wrongly_is_a_deviation() -> None:
    report = check("momo-adam", f"{PORTS}:MistakesDecoupledDecay", vectors_of("momo-adam"))
    assert (report.verdict, report.not_offered) == ("deviates", {})


def test_a_number_that_is_swallowed_is_a_deviation(sgd_vectors: VectorFile) -> None:
    report = check("sgd", f"{PORTS}:IgnoresEverything", sgd_vectors)
    assert (report.verdict, report.not_offered) == ("deviates", {})
