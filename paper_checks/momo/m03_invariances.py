"""M3: what MoMo does not depend on, for λ = 0.

Statement. (a) Adding c to every loss and to f_* changes no iterate. (b) Translating the coordinates by t translates the
iterates by t. (c) An orthogonal Q maps iterates to iterates: from Q x^1 with gradients Q g the points are Q x^k.
(d) Losses and f_* multiplied by c > 0, with α divided by c, give the same iterates; where the cap never binds, α need
not change. (a) and (b) hold for MoMo-Adam as well.

Proof. (a) f̄ gains ρ_k c (the weights sum to ρ_k), as ρ_k f_* does. (b) <d, x> and γ gain <d, t> alike, so h is kept.
(c) Inner products are kept and d becomes Q d. (d) h, ρ f_* and d gain the factor c, ‖d‖² gains c²; so τ becomes τ/c and
τ d stays.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import Draw
from momoracle.paper_checks.paths import Given, Taken, run
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong

ROTATION = np.array([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]], dtype=object)


def exact(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare runs over rationals with their transformed runs."""
    draw, count = Draw(301), 0
    for number in range(effort.count(30, 12)):
        c, t, given = draw.rational(), draw.vector(2), draw.given(2, 5, low=-2)
        alpha, low, corrected = draw.positive(), draw.rational(-3, 1), draw.choice([True, False])
        estimating, beta = draw.choice([True, False]), draw.fraction()
        momo = optimizers.momo(
            lr=alpha, beta=beta, lower_bound=low, bias_correction=corrected, estimate_lower_bound=estimating
        )
        adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=1, lower_bound=low)
        raised = given._replace(losses=[f + c for f in given.losses])
        moved = given._replace(start=given.start + t)
        for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
            label, usual = f"{name}, run {number}", run(method, given)
            if not method.estimate_lower_bound:  # the reset halves c_k, which is not invariant
                shifted = replace(method, lower_bound=low + c)
                _same(usual, [step.after for step in run(shifted, raised)], f"(a) {label}")
            _same(usual, [step.after - t for step in run(method, moved)], f"(b) {label}")
            count += 2
        turned = Given(ROTATION @ given.start, [ROTATION @ g for g in given.gradients], given.losses)
        _same(run(momo, given), [ROTATION.T @ step.after for step in run(momo, turned)], f"(c) run {number}")
        scale = draw.positive()
        scaled = Given(given.start, [scale * g for g in given.gradients], [scale * f for f in given.losses])
        other = replace(momo, lr=alpha / scale, lower_bound=scale * low)
        _same(run(momo, given), [step.after for step in run(other, scaled)], f"(d) run {number}")
        count += 2
    return Evidence(f"{count} transformed runs over rationals, every iterate equal")


def uncapped(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale the losses where the cap never binds: the same iterates with the same α."""
    draw, count = Draw(302), 0
    for number in range(effort.count(20, 8)):
        given, scale, low = draw.given(2, 5, low=1), draw.positive(), Fraction(0)
        method = optimizers.momo(lr=10**9, beta=draw.fraction(), lower_bound=low)
        scaled = Given(given.start, [scale * g for g in given.gradients], [scale * f for f in given.losses])
        usual, other = run(method, given), run(method, scaled)
        bound = any(step.trace.step_size * step.trace.weight_sum == 10**9 for step in (*usual, *other))
        if not bound:
            _same(usual, [step.after for step in other], f"(d) uncapped, run {number}")
            count += 1
    require(count > 0, "every run was capped")
    return Evidence(f"(d) {count} runs that are never capped, with α unchanged")


def _same(usual: Sequence[Taken], points: Sequence[Any], label: str) -> None:
    for k, (step, point) in enumerate(zip(usual, points, strict=True), start=1):
        require(list(step.after) == list(point), f"{label}: x after step {k} is {list(step.after)}, not {list(point)}")


def in_floats(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale losses by powers of two in float64: the iterates are the same bits, as long as squares are in range."""
    entries = st.floats(-100, 100).filter(lambda z: z == 0 or abs(z) > 1e-3)

    def compare(x: list[float], steps: list[tuple[list[float], float]], power: int, beta: float, alpha: float) -> None:
        scale = 2.0**power
        one, two = np.array(x), np.array(x)
        usual = optimizers.momo(lr=alpha, beta=beta)
        scaled = optimizers.momo(lr=alpha / scale, beta=beta)
        states = [usual.init(one), scaled.init(two)]
        for gradient, loss in steps:
            g = np.array(gradient)
            one, states[0], _ = usual.step(one, g, states[0], loss)
            two, states[1], _ = scaled.step(two, g * scale, states[1], loss * scale)
            require(bool(np.all(one == two)), f"losses × 2^{power}: {one} and {two} from {x}")

    vectors = st.lists(entries, min_size=2, max_size=2)
    count = for_all(
        compare,
        effort.count(200, 50),
        x=vectors,
        steps=st.lists(st.tuples(vectors, st.floats(0.015625, 100)), min_size=1, max_size=3),
        power=st.sampled_from([-400, -60, -1, 1, 60, 400]),
        beta=st.sampled_from([0.0, 0.5, 0.9]),
        alpha=st.sampled_from([0.01, 1.0, 100.0]),
    )
    return Evidence(f"(d) {count} float64 runs equal bit for bit, losses scaled by 2^±1 to 2^±400")


CLAIM = Claim(
    id="M3",
    title="Invariances: shift, translation, rotation, scale",
    source="derived",
    kind="property",
    statement=(
        r"(f, f_*) \to (f + c, f_* + c),\quad x \to x + t,\quad x \to Qx,\quad"
        r" (f, f_*, \alpha) \to (cf, cf_*, \alpha/c)\quad\text{carry iterates to iterates}\qquad(\lambda = 0)"
    ),
    methods=(
        CheckMethod("exact", "transformed rational runs", exact),
        CheckMethod("exact", "scale without a cap", uncapped),
        CheckMethod("property", "scale in float64, bit for bit", in_floats),
    ),
    refutations=(
        Refutation("ρ is forgotten beside f_*", (exact,), wrong("momo", ("gamma - rho * f_star", "gamma - f_star"))),
        Refutation(
            "‖d‖² is clamped from below",
            (exact, in_floats, uncapped),
            wrong(
                "momo",
                ("shrink * (f_bar - gamma - rho * f_star) + dx), dd)", "f_bar - gamma - rho * f_star + dx), dd + 1)"),
            ),
        ),
        Refutation("<d, x> is subtracted", (exact,), wrong("momo", ("rho * f_star) + dx", "rho * f_star) - dx"))),
        Refutation(
            "a threshold on ‖d‖² below which no step is taken",
            (in_floats,),
            wrong(
                "momo",
                ("rho * f_star) + dx), dd)", "rho * f_star) + dx), n.select(n.less(dd, 1e-12), n.scalar(0), dd))"),
            ),
        ),
    ),
    remark="The scale invariance does not extend to MoMo*'s reset under (a), which halves c_k.",
)
