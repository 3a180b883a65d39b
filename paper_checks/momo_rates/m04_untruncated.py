"""M4: the gap of the model is (1−β) times the gap of the last loss.

Status: derived.

Statement. D = I, λ = 0, f_* constant, every d_j ≠ 0 and every f_j ≥ f_*. If the cap never binds, then for k ≥ 2 (with
bias correction for k ≥ 1)
  h_k − ρ_k f_* = (1−β)(f_k − f_*) ≥ 0,   and h_1 − f_* = f_1 − f_* with the plain initialisation.
With a cap that binds now and then, h_k − ρ_k f_* ≥ (1−β)(f_k − f_*).

Proof. h_k = (1−β) f_k + β (h_{k−1} − τ_{k−1}‖d_{k−1}‖²) (M11). By induction h_{k−1} ≥ ρ_{k−1} f_*, so the step is
Polyak's, τ_{k−1}‖d_{k−1}‖² = h_{k−1} − ρ_{k−1} f_*, or the smaller α/ρ_{k−1} ‖d_{k−1}‖². Hence
h_k ≥ (1−β) f_k + β ρ_{k−1} f_*, with equality without a cap, and (1−β) + β ρ_{k−1} = ρ_k.
Where d_{k−1} = 0 no step is taken whatever h_{k−1} is, and the identity is lost: so d_j ≠ 0 is needed.
"""

from fractions import Fraction
from functools import partial

