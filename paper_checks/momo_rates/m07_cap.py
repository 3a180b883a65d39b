"""M7: with a cap on the step size, the gains are still summable and bounded from below.

Status: derived.

Statement. As in M5, with a cap α, Δ_k = f_k − f_* and ‖g‖ ≤ G on the ball around x*. On every path
  Σ_k τ_k (h_k − ρ_k f_*) ≤ ‖x^1 − x*‖²   and   τ_k (h_k − ρ_k f_*) ≥ min{ α(1−β)Δ_k, (1−β)²Δ_k²/G² }.

Proof. The sum is that of M5's gains. If τ_k = α/ρ_k, then ρ_k ≤ 1 and M4 give the first term of the minimum; otherwise
the summand is (h_k − ρ_k f_*)²/‖d_k‖², which M4 and ‖d_k‖ ≤ G bound by the second.
"""

from functools import partial

import flint

from momoracle.convergence.certificates import inequalities as theory
from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import at_most, require_at_most
from momoracle.paper_checks.problems import Run, draw_ball_runs, draw_runs
from momoracle.paper_checks.refutation import wrong

BITS = 2500


def check_inequalities(label: str, run: Run, factor: int = 1) -> int:
    """Check both inequalities on every step, the second multiplied by ``factor``; return how many were capped."""
    capped = 0
    bound_sq = run.problem.gradient_bound_sq(run.path[0].x)
    for step, m in run.quantities():
        where = f"{label}, step {m.k}"
        terms, gain = theory.least_gain(m, bound_sq)
        enough = any(at_most(factor * term, gain) for term in terms)
        require(enough, f"{where}: τ (h − ρ f_*) = {gain} is below both terms of the minimum")
        require_at_most(theory.sum_of_gains(m), f"{where}: Σ τ (h − ρ f_*) ≤ ‖x¹ − x*‖²")
        capped += at_most(run.alpha, m.step_size * step.trace.weight_sum)
    return capped


def check_exactly(optimizers: Optimizers, effort: Effort, factor: int = 1) -> Evidence:
    """Check both inequalities on runs over rationals."""
    capped = steps = 0
    for label, run in draw_runs(
        optimizers.momo, RationalDraw(701), lambda draw: draw.positive(1) / 4, effort.count(8, 4)
    ):
        capped, steps = capped + check_inequalities(label, run, factor), steps + len(run.path)
    require(0 < capped < steps, f"{capped} of {steps} steps were capped; some must be, and some not")
    return Evidence(f"{steps} rational steps on three problems, {capped} of them capped")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check both inequalities on longer runs over balls."""
    capped = steps = 0
    with flint.ctx.workprec(BITS):
        for label, run in draw_ball_runs(
            optimizers.momo, RationalDraw(702), lambda draw: draw.positive(1) / 8, effort.count(4, 2), 60
        ):
            capped, steps = capped + check_inequalities(label, run), steps + len(run.path)
    return Evidence(f"{steps} steps in {BITS}-bit balls, {capped} of them capped")


CLAIM = Claim(
    id="M7",
    title="The gains with a cap",
    source="derived",
    status="derived",
    kind="upper bound",
    statement=(
        r"\sum_k \tau_k(h_k - \rho_k f_*) \le \|x^1 - x^*\|^2,\qquad \tau_k(h_k - \rho_k f_*) \ge"
        r" \min\left\{\alpha(1-\beta)\Delta_k,\ \frac{(1-\beta)^2\Delta_k^2}{G^2}\right\}"
    ),
    methods=(
        CheckMethod("exact", "both inequalities on rational runs", check_exactly),
        CheckMethod("proven", "both inequalities in balls", check_in_balls),
    ),
    refutations=(
        Refutation("a lower bound four times as large", (partial(check_exactly, factor=4),)),
        Refutation(
            "a step a thousand times shorter than τ says",
            (check_exactly, check_in_balls),
            wrong("momo", ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha / rho, polyak) / 1000")),
        ),
        Refutation(
            "the step is three times as long",
            (check_exactly, check_in_balls),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x - 3 * tau * direction)")),
        ),
    ),
    derivation=(
        Step(r"\tau_k(h_k-\rho_k f_*) \le \|x^k-x^*\|^2-\|x^{k+1}-x^*\|^2", "M5; the sum telescopes"),
        Step(r"\tau_k = \alpha/\rho_k:\ \tau_k(h_k-\rho_k f_*) \ge \alpha(1-\beta)\Delta_k", "capped: ρ ≤ 1 and M4"),
        Step(
            r"\tau_k = \frac{h_k-\rho_k f_*}{\|d_k\|^2}:\ \tau_k(h_k-\rho_k f_*) \ge \frac{(1-\beta)^2\Delta_k^2}{G^2}",
            "not capped: M4 and ‖d‖ ≤ G",
        ),
    ),
)
