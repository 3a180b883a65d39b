"""M1: SPS_max, SGD with momentum and Adam are special cases of MoMo.

Status: derived.

Statement. (a) β = 0: τ = min{ α, (f − f_*)_+ / ‖g‖² }, the step of SPS_max and ALI-G.
(b) f_* = −∞: τ = α/ρ_k, so x^{k+1} = x^k − α d_k/ρ_k: SGD with averaged momentum.
(c) f_* = −∞ and λ = 0: MoMo-Adam is Adam.
(d) D = I: MoMo-Adam is MoMo with bias correction.

Proof. (a) With β = 0 the averages are the last values: h = f. (b) The quotient in (15) is +∞. (c) x − (α/ρ) D⁻¹ d is
Adam's step, ρ = 1 − β₁^k its bias correction. (d) The two texts differ in D alone. (D = I is reached with ε = 0 and
gradients whose entries are all ±1, for then v_k = 1 − β₂^k.)
"""

from fractions import Fraction

import flint
import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, array, ball, balls, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes, vector

BITS = 256


def check_polyak(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (a) on random rationals."""
    draw, count, capped = RationalDraw(101), 0, 0
    for number in range(effort.count(40, 15)):
        alpha, low, corrected = draw.positive(1), draw.rational(-3, 2), draw.choice([True, False])
        method = optimizers.momo(lr=alpha, beta=0, lower_bound=low, bias_correction=corrected)
        for k, step in enumerate(run(method, draw.inputs(2, 5, low=-2)), start=1):
            tau = min(alpha, max(step.loss - low, Fraction(0)) / dot(step.gradient, step.gradient))
            require(step.trace.step_size == tau, f"run {number}, step {k}: τ = {step.trace.step_size}, not {tau}")
            after = list(step.x - tau * step.gradient)
            require(list(step.after) == after, f"run {number}, step {k}: x⁺ is not x − τ g")
            count, capped = count + 1, capped + (tau == alpha)
    return Evidence(f"(a) exact on {count} rational steps, {capped} of them capped")


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (a) on symbols, where truncation and cap stay as Min and Max."""
    x, g = vector("x"), vector("g")
    f, low = sp.symbols("f f_*", real=True)
    alpha = sp.Symbol("alpha", positive=True)
    method = optimizers.momo(lr=alpha, beta=0, lower_bound=low)
    after, _, trace = method.step(x, g, method.init(x), f)
    tau = sp.Min(alpha, sp.Max(0, f - low) / dot(g, g))
    vanishes(trace.step_size.replace(sp.Max, lambda *z: sp.Max(*map(sp.expand, z))) - tau, "(a) τ")
    name = sp.Symbol("tau")
    for new, old, entry in zip(after, x, g, strict=True):
        vanishes(new.subs(trace.step_size, name) - (old - name * entry), "(a) x⁺")
    return Evidence("(a) as an identity of expressions")


def check_unbounded(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (b) and (c) on random rationals, MoMo-Adam with β₂ = 0."""
    draw, count = RationalDraw(102), 0
    for number in range(effort.count(30, 10)):
        alpha, beta, corrected, eps = draw.positive(), draw.fraction(), draw.choice([True, False]), draw.positive()
        inputs = draw.inputs(2, 6, low=-3)
        momo = optimizers.momo(lr=alpha, beta=beta, lower_bound=float("-inf"), bias_correction=corrected)
        x, average = inputs.start, inputs.gradients[0] * (0 if corrected else 1)
        for k, step in enumerate(run(momo, inputs), start=1):
            average = beta * average + (1 - beta) * step.gradient
            x = x - alpha / ((1 - beta**k) if corrected else 1) * average
            require(list(step.after) == list(x), f"(b) run {number}, step {k}: not SGD with averaged momentum")
            count += 1
        adam = run(optimizers.adam(lr=alpha, beta1=beta, beta2=0, eps=eps), inputs)
        momo_adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=eps, lower_bound=float("-inf"))
        for k, (step, other) in enumerate(zip(run(momo_adam, inputs), adam, strict=True), start=1):
            require(list(step.after) == list(other.after), f"(c) run {number}, step {k}: MoMo-Adam is not Adam")
            count += 1
    return Evidence(f"(b) and (c) exact on {count} rational steps")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (c) with β₂ > 0 in balls: MoMo-Adam beside the reference's Adam."""
    draw, count, widest = RationalDraw(103), 0, 0.0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(8, 3)):
            settings = {"lr": ball(draw.positive()), "beta1": ball(draw.fraction()), "eps": ball(draw.positive())}
            settings["beta2"] = ball(draw.fraction())
            inputs = draw.inputs(3, 8)
            problem = Inputs(
                balls(inputs.start), [balls(g) for g in inputs.gradients], [ball(f) for f in inputs.losses]
            )
            momo_adam = run(optimizers.momo_adam(**settings, lower_bound=float("-inf")), problem)
            for k, (step, other) in enumerate(zip(momo_adam, run(optimizers.adam(**settings), problem), strict=True)):
                for z in step.after - other.after:
                    widest, count = max(widest, float(abs(z).upper())), count + 1
                    require(widest < 1e-30, f"(c) run {number}, step {k + 1}: MoMo-Adam and Adam differ by {z}")
    return Evidence(f"(c) {count} parameters agree; every difference below {widest:.0e}, proven", widest, 0)


def check_identity_metric(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check (d) on random rationals, with gradients of entries ±1."""
    draw, count = RationalDraw(104), 0
    for number in range(effort.count(30, 10)):
        settings = {"lr": draw.positive(), "lower_bound": draw.rational(-3, 1), "weight_decay": draw.choice([0, 1])}
        settings["estimate_lower_bound"] = draw.choice([True, False])
        beta, usual = draw.fraction(), draw.inputs(4, 6)
        signs = [array(Fraction(draw.choice([-1, 1])) for _ in range(4)) for _ in usual.losses]
        inputs = usual._replace(gradients=signs)
        adam = optimizers.momo_adam(**settings, beta1=beta, beta2=draw.fraction(), eps=0)
        momo = optimizers.momo(**settings, beta=beta, bias_correction=True)
        for k, (step, other) in enumerate(zip(run(adam, inputs), run(momo, inputs), strict=True), start=1):
            same = list(step.after) == list(other.after) and step.trace.step_size == other.trace.step_size
            require(same, f"(d) run {number}, step {k}: MoMo-Adam with D = I is not bias-corrected MoMo")
            count += 1
    return Evidence(f"(d) exact on {count} rational steps")


CAP = ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha, polyak)")
CLAIM = Claim(
    id="M1",
    title="SPS_max, SGD with momentum, and Adam are special cases",
    source="MoMo (the paper's remarks); derived",
    status="derived",
    kind="identity",
    statement=(
        r"\beta = 0:\; \tau = \min\{\alpha, (f - f_*)_+/\|g\|^2\};\qquad f_* = -\infty:\; \tau = \alpha/\rho_k"
        r"\;(\text{and MoMo-Adam is Adam});\qquad D = I:\; \text{MoMo-Adam is bias-corrected MoMo}"
    ),
    methods=(
        CheckMethod("symbolic", "(a) as an identity", prove_symbolically),
        CheckMethod("exact", "(a) on rational runs", check_polyak),
        CheckMethod("exact", "(b), (c) on rational runs", check_unbounded),
        CheckMethod("proven", "(c) in 256-bit balls", check_in_balls),
        CheckMethod("exact", "(d) with gradients of ±1", check_identity_metric),
    ),
    refutations=(
        Refutation("τ is capped by α in place of α/ρ", (check_unbounded, check_in_balls), wrong("momo momo-adam", CAP)),
        Refutation(
            "not truncated at 0",
            (prove_symbolically, check_polyak),
            wrong(
                "momo",
                (
                    "n.positive(shrink * (f_bar - gamma - rho * f_star) + dx)",
                    "shrink * (f_bar - gamma - rho * f_star) + dx",
                ),
            ),
        ),
        Refutation(
            "1 − β forgotten before the gradient",
            (prove_symbolically, check_polyak),
            wrong("momo", ("+ (1 - beta) * g\n", "+ 2 * (1 - beta) * g\n")),
        ),
        Refutation(
            "ρ is forgotten beside f_* in MoMo-Adam",
            (check_identity_metric,),
            wrong("momo-adam", ("gamma - rho * f_star", "gamma - f_star")),
        ),
    ),
)
