"""Section 1.2 of MoMo: the step of MoMo and MoMo-Adam, equations (15) and (16), with its conventions.

Status: paper.

Statement. With S = 1 + α_k λ,
  τ_k = min{ α_k/ρ_k, ( S (f̄_k − γ_k − ρ_k f_*) + <d_k, x^k> )_+ / ‖d_k‖²_{D⁻¹} }          (15)
  x^{k+1} = ( x^k − τ_k D⁻¹ d_k ) / S                                                        (16)
with D = I (MoMo) or D = ε + √(v_k/(1−β₂^k)), v_k = β₂ v_{k−1} + (1−β₂) g_k² (MoMo-Adam).
Conventions: τ_k = 0 where d_k = 0; with decoupled decay x^{k+1} = (1 − α_k λ) x^k − τ_k D⁻¹ d_k, τ_k still from (15).
Defaults: MoMo α = 1, β = 0.9; MoMo-Adam α = 10⁻², β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸; f_* = 0, λ = 0.
"""

from fractions import Fraction
from typing import Any

import flint
import numpy as np

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, array, ball, balls, dot, run
from momoracle.paper_checks.refutation import wrong

BITS = 256


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compute (15) and (16) from the trace and compare, on random rationals; MoMo-Adam with β₂ = 0, so √v = |g|."""
    draw, count, capped = RationalDraw(12), 0, 0
    for number in range(effort.count(40, 12)):
        alpha, beta, decay = draw.positive(), draw.fraction(), draw.choice([0, Fraction(1, 3), 2])
        low, eps, decoupled = draw.rational(-3, 1), draw.positive(), draw.choice([True, False])
        momo = optimizers.momo(
            lr=alpha, beta=beta, lower_bound=low, weight_decay=decay, bias_correction=draw.choice([True, False])
        )
        adam = optimizers.momo_adam(
            lr=alpha,
            beta1=beta,
            beta2=0,
            eps=eps,
            lower_bound=low,
            weight_decay=decay,
            decoupled_decay=decoupled,
        )
        for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
            for k, step in enumerate(run(method, draw.inputs(2, 5, low=-2)), start=1):
                metric = array([1, 1]) if name == "MoMo" else array(eps + abs(g) for g in step.gradient)
                label = f"{name}, run {number}, step {k}"
                tau, after = _formula(step, alpha, decay, low, metric, name == "MoMo-Adam" and decoupled)
                require(step.trace.step_size == tau, f"{label}: τ is {step.trace.step_size}, (15) gives {tau}")
                require(list(step.after) == list(after), f"{label}: x⁺ is not that of (16)")
                count, capped = count + 1, capped + (tau * step.trace.weight_sum == alpha)
    return Evidence(f"{count} rational steps exact, {capped} of them capped")


def _formula(step: Any, alpha: Any, decay: Any, low: Any, metric: Any, decoupled: bool = False) -> tuple[Any, Any]:
    """Return τ and x⁺ from the averages of the trace, as (15) and (16) are written."""
    trace, shrink = step.trace, 1 + alpha * decay
    direction = trace.gradient_average / metric
    norm_sq = dot(trace.gradient_average, direction)
    top = shrink * (trace.loss_average - trace.offset - trace.weight_sum * low) + dot(trace.gradient_average, step.x)
    if all(entry == 0 for entry in trace.gradient_average):
        tau = 0 * top
    else:
        polyak = top / norm_sq if top > 0 else 0 * top
        cap = alpha / trace.weight_sum
        tau = polyak if polyak < cap else cap
    if decoupled:
        return tau, (1 - alpha * decay) * step.x - tau * direction
    return tau, (step.x - tau * direction) / shrink


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Run MoMo-Adam with β₂ > 0 in balls and rebuild v and D from all gradients, as weighted sums."""
    draw, widest, count = RationalDraw(13), 0.0, 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(10, 4)):
            alpha, eps, low, decay = (
                ball(z) for z in (draw.positive(), draw.positive(), Fraction(-1, 3), draw.positive())
            )
            beta1, beta2 = ball(draw.fraction()), ball(draw.fraction())
            method = optimizers.momo_adam(
                lr=alpha, beta1=beta1, beta2=beta2, eps=eps, lower_bound=low, weight_decay=decay
            )
            inputs = draw.inputs(3, 6)
            gradients = [balls(g) for g in inputs.gradients]
            path = run(method, Inputs(balls(inputs.start), gradients, [ball(f) for f in inputs.losses]))
            for k, step in enumerate(path, start=1):
                seen = [(1 - beta2) * beta2 ** (k - j) for j in range(1, k + 1)]
                moments = [dot(seen, [g[i] ** 2 for g in gradients[:k]]) / (1 - beta2**k) for i in range(3)]
                metric = array(eps + moment.sqrt() for moment in moments)
                tau, after = _formula(step, alpha, decay, low, metric)
                values = [("τ", step.trace.step_size, tau)]
                values += [("x", got, expected) for got, expected in zip(step.after, after, strict=True)]
                for name, got, expected in values:
                    difference = got - expected
                    widest = max(widest, float(abs(difference).upper()))
                    require(widest < 1e-30, f"run {number}, step {k}: {name} differs by {difference}")
                    count += 1
    return Evidence(f"{count} values of MoMo-Adam agree; every difference below {widest:.0e}, proven", widest, 0)


