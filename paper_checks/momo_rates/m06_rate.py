"""M6, the theorem of MoMo: O(1/√K) for convex losses that share a minimiser, without a cap.

Status: paper.

Statement. As in M4 and M5, without a cap, Δ_k = f_k − f_*, and ‖g‖ ≤ G on the ball of radius B = ‖x^1 − x*‖ around x*:
  Σ_{k≤K} (h_k − ρ_k f_*)²/‖d_k‖² ≤ B²   and, on every path,   (1−β)/K · Σ_{k≤K} Δ_k ≤ G B/√K,
so in expectation min_k E[f(x^k) − f_*] ≤ (1/K) Σ_k E[f(x^k) − f_*] ≤ G B/((1−β)√K).

Proof. (i) M5 with τ_k = (h_k − ρ_k f_*)/‖d_k‖²: each summand is at most ‖x^k − x*‖² − ‖x^{k+1} − x*‖². (ii) The sum
telescopes. (iii) h_k − ρ_k f_* ≥ (1−β) Δ_k (M4). (iv) x^k stays in the ball, so ‖d_k‖ ≤ Σ_j ρ_{j,k} ‖g_j‖ ≤ G. (v) Then
(1−β)² ΣΔ_k²/G² ≤ B², and (ΣΔ_k)² ≤ K ΣΔ_k² (Cauchy–Schwarz). (vi) s_k is drawn after x^k, so E Δ_k = E f(x^k) − f_*.
(Where d_k = 0, (i) of M5 gives h_k = ρ_k f_*: the summand counts as 0 and M4 goes on.)
"""

from functools import partial
from math import ceil, log, prod, sqrt

import flint
import numpy as np

from momoracle.convergence.certificates import inequalities as theory
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.losses.absolute_loss import absolute
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.adversary import largest_gap
from momoracle.convergence.problems.limits import NO_CAP as UNCAPPED
from momoracle.convergence.problems.problem import Constants
from momoracle.convergence.problems.problem import Problem as FloatProblem
from momoracle.convergence.run import run as run_ensemble
from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import require_at_most
from momoracle.paper_checks.problems import Run, draw_ball_runs, draw_runs, make_problem
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.worst_case import exact_worst_case, excess

BITS = 2500
NO_CAP = 10**12
RISK = 1e-6  # the probability that chance alone makes a statistical check fail, or hold


def check_inequalities(label: str, run: Run) -> int:
    """Check every inequality of the proof on a run."""
    losses_sq, before = 0 * run.path[0].loss, 0 * run.path[0].loss
    bound_sq = run.problem.gradient_bound_sq(run.path[0].x)
    for _, m in run.quantities():
        where, summand, before = f"{label}, step {m.k}", m.squares - before, m.squares
        gained = m.distance_sq - m.distance_sq_after
        require_at_most((summand, gained), f"(i) {where}: (h − ρ f_*)²/‖d‖² ≤ ‖x − x*‖² − ‖x⁺ − x*‖²")
        require_at_most(theory.sum_of_squares(m), f"(ii) {where}: Σ (h − ρ f_*)²/‖d‖² ≤ ‖x¹ − x*‖²")
        require_at_most(theory.least_model_gap(m), f"(iii) {where}: (1−β)Δ ≤ h − ρ f_*")
        require_at_most((m.direction_norm_sq, bound_sq), f"(iv) {where}: ‖d‖² ≤ G²")
        losses_sq = losses_sq + m.gap * m.gap
        require_at_most((m.gaps * m.gaps, m.k * losses_sq), f"(v) {where}: (ΣΔ)² ≤ K ΣΔ²")
        left, factors = theory.path_rate(m, bound_sq)
        require_at_most((left * left, prod(factors)), f"(vi) {where}: (1−β)² (ΣΔ)² ≤ K G² B²")
    return len(run.path)


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the inequalities on runs over rationals."""
    some = draw_runs(optimizers.momo, RationalDraw(601), lambda draw: NO_CAP, effort.count(8, 4))
    steps = sum(check_inequalities(label, run) for label, run in some)
    return Evidence(f"{steps} rational steps on three problems; six inequalities each")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the inequalities on longer runs over balls."""
    with flint.ctx.workprec(BITS):
        some = draw_ball_runs(optimizers.momo, RationalDraw(602), lambda draw: NO_CAP, effort.count(4, 2), 60)
        steps = sum(check_inequalities(label, run) for label, run in some)
    return Evidence(f"{steps} steps in {BITS}-bit balls; six inequalities each")


