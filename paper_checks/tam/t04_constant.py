"""T4: under a constant gradient, cosine, damping and momentum have closed forms.

Status: derived.

Statement. With g_t = g ≠ 0: s_1 = 0 and s_t = 1 after, ŝ_t = 1 − γ^{t−1}, d_t = 1 − γ^{t−1}/2, and
  m_t = [ (1+ε)(1−β^t)/(1−β) − ½ (β^t − γ^t)/(β−γ) ] g   (with t β^{t−1} for the last quotient where γ = β),
so m_t → (1+ε) g/(1−β), SGDM's fixed point but for ε.

Proof. m_t is a positive multiple of g for t ≥ 1. The rest are geometric series.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import flint
import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, ball, balls
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes


def multiple(beta: Any, gamma: Any, eps: Any, t: Any) -> Any:
    """Return m_t/g for γ ≠ β."""
    return (1 + eps) * (1 - beta**t) / (1 - beta) - (beta**t - gamma**t) / (beta - gamma) / 2


def where_equal(beta: Any, gamma: Any, eps: Any, t: Any) -> Any:
    """Return m_t/g for γ = β."""
    return (1 + eps) * (1 - beta**t) / (1 - beta) - t * beta ** (t - 1) / 2


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove by induction over t, with the reference's own step: it carries the stated m_t and ŝ_t to the next ones."""
    beta, gamma, g, mu = sp.symbols("beta gamma g mu", positive=True)
    eps, t = sp.symbols("epsilon t", positive=True)
    method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
    x = array([sp.Integer(0)])
    _, first, trace = method.step(x, array([g]), method.init(x))
    vanishes(trace.cosine, "s_1")
    vanishes(trace.damping - sp.Rational(1, 2), "d_1")
    state = first._replace(momentum=array([mu * g]), cosine_average=1 - gamma ** (t - 1), step=1)
    _, _, trace = method.step(x, array([g]), state)
    vanishes(trace.cosine - 1, "s_t for t > 1")
    vanishes(trace.cosine_average - (1 - gamma**t), "ŝ_{t+1}")
    vanishes(trace.damping - (1 - gamma**t / 2), "d_{t+1}")
    for label, stated, old in (("γ ≠ β", multiple, gamma), ("γ = β", where_equal, beta)):
        vanishes((first.momentum[0] / g - stated(beta, old, eps, 1)).subs(gamma, old), f"m_1, {label}")
        following = (trace.momentum[0] / g).subs(mu, stated(beta, old, eps, t)).subs(gamma, old)
        vanishes(sp.expand(sp.powsimp(following - stated(beta, old, eps, t + 1))), f"m_{{t+1}}, {label}")
    return Evidence("the induction step in t, β, γ, ε and g; also for γ = β")


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Run over rationals along the direction (3, 4), whose norm is rational."""
    draw, count = RationalDraw(2501), 0
    for number in range(effort.count(25, 10)):
        beta, gamma, eps = draw.fraction(), draw.fraction(), draw.choice([0, Fraction(1, 7)])
        stated: Callable[..., Any] = where_equal if beta == gamma else multiple
        method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
        g = draw.positive() * array([Fraction(3), Fraction(-4)])
        x = g
        state = method.init(x)
        for t in range(1, 13):
            x, state, trace = method.step(x, g, state)
            label = f"run {number}, step {t}, β = {beta}, γ = {gamma}"
            require(trace.cosine == (t > 1), f"{label}: s = {trace.cosine}")
            require(trace.damping == 1 - gamma ** (t - 1) / 2, f"{label}: d = {trace.damping}")
            require(list(trace.momentum) == list(stated(beta, gamma, eps, t) * g), f"{label}: m = {trace.momentum}")
            count += 1
    return Evidence(f"{count} rational steps exact")


def limit(optimizers: Optimizers, effort: Effort, power: int = 1) -> Evidence:
    """Run long in balls and compare with (1+ε) g/(1−β)."""
    with flint.ctx.workprec(400):
        beta, gamma, eps = ball(Fraction(7, 8)), ball(Fraction(1, 2)), ball(Fraction(1, 100))
        method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
        x = balls([3, -4])
        state = method.init(x)
        g = balls([5, 1])
        for _ in range(700):
            x, state, trace = method.step(x, g, state)
        apart = max(
            float(abs(m - (1 + eps) * e / (1 - beta) ** power).upper()) for m, e in zip(trace.momentum, g, strict=True)
        )
    # What remains after t steps is at most ‖g‖ (1 + ε + 1) β^t/(1−β) · (1 + 1/(β−γ)) < 10³ β^t, and β^700 < 10⁻⁴⁰.
    require(apart < 1e-30, f"m is {apart} away from its limit after 700 steps")
    return Evidence(f"after 700 steps m is within {apart:.0e} of (1+ε) g/(1−β), proven", apart, 0.0)


CLAIM = Claim(
    id="T4",
    title="A constant gradient: SGDM's fixed point",
    source="derived",
    status="derived",
    kind="identity",
    statement=(
        r"d_t = 1 - \tfrac12\gamma^{t-1},\qquad m_t = \Bigl[(1+\varepsilon)\frac{1-\beta^t}{1-\beta}"
        r" - \frac12\,\frac{\beta^t-\gamma^t}{\beta-\gamma}\Bigr] g \;\to\; \frac{(1+\varepsilon)\, g}{1-\beta}"
    ),
    methods=(
        CheckMethod("symbolic", "induction over t", prove_symbolically),
        CheckMethod("exact", "the closed form in rationals", check_exactly),
        CheckMethod("proven", "the limit in balls", limit),
    ),
    refutations=(
        Refutation("another limit, g/(1−β)²", (partial(limit, power=2),)),
        Refutation(
            "γ's two weights swapped",
            (prove_symbolically, check_exactly),
            wrong("tam", ("gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s")),
        ),
        Refutation(
            "the damping reversed",
            (prove_symbolically, check_exactly),
            wrong("tam", ("(1 + s_hat) / 2", "(1 - s_hat) / 2")),
        ),
        Refutation(
            "ε is forgotten",
            (prove_symbolically, check_exactly, limit),
            wrong("tam", ("(n.scalar(self.eps) + turn.damping)", "turn.damping")),
        ),
    ),
    derivation=(
        Step(r"s_1 = 0,\quad s_t = 1\ (t > 1)", "m is a positive multiple of g"),
        Step(r"\hat s_t = (1-\gamma)\sum_{j=2}^t\gamma^{t-j} = 1-\gamma^{t-1}", "geometric series"),
        Step(r"m_t = \sum_{j\le t}\beta^{t-j}\bigl(\varepsilon + 1 - \tfrac12\gamma^{j-1}\bigr) g", "put into m"),
    ),
)