def check_conventions(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the step where d = 0, and the defaults."""
    x, zero = array([Fraction(3), Fraction(-1)]), array([Fraction(0), Fraction(0)])
    for name in ("momo", "momo_adam"):
        method = getattr(optimizers, name)(lr=Fraction(1, 2))
        after, _, trace = method.step(x, zero, method.init(x), Fraction(5))
        require(trace.step_size == 0 and list(after) == list(x), f"{name} moves although d = 0")
    momo, adam = optimizers.momo(), optimizers.momo_adam()
    defaults = (momo.lr, momo.beta, momo.lower_bound, momo.weight_decay, momo.bias_correction)
    require(defaults == (1.0, 0.9, 0.0, 0.0, False), f"MoMo's defaults are {defaults}")
    those = (adam.lr, adam.beta1, adam.beta2, adam.eps, adam.lower_bound, adam.weight_decay)
    require(those == (1e-2, 0.9, 0.999, 1e-8, 0.0, 0.0), f"MoMo-Adam's defaults are {those}")
    point = np.array([1.0])
    for method in (momo, adam):
        method.step(point, point, method.init(point), loss=1.0)
    return Evidence("no step where d = 0; the defaults are the paper's")


NUMERATOR = "shrink * (f_bar - gamma - rho * f_star) + dx"
MOVE = "result: Vector = (x - tau * direction) / shrink"
CLAIM = Claim(
    id="D1.2",
    title="The step of MoMo and MoMo-Adam",
    source="MoMo, equations (15)–(16); the conventions are the authors' code's",
    status="paper",
    kind="definition",
    statement=(
        r"\tau_k = \min\left\{\frac{\alpha_k}{\rho_k},\,"
        r" \frac{\bigl((1+\alpha_k\lambda)(\bar f_k - \gamma_k - \rho_k f_*) + \langle d_k, x^k\rangle\bigr)_+}"
        r"{\|d_k\|^2_{D_k^{-1}}}\right\},\qquad x^{k+1} = \frac{x^k - \tau_k D_k^{-1} d_k}{1+\alpha_k\lambda}"
    ),
    methods=(
        CheckMethod("exact", "(15) and (16) on rational runs", check_exactly),
        CheckMethod("proven", "MoMo-Adam's metric in 256-bit balls", check_in_balls),
        CheckMethod("exact", "d = 0 and the defaults", check_conventions),
    ),
    refutations=(
        Refutation(
            "the factor 1 + αλ is forgotten in (15)",
            (check_exactly, check_in_balls),
            wrong("momo momo-adam", (NUMERATOR, "f_bar - gamma - rho * f_star + dx")),
        ),
        Refutation(
            "1 − αλ in place of 1/(1 + αλ)",
            (check_exactly, check_in_balls),
            wrong("momo momo-adam", (MOVE, MOVE.replace("/ shrink", "* (2 - shrink)"))),
        ),
        Refutation(
            "ε inside the root",
            (check_in_balls,),
            wrong("momo-adam", ("n.sqrt(v / (1 - beta2**k)) + eps", "n.sqrt(v / (1 - beta2**k) + eps * eps)")),
        ),
        Refutation(
            "the second moment is not corrected",
            (check_in_balls,),
            wrong("momo-adam", ("n.sqrt(v / (1 - beta2**k))", "n.sqrt(v)")),
        ),
        Refutation(
            "‖d‖ in place of ‖d‖²",
            (check_exactly,),
            wrong("momo", (f"n.positive({NUMERATOR}), dd)", f"n.positive({NUMERATOR}), n.maximum(dd, 1))")),
        ),
        Refutation(
            "another default",
            (check_conventions,),
            wrong("momo", ("beta: Share = ‹0.9›", "0.8")),
        ),
    ),
)
