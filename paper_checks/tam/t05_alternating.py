"""T5: a gradient that alternates its sign is damped away or rectified; the sign of β − γ − 2ε(1−β) decides.

Status: derived.

Statement. g_t = (−1)^{t+1} g, g ≠ 0, ε > 0. Let m_t = μ_t g.
(a) If β − γ < 2ε(1−β), then s_t = −1 for all t ≥ 2: ŝ_t = −(1 − γ^{t−1}) → −1, d_t = γ^{t−1}/2 → 0, and the amplitude
falls to |μ_t| → ε/(1+β): ε times SGDM's 1/(1+β).
(b) If β − γ > 2ε(1−β), then s_t = (−1)^{t+1} for all t ≥ 2: ŝ_t = (1−γ)/(1+γ) ((−1)^{t+1} − γ^{t−1}) never settles, and
every μ_t is positive: the momentum keeps the direction of g_1, with largest amplitude
  μ_odd → A = [ ε(1−β) + (1−βγ)/(1+γ) ] / (1−β²),
which for small ε is (1−βγ)/((1+γ)(1−β)) > 1 times SGDM's.

Proof. Write Σ = Σ_{i<t/2} β^{2i} for even t; then (1−β^t)/(1+β) = (1−β)Σ and (β^t − γ^t)/(β+γ) ≤ (β−γ)_+ Σ.
(a) While m_{t−1} has the sign of g_{t−1}, s_t = −1. With a_t = |μ_t|: a_t = ε + γ^{t−1}/2 − β a_{t−1}, so
a_t = ½ (γ^t − (−β)^t)/(γ+β) + ε (1 − (−β)^t)/(1+β). For odd t this is positive; for even t it is at least
Σ [ε(1−β) − ½(β−γ)_+] > 0. So the sign is kept for ever.
(b) At t = 2 it is not: μ_2 = ½(β−γ) − ε(1−β) > 0. While m keeps the sign of g_1, s alternates, ŝ is as stated, and
μ_t = β μ_{t−1} + (−1)^{t+1}(ε + d_t) is for even t at least Σ [½(β−γ) − ε(1−β)] > 0; for odd t it grows from there.
"""

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes


def damped_orbit(beta: Any, gamma: Any, eps: Any, t: Any, sign: Any) -> tuple[Any, Any]:
    """Return (ŝ_t, μ_t) of regime (a), where ``sign`` is (−1)^{t+1}; (−β)^t is −sign β^t."""
    amplitude = (gamma**t + sign * beta**t) / (gamma + beta) / 2 + eps * (1 + sign * beta**t) / (1 + beta)
    return -(1 - gamma ** (t - 1)), sign * amplitude


def rectified_orbit(beta: Any, gamma: Any, eps: Any, t: Any, sign: Any) -> tuple[Any, Any]:
    """Return (ŝ_t, μ_t) of regime (b)."""
    ratio = (1 - gamma) / (1 + gamma)
    steady = (eps + sp.Rational(1, 2)) * sign * (1 + sign * beta**t) / (1 + beta)
    drift = ratio / 2 * ((1 - beta**t) / (1 - beta) - (beta**t + sign * gamma**t) / (beta + gamma))
    return ratio * (sign - gamma ** (t - 1)), steady + drift