def estimate(optimizers: Optimizers, effort: Effort, sharper: float = 1.0) -> Evidence:
    """Bound the expectation from above with confidence 1 − 10⁻⁶, on absolute loss with random samples.

    A replica's average of the sampled losses f(x^k, s_k) − f_* lies in [0, G B], since f(x) − f_* ≤ <g, x − x*>, and
    its expectation is that of the mean gap (vi). So by Hoeffding the expectation is below the mean over R replicas plus
    G B √(ln(1/δ)/(2R)); R makes that a quarter of the bound.
    """
    steps, beta, rational = 50, 0.5, make_problem("absolute loss", 7)
    start = np.zeros(3)
    largest = sqrt(float(rational.gradient_bound_sq(start)) * float(rational.distance_sq(start)))  # G B
    bound = largest / ((1 - beta) * sqrt(steps))
    replicas = ceil(log(1 / RISK) / 2 * (4 * largest / bound) ** 2)
    bound /= sharper
    model = LinearModel(np.array(rational.rows, float), np.array(rational.targets, float), absolute)
    drawn = FloatProblem("absolute loss", start, len(rational.rows), model, Constants(lower_bound=0.0))
    method = optimizers.momo(lr=UNCAPPED, beta=beta)
    ensemble = Ensemble(drawn, method, steps, seeds=replicas, first_seed=606, certificates=())
    means = np.concatenate([tile.rows["loss_average"][:, -1] for tile in run_ensemble(ensemble)])
    upper = float(means.mean()) + largest * sqrt(log(1 / RISK) / (2 * replicas))
    require(upper <= bound, f"with confidence 1 − 10⁻⁶ only E ≤ {upper:.4g} is known; the bound is {bound:.4g}")
    text = f"E of the mean gap ≤ {upper:.3g} with confidence 1 − 10⁻⁶ ({replicas} replicas, K = {steps}), ≤ {bound:.3g}"
    return Evidence(text, upper, bound)


def check_attainment(optimizers: Optimizers, effort: Effort, sharper: float = 1.0) -> Evidence:
    """Run MoMo with β = 0 on the worst convex function, whose value never falls along the run: the bound is attained.

    What is allowed beside the bound is rounding: some 16 operations on each of K entries in each of K steps.
    """
    ratios = []
    for steps in (2, 3, 10, effort.count(50)):
        worst, bound = largest_gap(0.0, steps, False, optimizers.momo), 1 / sqrt(steps) / sharper
        rounding = 16 * steps * steps * float(np.finfo(float).eps)
        require(worst.gap <= bound * (1 + rounding), f"K = {steps}: min f = {worst.gap:.6g} exceeds {bound:.6g}")
        require(excess(worst) <= rounding, f"K = {steps}: the adversary's answers are not of one convex function")
        ratios.append(worst.gap / bound)
    require(min(ratios) >= 1 - 1e-9, f"the smallest ratio is {min(ratios)}, so the adversary was not the worst")
    return Evidence(f"β = 0: min f is {min(ratios):.9f} of the bound or more for four K", min(ratios), 1.0)


