"""Section 1.1 of MoMo: the averages that make the model, and their weights.

Status: paper.

Statement. With f̄_k, d_k, γ_k and ρ_k as the method keeps them,
  f̄_k = Σ_j ρ_{j,k} f_j,   d_k = Σ_j ρ_{j,k} g_j,   γ_k = Σ_j ρ_{j,k} <g_j, x^j>,   ρ_k = Σ_j ρ_{j,k},
where ρ_{j,k} = (1−β) β^{k−j} for j ≥ 2, and ρ_{1,k} = β^{k−1} with the plain initialisation (so ρ_k = 1) or
(1−β) β^{k−1} with bias correction and in MoMo-Adam (so ρ_k = 1 − β^k). And h_k = f̄_k + <d_k, x^k> − γ_k.

Proof. Induction over u_k = β u_{k−1} + (1−β) u(k) from u_0 = u(1) or from u_0 = 0.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, TakenStep, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes, vector


def weights(beta: Any, k: int, plain: bool) -> list[Any]:
    """Return ρ_{1,k}, …, ρ_{k,k}."""
    later = [(1 - beta) * beta ** (k - j) for j in range(2, k + 1)]
    return [beta ** (k - 1) if plain else (1 - beta) * beta ** (k - 1), *later]


def differences(path: Sequence[TakenStep], beta: Any, plain: bool) -> Iterator[tuple[str, Any]]:
    """Yield what each quantity of each step differs by from its weighted sum, with its name."""
    for k in range(1, len(path) + 1):
        past, trace = path[:k], path[k - 1].trace
        rho = weights(beta, k, plain)
        yield f"f̄_{k}", trace.loss_average - dot(rho, [step.loss for step in past])
        yield f"γ_{k}", trace.offset - dot(rho, [dot(step.gradient, step.x) for step in past])
        yield f"ρ_{k}", trace.weight_sum - sum(rho)
        for i, entry in enumerate(trace.gradient_average):
            yield f"d_{k}", entry - dot(rho, [step.gradient[i] for step in past])
        height = trace.loss_average + dot(trace.gradient_average, path[k - 1].x) - trace.offset
        yield f"h_{k}", trace.model_value - height


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Run three steps of MoMo (two with little effort), with both initialisations, on symbols."""
    beta, alpha = sp.symbols("beta alpha", positive=True)
    steps = 3 if effort.scale >= 1 else 2
    gradients, losses = [vector(name) for name in "uvw"], sp.symbols("f1:4", real=True)
    inputs = Inputs(vector("x"), gradients[:steps], losses[:steps])
    count = 0
    for plain in (True, False):
        # The step size is irrelevant here: with f_* = −∞ it is α/ρ, which keeps the later points short.
        method = optimizers.momo(lr=alpha, beta=beta, lower_bound=-sp.oo, bias_correction=not plain)
        for name, difference in differences(run(method, inputs), beta, plain):
            vanishes(difference, f"{name}, {'plain' if plain else 'bias-corrected'}")
            count += 1
    return Evidence(f"{count} identities over {steps} symbolic steps simplify to 0")


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Run both methods on random rationals."""
    draw, count = RationalDraw(11), 0
    for _ in range(effort.count(20, 8)):
        beta, low, alpha, plain = draw.fraction(), draw.rational(-3, 0), draw.positive(), draw.choice([True, False])
        momo = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=not plain)
        # β₂ = 0 makes the root in D rational.
        adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=1, lower_bound=low)
        for method, is_plain in ((momo, plain), (adam, False)):
            for name, difference in differences(run(method, draw.inputs(2, 6)), beta, is_plain):
                require(difference == 0, f"{name} differs by {difference} from its weighted sum, β = {beta}")
                count += 1
    return Evidence(f"{count} identities exact on random rational runs of MoMo and MoMo-Adam")


CLAIM = Claim(
    id="D1.1",
    title="The model's averages are weighted sums",
    source="MoMo, section 2 (the model)",
    status="paper",
    kind="definition",
    statement=(
        r"\bar f_k = \sum_j \rho_{j,k} f_j,\quad d_k = \sum_j \rho_{j,k}\, g_j,\quad"
        r" \gamma_k = \sum_j \rho_{j,k} \langle g_j, x^j\rangle,\quad \rho_k = \sum_j \rho_{j,k}"
    ),
    methods=(
        CheckMethod("symbolic", "steps against the sums", prove_symbolically),
        CheckMethod("exact", "rational runs against the sums", check_exactly),
    ),
    refutations=(
        Refutation(
            "β for 1 − β",
            (prove_symbolically, check_exactly),
            wrong(
                "momo",
                (
                    "d = beta * (g if first else d) + (1 - beta) * g",
                    "d = (1 - beta) * (g if first else d) + beta * g",
                ),
            ),
        ),
        Refutation(
            "the averages always start at zero",
            (prove_symbolically, check_exactly),
            wrong("momo", ("first = k == 1 and not self.bias_correction", "first = False")),
        ),
        Refutation(
            "γ averages <d, x>",
            (prove_symbolically, check_exactly),
            wrong("momo", ("(1 - beta) * gx", "(1 - beta) * dx")),
        ),
        Refutation(
            "MoMo-Adam's loss is not averaged",
            (check_exactly,),
            wrong("momo-adam", ("f_bar = beta1 * state.loss_average + (1 - beta1) * f", "f_bar = f")),
        ),
    ),
    derivation=(
        Step(r"u_k = \beta u_{k-1} + (1-\beta)\, u(k)", "each average, from u₀ = u(1) or u₀ = 0"),
        Step(r"u_k = \beta^k u_0 + (1-\beta)\sum_{j \le k} \beta^{k-j} u(j)", "by induction"),
        Step(
            r"\rho_k = 1 \text{ (plain)},\qquad \rho_k = 1 - \beta^k \text{ (bias-corrected)}", "the sum of the weights"
        ),
    ),
)
