"""M8: O(1/K) where the losses are smooth.

Status: derived.

Statement. As in M6, without a cap, each f(·, s) convex and L-smooth, Δ_k = f_k − f_*, B = ‖x^1 − x*‖. On every path,
with bias correction,
  (1/K) Σ_{k≤K} Δ_k ≤ 2 L B² / ((1−β)² K);
with the plain initialisation (ΣΔ_k)² ≤ 2 L B²/(1−β)² · (ΣΔ_k + β Δ_1/(1−β)).

Proof. (i) ‖g_j‖² ≤ 2 L Δ_j for a smooth convex loss with minimum f_*. (ii) ‖d_k‖² ≤ Σ_j ρ_{j,k} ‖g_j‖² ≤ 2 L A_k with
A_k = Σ_j ρ_{j,k} Δ_j, by Jensen and ρ_k ≤ 1. (iii) M6: Σ_k (1−β)² Δ_k²/(2 L A_k) ≤ B². (iv) Cauchy–Schwarz:
(ΣΔ_k)² ≤ Σ Δ_k²/A_k · Σ A_k. (v) Σ_k ρ_{j,k} ≤ 1 for each j (in the plain initialisation 1/(1−β) for j = 1), so
Σ A_k ≤ ΣΔ_k, or ΣΔ_k + βΔ_1/(1−β).
"""

from functools import partial

import flint

from momoracle.convergence.certificates import inequalities as theory
from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import at_most, require_at_most
from momoracle.paper_checks.problems import Run, draw_ball_runs, draw_runs
from momoracle.paper_checks.refutation import wrong

BITS = 2500
NO_CAP = 10**12


def check_inequalities(label: str, run: Run, sharper: int = 1) -> int:
    """Check every inequality of the proof on a run on least squares; ``sharper`` multiplies ‖g‖² in the first."""
    zero, smoothness = 0 * run.path[0].loss, run.problem.smoothness()
    average, averages, quotients = zero, zero, zero
    for _, m in run.quantities():
        where, before = f"{label}, step {m.k}", m.gap if m.k == 1 and not run.corrected else average
        steeper = m._replace(gradient_norm_sq=sharper * m.gradient_norm_sq)
        require_at_most(theory.smooth_gradient(steeper, smoothness), f"(i) {where}: ‖g‖² ≤ 2LΔ")
        average = run.beta * before + (1 - run.beta) * m.gap  # A_k, as the losses are averaged (f_* = 0)
        require_at_most((m.direction_norm_sq, 2 * smoothness * average), f"(ii) {where}: ‖d‖² ≤ 2LA")
        averages = averages + average
        if not at_most(average, zero):
            quotients = quotients + m.gap * m.gap / average
        left, right = (1 - run.beta) ** 2 * quotients, 2 * smoothness * m.start_sq
        require_at_most((left, right), f"(iii) {where}: (1−β)² ΣΔ²/A ≤ 2LB²")
        require_at_most((m.gaps * m.gaps, quotients * averages), f"(iv) {where}: (ΣΔ)² ≤ ΣΔ²/A · ΣA")
        extra = zero if run.corrected else run.beta * m.first_gap / (1 - run.beta)
        require_at_most((averages, m.gaps + extra), f"(v) {where}: ΣA ≤ ΣΔ + βΔ_1/(1−β)")
        require_at_most(theory.smooth_rate(m, smoothness), f"{where}: (1−β)² (ΣΔ)² ≤ 2LB² (ΣΔ + βΔ_1/(1−β))")
    return len(run.path)


def check_exactly(optimizers: Optimizers, effort: Effort, sharper: int = 1) -> Evidence:
    """Check the inequalities on runs over rationals."""
    some = draw_runs(
        optimizers.momo, RationalDraw(801), lambda draw: NO_CAP, effort.count(15, 8), kinds=("least squares",)
    )
    steps = sum(check_inequalities(label, run, sharper) for label, run in some)
    return Evidence(f"{steps} rational steps on least squares; six inequalities each")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the inequalities on longer runs over balls."""
    with flint.ctx.workprec(BITS):
        some = draw_ball_runs(optimizers.momo, RationalDraw(802), lambda draw: NO_CAP, effort.count(5, 3), 80)
        steps = sum(check_inequalities(label, run) for label, run in some)
    return Evidence(f"{steps} steps in {BITS}-bit balls; six inequalities each")


CLAIM = Claim(
    id="M8",
    title="O(1/K) for smooth losses",
    source="derived",
    status="derived",
    kind="upper bound",
    statement=r"\frac1K\sum_{k\le K}\Delta_k \le \frac{2L\|x^1-x^*\|^2}{(1-\beta)^2 K}\quad"
    r"\text{on every path (bias-corrected)}",
    methods=(
        CheckMethod("exact", "each inequality of the proof on rational runs", check_exactly),
        CheckMethod("proven", "each inequality of the proof in balls", check_in_balls),
    ),
    refutations=(
        Refutation("L halved: ‖g‖² ≤ LΔ", (partial(check_exactly, sharper=2),)),
        Refutation(
            "β for 1 − β in d",
            (check_exactly, check_in_balls),
            wrong("momo", ("d = beta * (g if first else d) + (1 - beta) * g", "d = beta * (g if first else d) + g")),
        ),
        Refutation(
            "ascent: a sign in the step",
            (check_exactly, check_in_balls),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x + tau * direction)")),
        ),
    ),
    derivation=(
        Step(r"\|g_j\|^2 \le 2L\Delta_j", "(i) smoothness"),
        Step(r"\|d_k\|^2 \le 2L A_k,\quad A_k = \textstyle\sum_j\rho_{j,k}\Delta_j", "(ii) Jensen, ρ ≤ 1"),
        Step(r"\sum_k \frac{(1-\beta)^2\Delta_k^2}{2LA_k} \le \|x^1-x^*\|^2", "(iii) M6"),
        Step(r"\Bigl(\sum_k\Delta_k\Bigr)^2 \le \sum_k\frac{\Delta_k^2}{A_k}\sum_k A_k", "(iv) Cauchy–Schwarz"),
        Step(r"\sum_k A_k \le \sum_k\Delta_k", "(v) the weights of one loss sum to 1 at most"),
    ),
)