import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import settle, vanishes, vector


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove the induction step: two steps from any state with h − ρ f_* = P > 0 and a cap that does not bind."""
    x, g, later = vector("x"), vector("g"), vector("q")
    d = array([sp.Symbol("d1", real=True, nonzero=True), sp.Symbol("d2", real=True)])
    f, low, offset, gap = sp.symbols("f f_* Gamma phi", real=True)
    b, p, s = sp.symbols("b P s", positive=True)
    beta, rho = 1 / (1 + b), 1 - (1 + b) ** -3
    alpha = rho * (p / dot(d, d) + s)  # s > 0 is how far the cap is from binding
    method = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=True)
    gamma = beta * offset + (1 - beta) * dot(g, x)
    loss_average = p + rho * low - dot(d, x) + gamma
    state = method.init(x)._replace(
        step=2,
        loss_average=(loss_average - (1 - beta) * f) / beta,
        gradient_average=(d - (1 - beta) * g) / beta,
        offset=offset,
    )
    after, state, _ = method.step(x, g, state, f)
    settled = array(settle(entry) for entry in after)
    _, _, trace = method.step(settled, later, state, low + gap)
    vanishes(trace.model_value - trace.weight_sum * low - (1 - beta) * gap, "h − ρ f_* − (1−β)(f − f_*)")
    return Evidence("the induction step is an identity in x, g, d, f, f_*, γ, β and P > 0")


def check_exactly(optimizers: Optimizers, effort: Effort, least: int = 0, vanishing: bool = False) -> Evidence:
    """Follow random rational runs without a cap; ``least`` bounds f − f_* from below, ``vanishing`` makes d_2 zero."""
    draw, count = RationalDraw(401), 0
    for number in range(effort.count(40, 15)):
        beta, low, corrected = draw.fraction(), draw.rational(-2, 2), draw.choice([True, False])
        inputs = draw.inputs(2, 6)
        losses = [low + draw.rational(least, 6) for _ in inputs.losses]
        if vanishing and beta > 0:
            first = (1 - beta if corrected else 1) * inputs.gradients[0]
            inputs = inputs._replace(gradients=[inputs.gradients[0], -beta / (1 - beta) * first, *inputs.gradients[2:]])
        method = optimizers.momo(lr=Fraction(10**9), beta=beta, lower_bound=low, bias_correction=corrected)
        for k, step in enumerate(run(method, inputs._replace(losses=losses)), start=1):
            if not vanishing and not any(step.trace.gradient_average):
                break
            weight = 1 if k == 1 and not corrected else 1 - beta
            gap = step.trace.model_value - step.trace.weight_sum * low
            expected = weight * (step.loss - low)
            require(gap == expected, f"run {number}, step {k}: h − ρ f_* = {gap}, not {expected}")
            if step.trace.step_size * step.trace.weight_sum == 10**9:
                break
            count += 1
    return Evidence(f"{count} uncapped rational steps, every gap exact")


def check_with_cap(optimizers: Optimizers, effort: Effort, factor: Fraction = Fraction(1)) -> Evidence:
    """Follow random rational runs with a cap that binds now and then; the bound may be multiplied by ``factor``."""
    draw, count, strict = RationalDraw(402), 0, 0
    for number in range(effort.count(40, 15)):
        beta, low, corrected = draw.fraction(), draw.rational(-2, 2), draw.choice([True, False])
        inputs = draw.inputs(2, 6)
        losses = [low + draw.rational(0, 6) for _ in inputs.losses]
        method = optimizers.momo(lr=draw.positive(2), beta=beta, lower_bound=low, bias_correction=corrected)
        for k, step in enumerate(run(method, inputs._replace(losses=losses)), start=1):
            gap = step.trace.model_value - step.trace.weight_sum * low
            least = factor * (1 - beta) * (step.loss - low)
            require(gap >= least, f"run {number}, step {k}: h − ρ f_* = {gap} < {least}")
            count, strict = count + 1, strict + (gap > least)
    return Evidence(f"{count} rational steps, {strict} of them strictly above the bound")


CLAIM = Claim(
    id="M4",
    title="The model's gap is (1−β) times the loss's gap",
    source="derived",
    status="derived",
    kind="identity",
    statement=(
        r"h_k - \rho_k f_* = (1-\beta)(f_k - f_*)\ \ (\text{no cap},\ k \ge 2),\qquad"
        r" h_k - \rho_k f_* \ge (1-\beta)(f_k - f_*)\ \ (\text{any cap})"
    ),
    methods=(
        CheckMethod("symbolic", "the induction step", prove_symbolically),
        CheckMethod("exact", "the identity on uncapped rational runs", check_exactly),
        CheckMethod("exact", "the inequality with a cap", check_with_cap),
    ),
    refutations=(
        Refutation("d_2 = 0: the identity needs d_j ≠ 0", (partial(check_exactly, vanishing=True),)),
        Refutation("a loss below f_*", (partial(check_exactly, least=-3),)),
        Refutation("a bound larger by a tenth", (partial(check_with_cap, factor=Fraction(11, 10)),)),
        Refutation(
            "the averages are not those of the paper: β for 1 − β in f̄",
            (prove_symbolically, check_exactly, check_with_cap),
            wrong(
                "momo",
                (
                    "f_bar = beta * (f if first else f_bar) + (1 - beta) * f",
                    "f_bar = (1 - beta) * (f if first else f_bar) + beta * f",
                ),
            ),
        ),
        Refutation(
            "a step of twice the length",
            (prove_symbolically, check_exactly, check_with_cap),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x - 2 * tau * direction)")),
        ),
    ),
    derivation=(
        Step(r"h_k = (1-\beta) f_k + \beta\,(h_{k-1} - \tau_{k-1}\|d_{k-1}\|^2)", "M11: the terms with x cancel"),
        Step(r"\tau_{k-1}\|d_{k-1}\|^2 = h_{k-1} - \rho_{k-1} f_*", "no cap, d ≠ 0, and h ≥ ρ f_* by induction"),
        Step(r"h_k = (1-\beta) f_k + \beta\rho_{k-1} f_*,\quad (1-\beta) + \beta\rho_{k-1} = \rho_k", "put together"),
        Step(r"\tau_{k-1}\|d_{k-1}\|^2 \le h_{k-1} - \rho_{k-1} f_*", "with a cap: an inequality"),
    ),
    remark="Needs d_j ≠ 0 for every j < k and f_j ≥ f_* for every j ≤ k; both are shown to be needed.",
)
