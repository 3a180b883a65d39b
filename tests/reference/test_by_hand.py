"""Steps of one entry worked out by hand, in rationals: the other tests of this folder hold for any one text."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from support.runs import Problem, Step, rational, steps_of

from momoracle import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, AdaTAMW, MoMo, MoMoAdam

F = Fraction
X, G = F(3), (F(2), F(-1))
HALF = F(1, 2)


def two_steps(method: Any, losses: tuple[float, float] = (1.0, 1.0)) -> list[Step]:
    entries = [np.array([float(g)]) for g in G]
    return steps_of(method, Problem([np.array([float(X)])], [[g] for g in entries], losses).mapped(rational))


def adam(x: F, m: F, v_root: F, k: int, eps: F, beta: F) -> F:
    return x - HALF * m / (1 - beta**k) / (v_root + eps)


def test_sgd() -> None:
    first = X - HALF * (G[0] + HALF * X)
    assert [s.params[0][0] for s in two_steps(SGD(lr=0.5, weight_decay=0.5))] == [
        first,
        first - HALF * (G[1] + HALF * first),
    ]


def test_sgdm() -> None:
    m1 = G[0] + HALF * X
    x1 = X - HALF * m1
    m2 = HALF * m1 + G[1] + HALF * x1
    path = two_steps(SGDM(lr=0.5, beta=0.5, weight_decay=0.5))
    assert [s.params[0][0] for s in path] == [x1, x1 - HALF * m2]


def test_adam_and_adamw() -> None:
    # β₂ = 0: √v is |g|
    g1 = G[0] + HALF * X
    x1 = adam(X, HALF * g1, abs(g1), 1, F(1), HALF)
    g2 = G[1] + HALF * x1
    x2 = adam(x1, HALF * (HALF * g1) + HALF * g2, abs(g2), 2, F(1), HALF)
    path = two_steps(Adam(lr=0.5, beta1=0.5, beta2=0.0, eps=1.0, weight_decay=0.5))
    assert [s.params[0][0] for s in path] == [x1, x2]
    x1 = adam(X * F(3, 4), HALF * G[0], abs(G[0]), 1, F(1), HALF)  # 1 − αλ = 3/4
    x2 = adam(x1 * F(3, 4), HALF * (HALF * G[0]) + HALF * G[1], abs(G[1]), 2, F(1), HALF)
    path = two_steps(AdamW(lr=0.5, beta1=0.5, beta2=0.0, eps=1.0, weight_decay=0.5))
    assert [s.params[0][0] for s in path] == [x1, x2]


def test_adam_s_second_moment_is_an_average_corrected_for_its_start() -> None:
    (step,) = steps_of(Adam(lr=0.5, beta2=0.75, eps=1.0), Problem([np.array([X])], [[np.array([G[0]])]], [1]))
    assert step.state.second_moment[0][0] == G[0] ** 2 / 4
    assert step.params[0][0] == X - HALF * G[0] / (abs(G[0]) + 1)


@pytest.mark.parametrize(("lr", "loss", "tau"), [(0.125, 2.0, F(1, 8)), (2.0, 1.0, F(1, 4)), (2.0, -1.0, F(0))])
def test_momo_s_branches(lr: float, loss: float, tau: F) -> None:
    first, _ = two_steps(MoMo(lr=lr, beta=0.5), (loss, 1.0))
    assert first.trace.step_size == tau
    assert first.params[0][0] == X - tau * G[0]


def test_momo_s_second_step() -> None:
    _, second = two_steps(MoMo(lr=64.0, beta=0.5, weight_decay=0.0), (1.0, 2.0))
    x1 = X - F(1, 4) * G[0]  # as above
    t = second.trace
    d = (G[0] + G[1]) / 2
    assert t.loss_average == F(3, 2)
    assert t.offset == (G[0] * X + G[1] * x1) / 2
    assert t.model_value == F(3, 2) + d * x1 - t.offset == 1
    assert t.step_size == 1 / d**2


def test_weight_decay_in_momo() -> None:
    first, _ = two_steps(MoMo(lr=2.0, beta=0.5, weight_decay=0.25), (-1.5, 1.0))
    # 1 + αλ = 3/2;  (3/2)(−3/2 − 6) + 6 < 0: only the decay acts
    assert (first.trace.step_size, first.params[0][0]) == (0, X / F(3, 2))
    first, _ = two_steps(MoMo(lr=2.0, beta=0.5, weight_decay=0.25), (3.0, 1.0))
    tau = (F(3, 2) * (3 - 6) + 6) / 4
    assert (first.trace.step_size, first.params[0][0]) == (tau, (X - tau * G[0]) / F(3, 2))


def test_the_lower_bound_is_reset_and_estimated() -> None:
    method = MoMo(lr=0.125, beta=0.0, lower_bound=0.0, estimate_lower_bound=True)
    first, second = two_steps(method, (4.0, 1.0))
    assert first.trace.lower_bound == 0
    assert first.state.next_lower_bound == 4 - HALF * F(1, 8) * 4  # h − τ‖d‖²/2 = 15/4
    assert second.trace.lower_bound == HALF  # 1 < 15/4: half of the model's value
    assert second.trace.step_size == F(1, 8)
    assert second.state.next_lower_bound == 1 - HALF * F(1, 8)
    _, second = two_steps(method, (4.0, -1.0))
    assert (second.trace.lower_bound, second.trace.step_size, second.state.next_lower_bound) == (0, 0, 0)  # f_*^1 holds


def test_the_reset_counts_weight_decay_and_the_estimate_does_not() -> None:
    method = MoMo(lr=0.5, beta=0.0, lower_bound=-8.0, weight_decay=0.5, estimate_lower_bound=True)
    first, second = two_steps(method, (4.0, -1.0))
    shrink = F(5, 4)
    c = shrink * (4 - 6) + 6
    assert (first.trace.lower_bound, first.trace.step_size) == (-8, HALF)
    assert first.state.next_lower_bound == 4 - HALF * HALF * 4
    x1 = (X - HALF * G[0]) / shrink
    assert c > shrink * -8
    c = shrink * (-1 + x1) - x1  # γ = <g, x> = −x
    assert second.trace.lower_bound == c / (2 * shrink)


@pytest.mark.parametrize("decoupled", [False, True])
def test_momo_adam(decoupled: bool) -> None:
    method = MoMoAdam(lr=0.5, beta1=0.5, beta2=0.0, eps=1.0, weight_decay=0.5, decoupled_decay=decoupled)
    first, _ = two_steps(method, (4.0, 1.0))
    d, metric, rho, shrink = HALF * G[0], abs(G[0]) + 1, HALF, F(5, 4)
    tau = min(HALF / rho, (shrink * (HALF * 4 - HALF * G[0] * X) + d * X) / (d**2 / metric))
    assert first.trace.step_size == tau
    moved = tau * d / metric
    assert first.params[0][0] == (F(3, 4) * X - moved if decoupled else (X - moved) / shrink)


@pytest.mark.parametrize("adaptive", [None, AdaTAM, AdaTAMW])
def test_tam(adaptive: Any) -> None:
    if adaptive is None:
        path = two_steps(TAM(lr=0.5, beta=0.5, gamma=0.5, eps=0.25))
    else:
        decay = {"weight_decay": 0.5} if adaptive is AdaTAMW else {}
        path = two_steps(adaptive(lr=0.5, beta1=0.5, beta2=0.0, gamma=0.5, eps=0.25, **decay))
    eps, kept = F(1, 4), F(3, 4) if adaptive is AdaTAMW else 1
    m1 = (eps + HALF) * G[0]  # no momentum yet: s = 0
    m2 = HALF * m1 + (eps + F(1, 4)) * G[1]  # opposed: s = −1, ŝ = −1/2, d = 1/4
    roots = [1 if adaptive is None else abs(g) + eps for g in G]
    x1 = kept * X - HALF * m1 / roots[0]
    assert [s.entries()["cosine"] for s in path] == [[0], [-1]]
    assert [s.entries()["damping"] for s in path] == [[HALF], [F(1, 4)]]
    assert [s.params[0][0] for s in path] == [x1, kept * x1 - HALF * m2 / roots[1]]


def test_coupled_decay_in_tam_comes_before_the_cosine() -> None:
    first, second = two_steps(TAM(lr=0.5, beta=0.5, gamma=0.0, eps=0.0, weight_decay=1.0))
    m1 = HALF * (G[0] + X)
    x1 = X - HALF * m1
    assert first.params[0][0] == x1
    assert second.entries()["cosine"] == [1]  # g = −1 opposes m, g + λx does not
    assert second.params[0][0] == x1 - HALF * (HALF * m1 + G[1] + x1)


def test_adatam_s_switches() -> None:
    switches = {"averaged_momentum": True, "bias_correction": True}
    first, _ = two_steps(AdaTAM(lr=0.5, beta1=0.5, beta2=0.0, gamma=0.5, eps=0.25, **switches))
    m = HALF * (F(1, 4) + HALF) * G[0]
    assert first.state.momentum[0][0] == m
    assert first.params[0][0] == X - HALF * (m / HALF) / (abs(G[0]) + F(1, 4))
