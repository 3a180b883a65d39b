"""M5: the distance to a common minimiser never increases.

Status: paper.

Statement. f(·, s) convex, f(x*, s) = f_* for every s, D = I, λ = 0, any cap. Then on every sample path
  h_k − ρ_k f_* ≤ <d_k, x^k − x*>   and   ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² − τ_k (h_k − ρ_k f_*) ≤ ‖x^k − x*‖².

Proof. (i) h_k − ρ_k f_* = Σ_j ρ_{j,k} (f_j + <g_j, x^k − x^j> − f_*), and f_j + <g_j, x* − x^j> ≤ f_* by convexity: the
difference of the two is <g_j, x^k − x*>. (ii) ‖x^{k+1} − x*‖² = ‖x^k − x*‖² − 2τ_k <d_k, x^k − x*> + τ_k² ‖d_k‖².
(iii) τ_k ‖d_k‖² ≤ (h_k − ρ_k f_*)_+, so the last two terms are at most −τ_k (h_k − ρ_k f_*), by (i). (iv) τ_k > 0 only
where h_k > ρ_k f_*.
"""

from functools import partial

import flint

from momoracle.convergence.certificates import inequalities as theory
from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, require_at_most
from momoracle.paper_checks.problems import Run, draw_ball_runs, draw_runs
from momoracle.paper_checks.refutation import wrong

BITS = 2500


def check_inequalities(label: str, run: Run, factor: int = 1) -> int:
    """Check every inequality of the proof on every step; the gain of a step may be multiplied by ``factor``."""
    optimum = array(run.problem.optimum)
    for step, m in run.quantities():
        where, tau = f"{label}, step {m.k}", m.step_size
        slope = dot(step.trace.gradient_average, step.x - optimum)
        require_at_most((m.model_gap, slope), f"(i) {where}: h − ρ f_* ≤ <d, x − x*>")
        expanded = m.distance_sq - 2 * tau * slope + tau * tau * m.direction_norm_sq
        require_at_most((m.distance_sq_after, expanded), f"(ii) {where}: ‖x⁺ − x*‖² ≤ the square expanded")
        require_at_most((expanded, m.distance_sq_after), f"(ii) {where}: the square expanded ≤ ‖x⁺ − x*‖²")
        require_at_most((tau * m.direction_norm_sq, abs(m.model_gap)), f"(iii) {where}: τ‖d‖² ≤ |h − ρ f_*|")
        required = m._replace(gain=factor * m.gain)
        require_at_most(theory.descent(required), f"(iii) {where}: ‖x⁺ − x*‖² ≤ ‖x − x*‖² − the gain")
        require_at_most(theory.distances(m), f"(iv) {where}: ‖x⁺ − x*‖² ≤ ‖x − x*‖²")
    return len(run.path)


def check_exactly(optimizers: Optimizers, effort: Effort, factor: int = 1) -> Evidence:
    """Check the inequalities on runs over rationals, with and without a cap."""
    some = draw_runs(
        optimizers.momo, RationalDraw(501), lambda draw: draw.choice([draw.positive(1), 10**9]), effort.count(8, 4)
    )
    steps = sum(check_inequalities(label, run, factor) for label, run in some)
    return Evidence(f"{steps} rational steps on three problems; four inequalities each")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the inequalities on longer runs over balls."""
    with flint.ctx.workprec(BITS):
        some = draw_ball_runs(
            optimizers.momo,
            RationalDraw(502),
            lambda draw: draw.choice([draw.positive(1), 10**9]),
            effort.count(4, 2),
            60,
        )
        steps = sum(check_inequalities(label, run) for label, run in some)
    return Evidence(f"{steps} steps in {BITS}-bit balls; four inequalities each")


CLAIM = Claim(
    id="M5",
    title="The distance to a common minimiser never increases",
    source="MoMo, a lemma of its convergence proof",
    status="paper",
    kind="upper bound",
    statement=(
        r"h_k - \rho_k f_* \le \langle d_k, x^k - x^*\rangle,\qquad"
        r" \|x^{k+1} - x^*\|^2 \le \|x^k - x^*\|^2 - \tau_k (h_k - \rho_k f_*)\quad\text{on every path}"
    ),
    methods=(
        CheckMethod("exact", "each inequality on rational runs", check_exactly),
        CheckMethod("proven", "each inequality on runs in balls", check_in_balls),
    ),
    refutations=(
        Refutation("three times the gain", (partial(check_exactly, factor=3),)),
        Refutation(
            "the numerator of τ is doubled",
            (check_exactly, check_in_balls),
            wrong("momo", ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha / rho, 2 * polyak)")),
        ),
        Refutation(
            "a sign in the step",
            (check_exactly, check_in_balls),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x + tau * direction)")),
        ),
        Refutation(
            "γ averages <d, x>",
            (check_exactly, check_in_balls),
            wrong("momo", ("(1 - beta) * gx", "(1 - beta) * dx")),
        ),
    ),
    derivation=(
        Step(r"h_k - \rho_k f_* = \sum_j \rho_{j,k}(f_j + \langle g_j, x^k - x^j\rangle - f_*)", "the definition of h"),
        Step(r"f_j + \langle g_j, x^* - x^j\rangle \le f(x^*, s_j) = f_*", "convexity and interpolation"),
        Step(r"h_k - \rho_k f_* \le \langle d_k, x^k - x^*\rangle", "(i), from the two"),
        Step(
            r"\|x^{k+1}-x^*\|^2 = \|x^k-x^*\|^2 - 2\tau_k\langle d_k, x^k-x^*\rangle + \tau_k^2\|d_k\|^2",
            "(ii), the square expanded",
        ),
        Step(r"\tau_k\|d_k\|^2 \le (h_k - \rho_k f_*)_+", "(iii), from the formula of τ"),
    ),
)
