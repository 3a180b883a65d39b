"""Section 2.1 of TAM: the step of TAM, AdaTAM and AdaTAMW, with its conventions.

Status: restated.

Statement.
  s_t = <m_{t−1}, g_t> / (‖m_{t−1}‖ ‖g_t‖), 0 where a norm is 0;   ŝ_t = γ ŝ_{t−1} + (1−γ) s_t, ŝ_0 = 0;
  d_t = (1 + ŝ_t)/2;   m_t = β m_{t−1} + (ε + d_t) g_t, m_0 = 0;   θ_{t+1} = θ_t − η m_t,
for each tensor. AdaTAM (as restated): v_t = β₂ v_{t−1} + (1−β₂) g_t², θ_{t+1} = θ_t − η m_t/(√v_t + ε);
AdaTAMW multiplies θ_t by 1 − ηλ first. Conventions: decay coupled into TAM's gradient, g_t + λθ_t;
one cosine over all tensors; averaged momentum and bias correction.
Transfer: η_TAM = η_SGDM/d*. Warm-up: T_w steps of TAM, then SGDM from the same momentum.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import flint

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, ball, balls, dot
from momoracle.paper_checks.refutation import wrong
from momoracle.reference import WarmUp, transfer_lr

BITS = 256


def formulas(steps: list[list[Any]], beta: Any, gamma: Any, eps: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield (s, ŝ, d, m) of each step from the gradients of one vector, as the definition is written."""
    m, average = 0 * steps[0], 0 * beta
    for g in steps:
        inner, norms = dot(m, g), dot(m, m).sqrt() * dot(g, g).sqrt()
        s = 0 * beta if not norms > 0 else inner / norms
        average = gamma * average + (1 - gamma) * s
        damping = (1 + average) / 2
        m = beta * m + (eps + damping) * g
        yield s, average, damping, m


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare all three methods with the formulas, in balls, on two tensors with a cosine each."""
    draw, widest, count = RationalDraw(2101), 0.0, 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(10, 4)):
            lr, eps, decay = (ball(draw.positive()) for _ in range(3))
            beta, gamma, beta2 = (ball(draw.fraction()) for _ in range(3))
            shapes, steps = (3, 2), 6
            start = [balls(draw.vector(size)) for size in shapes]
            gradients = [[balls(draw.vector(size)) for size in shapes] for _ in range(steps)]
            ada = {"lr": lr, "beta1": beta, "beta2": beta2, "gamma": gamma, "eps": eps}
            for name, method in (
                ("TAM", optimizers.tam(lr=lr, beta=beta, gamma=gamma, eps=eps)),
                ("AdaTAM", optimizers.adatam(**ada)),
                ("AdaTAMW", optimizers.adatamw(**ada, weight_decay=decay)),
            ):
                stated = [list(formulas([g[i] for g in gradients], beta, gamma, eps)) for i in range(len(shapes))]
                x, theta, state = start, list(start), method.init(start)
                for t in range(1, steps + 1):
                    x, state, trace = method.step(x, gradients[t - 1], state)
                    for i in range(len(shapes)):
                        s, average, damping, m = stated[i][t - 1]
                        move = m
                        if name != "TAM":
                            seen = [(1 - beta2) * beta2 ** (t - j) for j in range(1, t + 1)]
                            entries = range(shapes[i])
                            v = [dot(seen, [g[i][entry] ** 2 for g in gradients[:t]]) for entry in entries]
                            move = m / array(moment.sqrt() + eps for moment in v)
                        theta[i] = (1 - lr * decay if name == "AdaTAMW" else 1) * theta[i] - lr * move
                        pairs = [(trace.cosine[i], s), (trace.cosine_average[i], average), (trace.damping[i], damping)]
                        pairs += [*zip(trace.momentum[i], m, strict=True), *zip(x[i], theta[i], strict=True)]
                        for got, expected in pairs:
                            widest, count = max(widest, float(abs(got - expected).upper())), count + 1
                            require(widest < 1e-30, f"{name}, run {number}, step {t}: {got}, not {expected}")
    return Evidence(f"{count} values agree; every difference below {widest:.0e}, proven", widest, 0.0)


def check_conventions(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check vanishing norms, one cosine over all tensors, the switches of AdaTAM, and the defaults."""
    unit, zero = Fraction(1), Fraction(0)
    tam = optimizers.tam(lr=1, beta=Fraction(1, 2), gamma=zero, eps=zero)
    x = array([unit])
    state = tam.init(x)
    for gradient, expected in ((zero, zero), (unit, zero), (unit, unit), (zero, zero), (-unit, -unit)):
        x, state, trace = tam.step(x, array([gradient]), state)
        require(trace.cosine == expected, f"the cosine is {trace.cosine}, not {expected}, for g = {gradient}")
    settings = {"lr": Fraction(1, 4), "beta": Fraction(1, 2), "gamma": zero, "eps": zero}
    decayed, plain = optimizers.tam(**settings, weight_decay=Fraction(1, 2)), optimizers.tam(**settings)
    x, states = array([unit]), [method.init(array([unit])) for method in (decayed, plain)]
    for gradient in (2 * unit, -unit, unit / 3):
        coupled, states[1], _ = plain.step(x, array([gradient]) + x / 2, states[1])
        x, states[0], _ = decayed.step(x, array([gradient]), states[0])
        require(list(x) == list(coupled), f"with coupled decay TAM goes to {x[0]}, with g + λx to {coupled[0]}")
    tensors = [array([3 * unit]), array([4 * unit])]
    together = optimizers.tam(lr=1, beta=Fraction(1, 2), gamma=zero, eps=zero, per_tensor=False)
    state = together.init(tensors)
    _, state, _ = together.step(tensors, tensors, state)
    _, state, trace = together.step(tensors, [array([3 * unit]), array([zero])], state)
    require(trace.cosine == Fraction(3, 5), f"one cosine over all tensors is {trace.cosine}, not 3/5")
    switches = {"averaged_momentum": True, "bias_correction": True}
    ada = optimizers.adatam(lr=1, beta1=Fraction(1, 2), beta2=Fraction(3, 4), eps=zero, **switches)
    x, state, _ = ada.step(array([zero]), array([2 * unit]), ada.init(array([zero])))
    require(list(x) == [-Fraction(1, 2)], f"AdaTAM like Adam moves by {x[0]} in its first step, not by −½")
    defaults = optimizers.tam()
    inputs = (defaults.beta, defaults.gamma, defaults.eps, defaults.weight_decay)
    require(inputs == (0.9, 0.9, 1e-8, 0.0), f"TAM's defaults are {inputs}")
    return Evidence("s = 0 where a norm is 0; coupled decay; one cosine over all tensors; AdaTAM's switches; defaults")


