"""Section 1.3 of MoMo: the lower bound estimated online (MoMo* and MoMo-Adam*).

Status: paper.

Statement. From the initial guess f_*^1, with S = 1 + αλ and c_k = S (f̄_k − γ_k) + <d_k, x^k>, each step
  resets:     if c_k < S ρ_k f_*^k:  f_*^k ← max{ c_k / (2 S ρ_k), f_*^1 };
  steps:      (15)–(16) with that f_*^k;
  estimates:  f_*^{k+1} = max{ ρ_k⁻¹ ( h_k − ½ τ_k ‖d_k‖²_{D⁻¹} ), f_*^1 }.
"""

from fractions import Fraction
from typing import Any

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, run
from momoracle.paper_checks.refutation import wrong


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Carry the lower bound along by the three lines above, on random rationals."""
    draw, steps, resets, raised = RationalDraw(14), 0, 0, 0
    for number in range(effort.count(60, 30)):
        alpha, beta, decay = draw.positive(), draw.fraction(), draw.choice([0, Fraction(1, 3), 2])
        guess, adam = draw.rational(-4, 1), draw.choice([True, False])
        if adam:
            method = optimizers.momo_adam(
                lr=alpha, beta1=beta, beta2=0, eps=1, lower_bound=guess, weight_decay=decay, estimate_lower_bound=True
            )
        else:
            corrected = draw.choice([True, False])
            method = optimizers.momo(
                lr=alpha,
                beta=beta,
                lower_bound=guess,
                weight_decay=decay,
                bias_correction=corrected,
                estimate_lower_bound=True,
            )
        low: Any = guess
        for k, step in enumerate(run(method, draw.inputs(2, 6, low=-2)), start=1):
            trace, shrink, label = step.trace, 1 + alpha * decay, f"run {number}, step {k}"
            dx, rho = dot(trace.gradient_average, step.x), trace.weight_sum
            c = shrink * (trace.loss_average - trace.offset) + dx
            if c < shrink * rho * low:
                low, resets = max(c / (2 * shrink * rho), guess), resets + 1
            require(trace.lower_bound == low, f"{label}: f_* is {trace.lower_bound}, the reset gives {low}")
            metric = array([1, 1]) if not adam else array(1 + abs(g) for g in step.gradient)
            norm_sq = dot(trace.gradient_average, trace.gradient_average / metric)
            height = trace.loss_average + dx - trace.offset
            low = max((height - trace.step_size * norm_sq / 2) / rho, guess)
            raised += low > guess
            got = step.state.next_lower_bound
            require(got == low, f"{label}: the next f_* is {got}, the estimate gives {low}")
            steps += 1
    require(resets > 0 and raised > 0, "no run reset or raised its bound")
    return Evidence(f"{steps} rational steps exact: {resets} resets, {raised} estimates above the initial guess")


CLAIM = Claim(
    id="D1.3",
    title="MoMo*'s lower bound: reset and estimate",
    source="MoMo, section on unknown lower bounds",
    status="paper",
    kind="definition",
    statement=(
        r"c_k < (1+\alpha_k\lambda)\rho_k f_*^k \;\Rightarrow\; f_*^k \leftarrow"
        r" \max\left\{\frac{c_k}{2(1+\alpha_k\lambda)\rho_k},\, f_*^1\right\},\qquad"
        r" f_*^{k+1} = \max\left\{\rho_k^{-1}(h_k - \tfrac12\tau_k\|d_k\|^2_{D_k^{-1}}),\, f_*^1\right\}"
    ),
    methods=(CheckMethod("exact", "the bound carried along on rational runs", check_exactly),),
    refutations=(
        Refutation(
            "the estimate without its ½", (check_exactly,), wrong("momo", ("tau * model.dd / 2)", "tau * model.dd)"))
        ),
        Refutation(
            "the reset without its ½",
            (check_exactly,),
            wrong("momo", ("c / (2 * shrink * rho)", "c / (shrink * rho)")),
        ),
        Refutation(
            "the estimate without ρ",
            (check_exactly,),
            wrong("momo momo-adam", ("tau * model.dd / 2) / model.rho", "tau * model.dd / 2)")),
        ),
        Refutation(
            "the reset ignores λ",
            (check_exactly,),
            wrong(
                "momo",
                ("    c = shrink * (f_bar - gamma) + dx", "    shrink = n.scalar(1)\n    c = (f_bar - gamma) + dx"),
            ),
        ),
        Refutation(
            "the estimate may fall below the initial guess",
            (check_exactly,),
            wrong(
                "momo",
                (
                    "n.maximum((model.value() - tau * model.dd / 2) / model.rho, initial)",
                    "(model.value() - tau * model.dd / 2) / model.rho",
                ),
            ),
        ),
    ),
    remark="The estimate ignores λ while the reset uses it; so do the authors' code and every port.",
)
