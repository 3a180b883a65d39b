"""M2: the model never exceeds the average of the losses that it models.

Status: derived.

Statement. If every f(·, s) is convex and f_*^k ≤ inf f(·, s), then for every y
  m_k(y) ≤ ρ_k⁻¹ Σ_j ρ_{j,k} f(y, s_j).

Proof. f(x^j, s_j) + <g_j, y − x^j> ≤ f(y, s_j) by convexity; the weighted mean of the left sides is the line
ρ_k⁻¹(f̄_k + <d_k, y> − γ_k). The floor f_*^k is below each f(y, s_j), hence below their mean.
"""

from fractions import Fraction
from functools import partial
from typing import Any

from hypothesis import strategies as st

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot
from momoracle.paper_checks.problems import KINDS, descend, make_problem
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong


def model(trace: Any, y: Any) -> Any:
    """Return m_k(y) from what the method keeps."""
    line = (trace.loss_average + dot(trace.gradient_average, y) - trace.offset) / trace.weight_sum
    return max(line, trace.lower_bound)


def mean(beta: Any, plain: bool, losses: list[Any]) -> Any:
    """Return ρ_k⁻¹ Σ_j ρ_{j,k} f_j, with ρ_{j,k} = (1−β) β^{k−j}, but ρ_{1,k} = β^{k−1} in the plain initialisation."""
    k = len(losses)
    rho = [(1 - beta) * beta ** (k - j) for j in range(1, k + 1)]
    if plain:
        rho[0] = beta ** (k - 1)
    return dot(rho, losses) / sum(rho)


def check_exactly(optimizers: Optimizers, effort: Effort, above: int = 0) -> Evidence:
    """Compare at random points, on runs over rationals; ``above`` is how far f_* lies above the infimum."""
    draw, count, equal = RationalDraw(201), 0, 0
    for number in range(effort.count(8, 3)):
        for kind in KINDS:
            convex_problem, start, beta = make_problem(kind, number), draw.vector(3), draw.fraction()
            plain = draw.choice([True, False])
            method = optimizers.momo(lr=draw.positive(), beta=beta, lower_bound=above, bias_correction=not plain)
            path, samples = descend(method, convex_problem, start, 5, seed=number)
            for k, step in enumerate(path, start=1):
                points = [step.x, array(map(Fraction, convex_problem.optimum)), *(draw.vector(3) for _ in range(3))]
                for y in points:
                    right = mean(beta, plain, [convex_problem.loss(y, s) for s in samples[:k]])
                    left = model(step.trace, y)
                    require(left <= right, f"{kind}, run {number}, step {k}: m = {float(left)} > {float(right)}")
                    count, equal = count + 1, equal + (left == right)
    return Evidence(f"{count} points of rational runs, {equal} of them with equality")


def search_quadratics(optimizers: Optimizers, effort: Effort, curvature: int = 1) -> Evidence:
    """Compare on quadratics in one dimension that Hypothesis draws; a negative curvature is not convex."""
    small = st.fractions(min_value=-8, max_value=8, max_denominator=8)

    def compare(centres: list[Fraction], y: Fraction, start: Fraction, beta: Fraction, alpha: Fraction) -> None:
        def loss(x: Fraction, centre: Fraction) -> Fraction:
            return curvature * (x - centre) ** 2

        method = optimizers.momo(lr=alpha, beta=beta, lower_bound=0 if curvature > 0 else -100000, bias_correction=True)
        x, state = array([start]), None
        for k, centre in enumerate(centres, start=1):
            state = state or method.init(x)
            gradient = array([2 * curvature * (x[0] - centre)])
            x, state, trace = method.step(x, gradient, state, loss(x[0], centre))
            right = mean(beta, False, [loss(y, c) for c in centres[:k]])
            left = model(trace, array([y]))
            require(left <= right, f"step {k} at y = {y}: m = {left} > {right}")

    count = for_all(
        compare,
        effort.count(150, 40),
        centres=st.lists(small, min_size=1, max_size=4),
        y=small,
        start=small,
        beta=st.fractions(min_value=0, max_value=Fraction(7, 8), max_denominator=8),
        alpha=st.fractions(min_value=Fraction(1, 8), max_value=8, max_denominator=8),
    )
    return Evidence(f"{count} runs on quadratics drawn by Hypothesis, in rationals")


CLAIM = Claim(
    id="M2",
    title="The model lies below the average loss",
    source="derived",
    status="derived",
    kind="upper bound",
    statement=r"f(\cdot, s)\ \text{convex},\; f_*^k \le \inf f \;\Rightarrow\; m_k(y) \le"
    r" \rho_k^{-1}\textstyle\sum_j \rho_{j,k} f(y, s_j)\quad \forall y",
    methods=(
        CheckMethod("exact", "three convex problems, at random points", check_exactly),
        CheckMethod("property", "quadratics drawn by Hypothesis", search_quadratics),
    ),
    refutations=(
        Refutation("a loss that is not convex", (partial(search_quadratics, curvature=-1),)),
        Refutation("f_* above the infimum", (partial(check_exactly, above=1),)),
        Refutation(
            "γ averages <d, x>",
            (check_exactly, search_quadratics),
            wrong("momo", ("(1 - beta) * gx", "(1 - beta) * dx")),
        ),
        Refutation(
            "the sign of γ",
            (check_exactly, search_quadratics),
            wrong("momo", ("gamma = beta * (gx if first else gamma) + ", "gamma = beta * (gx if first else gamma) - ")),
        ),
    ),
    derivation=(
        Step(r"f_j + \langle g_j, y - x^j\rangle \le f(y, s_j)", "convexity, for each j"),
        Step(
            r"\rho_k^{-1}(\bar f_k + \langle d_k, y\rangle - \gamma_k) \le \rho_k^{-1}\sum_j\rho_{j,k} f(y, s_j)",
            "their weighted mean",
        ),
        Step(r"f_*^k \le \rho_k^{-1}\sum_j\rho_{j,k} f(y, s_j)", "f_* is below every loss"),
    ),
)