def largest(beta: Any, gamma: Any, eps: Any) -> Any:
    """Return A, the limit of μ_t for odd t in regime (b)."""
    return (eps * (1 - beta) + (1 - beta * gamma) / (1 + gamma)) / (1 - beta**2)


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove both closed forms by induction over t with the reference's own step, and the two limits."""
    beta, gamma, eps, g, t, mu = sp.symbols("beta gamma epsilon g t mu", positive=True)
    method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
    x = array([sp.Integer(0)])
    _, start, trace = method.step(x, array([g]), method.init(x))
    for regime, stated in (("(a)", damped_orbit), ("(b)", rectified_orbit)):
        average, multiple = stated(beta, gamma, eps, 1, 1)
        vanishes(trace.cosine_average - average, f"{regime}: ŝ_1")
        vanishes(trace.momentum[0] / g - multiple, f"{regime}: m_1")
        for sign in (1, -1):  # of the last gradient; the next one is −sign g
            side = sign if regime == "(a)" else 1  # of the momentum: that of the last gradient, or that of g_1
            before, last = stated(beta, gamma, eps, t, sign)
            state = start._replace(momentum=array([side * mu * g]), cosine_average=before, step=1)
            _, _, after = method.step(x, array([-sign * g]), state)
            average, multiple = stated(beta, gamma, eps, t + 1, -sign)
            vanishes(after.cosine + side * sign, f"{regime}: s_{{t+1}}")
            vanishes(sp.expand(after.cosine_average - average), f"{regime}: ŝ_{{t+1}}")
            following = (after.momentum[0] / g).subs(mu, side * last)
            vanishes(sp.expand(sp.powsimp(sp.expand(following - multiple))), f"{regime}: m_{{t+1}}")
    # With β^t and γ^t gone, what remains is the stationary orbit.
    p, q = sp.symbols("p q")
    ends = {beta**t: p, gamma**t: q}
    tail = damped_orbit(beta, gamma, eps, t, 1)[1].subs(ends).subs({p: 0, q: 0})
    vanishes(tail - eps / (1 + beta), "(a): the limit of |μ|")
    tail = rectified_orbit(beta, gamma, eps, t, 1)[1].subs(ends).subs({p: 0, q: 0})
    vanishes(tail - largest(beta, gamma, eps), "(b): the limit of μ_odd")
    second = sp.factor(damped_orbit(beta, gamma, eps, 2, -1)[1])
    vanishes(second + (gamma - beta) / 2 + eps * (1 - beta), "the sign that decides, at t = 2")
    return Evidence("both closed forms by induction over t; limits ε/(1+β) and A; the deciding sign at t = 2")


def check_exactly(optimizers: Optimizers, effort: Effort, threshold: Fraction = Fraction(2)) -> Evidence:
    """Run over rationals on both sides of the threshold β − γ = 2ε(1−β), and very near it."""
    draw, regimes, count = RationalDraw(2601), [0, 0], 0
    for _ in range(effort.count(40, 20)):
        beta, gamma = Fraction(draw.choice(range(1, 8)), 8), draw.fraction()
        eps = draw.choice([Fraction(1, 10**8), Fraction(1, 9), abs(beta - gamma) / (2 * (1 - beta)) * Fraction(9, 8)])
        if eps == 0 or beta - gamma == threshold * eps * (1 - beta):
            continue
        above = beta - gamma > threshold * eps * (1 - beta)
        method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
        x, g = array([Fraction(0)]), draw.positive()
        state = method.init(x)
        for t in range(1, 26):
            sign = (-1) ** (t + 1)
            x, state, trace = method.step(x, array([sign * g]), state)
            average, multiple = (rectified_orbit if above else damped_orbit)(beta, gamma, eps, t, sign)
            cosine = 0 if t == 1 else sign if above else -1
            label = f"β = {beta}, γ = {gamma}, ε = {float(eps):.2g}, step {t}"
            require(trace.cosine == cosine, f"{label}: s = {trace.cosine}, not {cosine}")
            require(trace.cosine_average == average, f"{label}: ŝ = {trace.cosine_average}, not {average}")
            m = sp.Rational(trace.momentum[0].numerator, trace.momentum[0].denominator)
            require(m == multiple * g, f"{label}: m = {m}, not {multiple * g}")
            count += 1
        regimes[above] += 1
    require(min(regimes) > 0, "only one of the regimes occurred")
    return Evidence(f"{count} rational steps exact: {regimes[0]} runs in regime (a), {regimes[1]} in (b)")


