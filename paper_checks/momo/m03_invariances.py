"""M3: MoMo is invariant under shifts, translations, rotations and scaling, for λ = 0.

Status: derived.

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
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, TakenStep, run
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong

ROTATION = np.array([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]], dtype=object)


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare runs over rationals with their transformed runs."""
    draw, count = RationalDraw(301), 0
    for number in range(effort.count(30, 12)):
        c, t, inputs = draw.rational(), draw.vector(2), draw.inputs(2, 5, low=-2)
        alpha, low, corrected = draw.positive(), draw.rational(-3, 1), draw.choice([True, False])
        estimating, beta = draw.choice([True, False]), draw.fraction()
        momo = optimizers.momo(
            lr=alpha, beta=beta, lower_bound=low, bias_correction=corrected, estimate_lower_bound=estimating
        )
        adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=1, lower_bound=low)
        raised = inputs._replace(losses=[f + c for f in inputs.losses])
        moved = inputs._replace(start=inputs.start + t)
        for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
            label, usual = f"{name}, run {number}", run(method, inputs)
            if not method.estimate_lower_bound:  # the reset halves c_k, which is not invariant
                shifted = replace(method, lower_bound=low + c)
                _require_same(usual, [step.after for step in run(shifted, raised)], f"(a) {label}")
            _require_same(usual, [step.after - t for step in run(method, moved)], f"(b) {label}")
            count += 2
        turned = Inputs(ROTATION @ inputs.start, [ROTATION @ g for g in inputs.gradients], inputs.losses)
        _require_same(run(momo, inputs), [ROTATION.T @ step.after for step in run(momo, turned)], f"(c) run {number}")
        scale = draw.positive()
        scaled = Inputs(inputs.start, [scale * g for g in inputs.gradients], [scale * f for f in inputs.losses])
        other = replace(momo, lr=alpha / scale, lower_bound=scale * low)
        _require_same(run(momo, inputs), [step.after for step in run(other, scaled)], f"(d) run {number}")
        count += 2
    return Evidence(f"{count} transformed runs over rationals, every iterate equal")


def check_without_cap(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale the losses where the cap never binds: the same iterates with the same α."""
    draw, count = RationalDraw(302), 0
    for number in range(effort.count(20, 8)):
        inputs, scale, low = draw.inputs(2, 5, low=1), draw.positive(), Fraction(0)
        method = optimizers.momo(lr=10**9, beta=draw.fraction(), lower_bound=low)
        scaled = Inputs(inputs.start, [scale * g for g in inputs.gradients], [scale * f for f in inputs.losses])
        usual, other = run(method, inputs), run(method, scaled)
        bound = any(step.trace.step_size * step.trace.weight_sum == 10**9 for step in (*usual, *other))
        if not bound:
            _require_same(usual, [step.after for step in other], f"(d) uncapped, run {number}")
            count += 1
    require(count > 0, "every run was capped")
    return Evidence(f"(d) {count} runs that are never capped, with α unchanged")


def _require_same(usual: Sequence[TakenStep], points: Sequence[Any], label: str) -> None:
    for k, (step, point) in enumerate(zip(usual, points, strict=True), start=1):
        require(list(step.after) == list(point), f"{label}: x after step {k} is {list(step.after)}, not {list(point)}")


def search_floats(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale losses by powers of two in float64: the iterates are the same bits, as long as squares are in range."""
    entries = st.floats(-100, 100).filter(lambda z: z == 0 or abs(z) > 1e-3)

    def compare(x: list[float], steps: list[tuple[list[float], float]], power: int, beta: float, alpha: float) -> None:
        scale = 2.0**power
        first, second = np.array(x), np.array(x)
        usual = optimizers.momo(lr=alpha, beta=beta)
        scaled = optimizers.momo(lr=alpha / scale, beta=beta)
        states = [usual.init(first), scaled.init(second)]
        for gradient, loss in steps:
            g = np.array(gradient)
            first, states[0], _ = usual.step(first, g, states[0], loss)
            second, states[1], _ = scaled.step(second, g * scale, states[1], loss * scale)
            require(bool(np.all(first == second)), f"losses × 2^{power}: {first} and {second} from {x}")

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
    status="derived",
    kind="property",
    statement=(
        r"(f, f_*) \to (f + c, f_* + c),\quad x \to x + t,\quad x \to Qx,\quad"
        r" (f, f_*, \alpha) \to (cf, cf_*, \alpha/c)\quad\text{carry iterates to iterates}\qquad(\lambda = 0)"
    ),
    methods=(
        CheckMethod("exact", "transformed rational runs", check_exactly),
        CheckMethod("exact", "scale without a cap", check_without_cap),
        CheckMethod("property", "scale in float64, bit for bit", search_floats),
    ),
    refutations=(
        Refutation(
            "ρ is forgotten beside f_*", (check_exactly,), wrong("momo", ("gamma - rho * f_star", "gamma - f_star"))
        ),
        Refutation(
            "‖d‖² is clamped from below",
            (check_exactly, search_floats, check_without_cap),
            wrong(
                "momo",
                ("shrink * (f_bar - gamma - rho * f_star) + dx), dd)", "f_bar - gamma - rho * f_star + dx), dd + 1)"),
            ),
        ),
        Refutation(
            "<d, x> is subtracted", (check_exactly,), wrong("momo", ("rho * f_star) + dx", "rho * f_star) - dx"))
        ),
        Refutation(
            "a threshold on ‖d‖² below which no step is taken",
            (search_floats,),
            wrong(
                "momo",
                ("rho * f_star) + dx), dd)", "rho * f_star) + dx), n.select(n.less(dd, 1e-12), n.scalar(0), dd))"),
            ),
        ),
    ),
    remark="The scale invariance does not extend to MoMo*'s reset under (a), which halves c_k.",
)