def solve_semidefinite_programs(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare the exact worst case over all convex functions with the bound and with the reference's own worst run."""
    ratios = {}
    for beta in (0.0, 0.3, 0.5, 0.9):
        for steps in (2, 3, 4):
            run, bound = largest_gap(beta, steps, False, optimizers.momo), 1 / ((1 - beta) * sqrt(steps))
            worst = exact_worst_case(beta, run.step_sizes[:-1])
            require(abs(worst - run.gap) <= 1e-3, f"β = {beta}, K = {steps}: worst case {worst:.4f}, run {run.gap:.4f}")
            require(worst <= bound + 1e-3, f"β = {beta}, K = {steps}: the worst case {worst:.4f} exceeds {bound:.4f}")
            ratios[beta] = worst / bound
            if beta == 0:
                require(worst >= bound - 1e-3, f"β = 0, K = {steps}: the worst case {worst:.4f} is below {bound:.4f}")
    listed = ", ".join(f"β = {beta:g}: {ratio:.3f}" for beta, ratio in ratios.items())
    return Evidence(f"worst case / bound at K = 4: {listed}; equality at β = 0 to 1e-3", ratios[0.0], 1.0)


CLAIM = Claim(
    id="M6",
    title="Theorem: O(1/√K) for convex losses with a common minimiser",
    source="MoMo, its theorem for convex losses with interpolation",
    status="paper",
    kind="upper bound",
    statement=(
        r"\sum_{k\le K}\frac{(h_k-\rho_k f_*)^2}{\|d_k\|^2} \le \|x^1-x^*\|^2,\qquad"
        r" \min_{k\le K}\mathbb{E}[f(x^k)-f_*] \le \frac1K\sum_{k\le K}\mathbb{E}[f(x^k)-f_*]"
        r" \le \frac{G\|x^1-x^*\|}{(1-\beta)\sqrt K}"
    ),
    methods=(
        CheckMethod("exact", "each inequality of the proof on rational runs", check_exactly),
        CheckMethod("proven", "each inequality of the proof in balls", check_in_balls),
        CheckMethod("statistical", "the expectation, by Hoeffding's bound", estimate),
        CheckMethod("measured", "attained at β = 0", check_attainment),
        CheckMethod(
            "worst case", "semidefinite programs", solve_semidefinite_programs, needs=("PEPit", "cvxpy", "clarabel")
        ),
    ),
    refutations=(
        Refutation("a bound smaller by a tenth", (partial(check_attainment, sharper=1.1),)),
        Refutation("a bound smaller a hundred times", (partial(estimate, sharper=100.0),)),
        Refutation(
            "half the step",
            (check_exactly, check_attainment, solve_semidefinite_programs),
            wrong("momo", ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha / rho, polyak / 2)")),
        ),
        Refutation(
            "β for 1 − β in d",
            (check_exactly, check_in_balls),
            wrong("momo", ("d = beta * (g if first else d) + (1 - beta) * g", "d = beta * (g if first else d) + g")),
        ),
        Refutation(
            "ascent: a sign in the step",
            (check_exactly, check_in_balls, estimate),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x + tau * direction)")),
        ),
    ),
    derivation=(
        Step(
            r"\frac{(h_k-\rho_k f_*)^2}{\|d_k\|^2} \le \|x^k-x^*\|^2 - \|x^{k+1}-x^*\|^2",
            "(i) M5 with Polyak's step, and its sum telescopes (ii)",
        ),
        Step(r"h_k-\rho_k f_* \ge (1-\beta)\Delta_k", "(iii) M4"),
        Step(r"\|d_k\| \le \sum_j \rho_{j,k}\|g_j\| \le G", "(iv) the iterates stay in the ball; Jensen"),
        Step(r"\Bigl(\sum_k\Delta_k\Bigr)^2 \le K\sum_k\Delta_k^2 \le \frac{K G^2\|x^1-x^*\|^2}{(1-\beta)^2}", "(v)"),
        Step(r"\mathbb{E}\,\Delta_k = \mathbb{E}[f(x^k) - f_*]", "(vi) the sample is drawn after x^k"),
    ),
)
