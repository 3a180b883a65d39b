"""M10: MoMo*'s reset and estimate keep the step positive and the bound above the initial guess.

Status: derived.

Statement. With S = 1 + αλ and c_k = S (f̄_k − γ_k) + <d_k, x^k>:
(a) f_*^k ≥ f_*^1 and f_*^{k+1} ≥ f_*^1 always.
(b) After the reset S ρ_k f_*^k ≤ c_k where c_k ≥ 0 and S ρ_k f_*^1 ≤ c_k; the step is then not held up by the bound.
(c) Where a reset took place and c_k < 0, no step is taken: τ_k = 0.

Proof. (a) Both are maxima with f_*^1. (b) Without a reset it is the condition; with one S ρ_k f_*^k is the larger of
c_k/2 ≤ c_k and S ρ_k f_*^1 ≤ c_k. (c) S ρ_k f_*^k ≥ c_k/2 > c_k, so the numerator of τ_k, c_k − S ρ_k f_*^k, is
negative. Without a reset c_k < 0 is no obstacle: f_*^k may be lower still.
"""

from fractions import Fraction
from functools import partial

import flint

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, at_most, ball, balls, dot, run
from momoracle.paper_checks.refutation import wrong

BITS = 400


def check_exactly(optimizers: Optimizers, effort: Effort, without_reset: bool = False) -> Evidence:
    """Check (a), (b) and (c) on random rational runs of MoMo* and MoMo-Adam*; (c) also without a reset, if asked."""
    draw, resets, negative, steps = RationalDraw(1001), 0, 0, 0
    for number in range(effort.count(80, 40)):
        alpha, beta, decay, guess = (
            draw.positive(),
            draw.fraction(),
            draw.choice([0, Fraction(1, 2)]),
            draw.rational(-4, 1),
        )
        settings = {"lr": alpha, "lower_bound": guess, "weight_decay": decay, "estimate_lower_bound": True}
        if draw.choice([True, False]):
            method = optimizers.momo(**settings, beta=beta, bias_correction=draw.choice([True, False]))
        else:
            method = optimizers.momo_adam(**settings, beta1=beta, beta2=0, eps=1)
        previous = guess
        for k, step in enumerate(run(method, draw.inputs(2, 6, low=-2)), start=1):
            trace, shrink, label = step.trace, 1 + alpha * decay, f"run {number}, step {k}"
            low, rho, after = trace.lower_bound, trace.weight_sum, step.state.next_lower_bound
            require(low >= guess and after >= guess, f"(a) {label}: f_* is {low}, then {after}, below {guess}")
            c = shrink * (trace.loss_average - trace.offset) + dot(trace.gradient_average, step.x)
            if c >= 0 and shrink * rho * guess <= c:
                require(shrink * rho * low <= c, f"(b) {label}: S ρ f_* = {shrink * rho * low} > c = {c}")
            reset = c < shrink * rho * previous
            if c < 0 and (reset or without_reset):
                require(trace.step_size == 0, f"(c) {label}: c = {c} < 0, yet τ = {trace.step_size}")
                negative += 1
            resets, steps, previous = resets + reset, steps + 1, after
    require(resets > 0 and negative > 0, "no reset occurred, or none with c < 0")
    return Evidence(f"{steps} rational steps exact: {resets} resets, {negative} of them with c < 0")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (a) and (b) on longer runs of MoMo-Adam* in balls, with β₂ > 0."""
    draw, steps = RationalDraw(1002), 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(10, 4)):
            alpha, decay, guess = (
                ball(draw.positive()),
                ball(draw.choice([0, 1])),
                ball(draw.rational(-3, 0) - Fraction(1, 7)),
            )
            method = optimizers.momo_adam(
                lr=alpha,
                beta1=ball(draw.fraction()),
                beta2=ball(draw.fraction()),
                lower_bound=guess,
                weight_decay=decay,
                estimate_lower_bound=True,
            )
            inputs = draw.inputs(3, 15, low=-2)
            problem = Inputs(
                balls(inputs.start), [balls(g) for g in inputs.gradients], [ball(f) for f in inputs.losses]
            )
            for k, step in enumerate(run(method, problem), start=1):
                trace, shrink, label = step.trace, 1 + alpha * decay, f"run {number}, step {k}"
                low = trace.lower_bound
                above = at_most(guess, low) and at_most(guess, step.state.next_lower_bound)
                require(above, f"(a) {label}: f_* is {low}, below the initial {guess}")
                c = shrink * (trace.loss_average - trace.offset) + dot(trace.gradient_average, step.x)
                if c >= 0 and shrink * trace.weight_sum * guess <= c:
                    require(at_most(shrink * trace.weight_sum * low, c), f"(b) {label}: S ρ f_* exceeds c = {c}")
                steps += 1
    return Evidence(f"{steps} steps of MoMo-Adam* in {BITS}-bit balls")


CLAIM = Claim(
    id="M10",
    title="What MoMo*'s lower bound guarantees",
    source="derived",
    status="derived",
    kind="property",
    statement=(
        r"f_*^k \ge f_*^1;\qquad c_k \ge \max\{0, (1+\alpha\lambda)\rho_k f_*^1\} \Rightarrow"
        r" (1+\alpha\lambda)\rho_k f_*^k \le c_k;\qquad \text{reset and } c_k < 0 \Rightarrow \tau_k = 0"
    ),
    methods=(
        CheckMethod("exact", "(a), (b), (c) on rational runs", check_exactly),
        CheckMethod("proven", "(a), (b) for MoMo-Adam* in balls", check_in_balls),
    ),
    refutations=(
        Refutation("(c) without a reset", (partial(check_exactly, without_reset=True),)),
        Refutation(
            "never reset",
            (check_exactly, check_in_balls),
            wrong("momo momo-adam", ("n.less(c, shrink * rho * f_star)", "n.less(c, c - 1)")),
        ),
        Refutation(
            "the estimate may fall below the initial guess",
            (check_exactly, check_in_balls),
            wrong("momo momo-adam", ("/ model.rho, initial)", "/ model.rho, initial - 1)")),
        ),
        Refutation(
            "the numerator is not truncated at 0",
            (check_exactly,),
            wrong(
                "momo momo-adam",
                (
                    "n.positive(shrink * (f_bar - gamma - rho * f_star) + dx)",
                    "(shrink * (f_bar - gamma - rho * f_star) + dx)",
                ),
            ),
        ),
    ),
    remark="That no step is taken where c_k < 0 holds after a reset only.",
)