def check_transfer(optimizers: Optimizers, effort: Effort, damping: Fraction = Fraction(1)) -> Evidence:
    """Check the transfer of the learning rate and the warm-up, under a constant gradient (stationary d* = 1)."""
    beta, eta, steps = Fraction(1, 2), Fraction(1, 8), 4
    require(transfer_lr(0.1) == 0.2, f"for d* = ½ the transferred rate is {transfer_lr(0.1)}, not twice SGDM's")
    tam = optimizers.tam(lr=Fraction(transfer_lr(float(eta), float(damping))), beta=beta, gamma=Fraction(1, 2), eps=0)
    sgdm = optimizers.sgdm(lr=eta, beta=beta)
    moves = []
    for method in (tam, sgdm):
        x = array([Fraction(0)])
        state = method.init(x)
        for _ in range(60):
            before = x[0]
            x, state, _ = method.step(x, array([Fraction(1)]), state)
        moves.append(before - x[0])
    # Both approach η/(1−β) at the rates β^t and t β^t.
    require(
        abs(moves[0] / moves[1] - 1) < 60 * beta**58, f"TAM moves {float(moves[0] / moves[1])} times as far as SGDM"
    )
    warm, x = WarmUp(tam, sgdm, steps), array([Fraction(1)])
    state, m, theta = warm.init(x), Fraction(0), Fraction(1)
    plain = tam.init(x)
    for t in range(1, 8):
        g = Fraction(t, 3)
        if t <= steps:
            after, plain, _ = tam.step(array([theta]), array([g]), plain)
            m, theta = plain.momentum[0], after[0]
        else:
            m = beta * m + g
            theta = theta - eta * m
        x, state, _ = warm.step(x, array([g]), state)
        require(x[0] == theta, f"warm-up, step {t}: θ = {x[0]}, not {theta}")
    return Evidence("a constant gradient moves both equally far; the warm-up hands its momentum over, exactly")


CLAIM = Claim(
    id="D2.1",
    title="The step of TAM, AdaTAM and AdaTAMW",
    source="TAM, section 2.1; AdaTAM and AdaTAMW as restated in public; the transfer's form is derived",
    status="restated",
    kind="definition",
    statement=(
        r"s_t = \frac{\langle m_{t-1}, g_t\rangle}{\|m_{t-1}\|\,\|g_t\|},\quad"
        r" \hat s_t = \gamma\hat s_{t-1} + (1-\gamma)s_t,"
        r"\quad d_t = \frac{1+\hat s_t}{2},\quad m_t = \beta m_{t-1} + (\varepsilon + d_t)\,g_t,\quad"
        r" \theta_{t+1} = \theta_t - \eta m_t"
    ),
    methods=(
        CheckMethod("proven", "all three methods in 256-bit balls", check_in_balls),
        CheckMethod("exact", "vanishing norms, switches, defaults", check_conventions),
        CheckMethod("exact", "transfer of the rate, and warm-up", check_transfer),
    ),
    refutations=(
        Refutation(
            "γ's two weights swapped",
            (check_in_balls,),
            wrong("tam adatam adatamw", ("gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s")),
        ),
        Refutation(
            "the damping reversed",
            (check_in_balls, check_transfer),
            wrong("tam", ("(1 + s_hat) / 2", "(1 - s_hat) / 2")),
        ),
        Refutation(
            "ε inside the root",
            (check_in_balls,),
            wrong("adatam adatamw", ("direction = m / (n.sqrt(v) + eps)", "direction = m / n.sqrt(v + eps * eps)")),
        ),
        Refutation(
            "squared norms in the cosine", (check_conventions,), wrong("tam", ("n.sqrt(mm) * n.sqrt(gg)", "mm * gg"))
        ),
        Refutation(
            "the momentum is averaged",
            (check_in_balls,),
            wrong("tam", ("damping) * g", "damping) * g * (1 - self.beta)")),
        ),
        Refutation(
            "a sign in the decay",
            (check_conventions,),
            wrong("tam", ("g + n.scalar(self.weight_decay) * x", "g - n.scalar(self.weight_decay) * x")),
        ),
        Refutation("a transfer with the wrong stationary damping", (partial(check_transfer, damping=Fraction(1, 2)),)),
    ),
)