def compare_with_sgdm(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare the stationary amplitudes with those of the reference's SGDM, for β = 0.9, γ = 0.5 and 0.9, ε = 10⁻⁸."""
    amplitudes = {}
    beta, eps, steps = 0.9, 1e-8, 2000
    methods = {
        "SGDM": optimizers.sgdm(lr=1.0, beta=beta),
        "γ = 0.5": optimizers.tam(lr=1.0, beta=beta, gamma=0.5, eps=eps),
        "γ = 0.9": optimizers.tam(lr=1.0, beta=beta, gamma=0.9, eps=eps),
    }
    for name, method in methods.items():
        x = np.zeros(1)
        state, last = method.init(x), [0.0, 0.0]
        for t in range(1, steps + 1):
            x, state, trace = method.step(x, np.array([(-1.0) ** (t + 1)]), state)
            last = [last[1], abs(float(trace.momentum[0]))]
        amplitudes[name] = max(last)
    expected = {"SGDM": 1 / (1 + beta), "γ = 0.5": largest(beta, 0.5, eps), "γ = 0.9": eps / (1 + beta)}
    for name, value in expected.items():
        # Roundings of m, relative to its largest value 1 on the way, are damped by 1/(1−β).
        allowed = 10 * float(np.finfo(float).eps) / (1 - beta)
        require(abs(amplitudes[name] - value) <= allowed, f"{name}: the amplitude is {amplitudes[name]}, not {value}")
    ratio = amplitudes["γ = 0.5"] / amplitudes["SGDM"]
    return Evidence(
        f"of SGDM's amplitude: γ = 0.5 has {ratio:.3f}, γ = 0.9 has {eps:g}", ratio, (1 - 0.45) / (1.5 * 0.1)
    )


CLAIM = Claim(
    id="T5",
    title="An alternating gradient: damped away, or rectified",
    source="derived",
    status="derived",
    kind="identity",
    statement=(
        r"\beta-\gamma < 2\varepsilon(1-\beta):\ \hat s_t\to-1,\ \|m_t\|\to\frac{\varepsilon\|g\|}{1+\beta};\qquad"
        r" \beta-\gamma > 2\varepsilon(1-\beta):\ \|m_{2t+1}\|\to"
        r" \frac{\varepsilon(1-\beta)+\frac{1-\beta\gamma}{1+\gamma}}{1-\beta^2}\,\|g\|"
    ),
    methods=(
        CheckMethod("symbolic", "induction over t in both regimes", prove_symbolically),
        CheckMethod("exact", "both sides of the threshold, in rationals", check_exactly),
        CheckMethod("measured", "amplitudes beside SGDM's", compare_with_sgdm),
    ),
    refutations=(
        Refutation("a threshold at ε(1−β)", (partial(check_exactly, threshold=Fraction(1)),)),
        Refutation(
            "γ's two weights swapped",
            (prove_symbolically, check_exactly, compare_with_sgdm),
            wrong("tam", ("gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s")),
        ),
        Refutation(
            "the damping reversed",
            (prove_symbolically, check_exactly),
            wrong("tam", ("(1 + s_hat) / 2", "(1 - s_hat) / 2")),
        ),
        Refutation(
            "ε is forgotten",
            (prove_symbolically, check_exactly),
            wrong("tam", ("(n.scalar(self.eps) + turn.damping)", "turn.damping")),
        ),
    ),
    derivation=(
        Step(r"\mu_t = \beta\mu_{t-1} + (-1)^{t+1}(\varepsilon + d_t)", "m = μ g"),
        Step(r"\mu_2 = -\bigl[\tfrac12(\gamma-\beta) + \varepsilon(1-\beta)\bigr]", "its sign decides the regime"),
        Step(
            r"|\mu_t| = \tfrac12\frac{\gamma^t-(-\beta)^t}{\gamma+\beta} + \varepsilon\frac{1-(-\beta)^t}{1+\beta}",
            "(a): s = −1 throughout",
        ),
        Step(
            r"\hat s_t = \frac{1-\gamma}{1+\gamma}\bigl((-1)^{t+1}-\gamma^{t-1}\bigr)",
            "(b): s alternates, for the momentum keeps its side",
        ),
    ),
    remark="With the defaults β = γ = 0.9 it is ε alone that decides, for regime (a).",
)
