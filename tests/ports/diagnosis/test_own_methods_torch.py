"""A method that the package has never seen, against optimizers of PyTorch: one that is right, one that is not."""

from typing import Any

import pytest
from support.examined import examine_here
from support.own_methods import NESTEROV

from momoracle.reference.golden.files import vectors_of

pytestmark = pytest.mark.ports
torch = pytest.importorskip("torch")


class LooksBack(torch.optim.Optimizer):  # type: ignore[misc, name-defined]
    """Nesterov's step from the momentum of the step before."""

    def __init__(self, params: Any, lr: float = 1e-3, momentum: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                buffer = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                p.add_(p.grad + group["momentum"] * buffer, alpha=-group["lr"])
                buffer.mul_(group["momentum"]).add_(p.grad)


def test_torchs_sgd_agrees_when_it_is_told_to_look_ahead() -> None:
    report = examine_here(NESTEROV, torch.optim.SGD, vectors_of(NESTEROV), "SGD", nesterov=True)
    refused = [result for result in report.of("core") if "momentum_off" in result.flags]
    assert (
        {note.message[:60] for result in refused for note in result.incidents}
        <= {  # it takes no momentum of 0
            "ValueError: Nesterov momentum requires a momentum and zero damp"[:60]
        }
    )
    assert {result.status for result in report.of("core") if result not in refused} == {"agrees"}


def test_torchs_sgd_deviates_when_it_is_not_told() -> None:
    assert examine_here(NESTEROV, torch.optim.SGD, vectors_of(NESTEROV), "SGD").verdict == "deviates"


def test_a_planted_mistake_is_explained_and_its_buffers_are_right() -> None:
    report = examine_here(NESTEROV, LooksBack, vectors_of(NESTEROV), "LooksBack")
    assert report.verdict == "deviates"
    assert report.to_json()["explanation"] == ["old-value-m"]
    deviations = [result.deviation for result in report.of("core") if result.deviation is not None]
    assert {deviation.quantity for deviation in deviations} == {"params"}
