"""M12: several learning rates in one model.

Status: derived.

Statement. Let the coordinates fall into groups g with learning rates α_g, λ = 0, d ≠ 0. The minimiser of
max{ ρ⁻¹(f̄ + <d, y> − γ), f_* } + Σ_g ‖y_g − x_g‖²/(2α_g) is y_g = x_g − τ_g d_g with
  τ_g = (α_g/ρ) min{ 1, ρ (h − ρ f_*)_+ / Σ_g α_g ‖d_g‖² }.
With one group it is MoMo's step. The authors' code takes min{ α_g/ρ, (h − ρ f_*)_+/‖d‖² } in each group: a convention,
and not the minimiser.

Proof. Stationarity in each group: θ d_g/ρ + (y_g − x_g)/α_g = 0, one θ for all. So τ_g = α_g θ/ρ, and the line at y
exceeds f_* by ρ⁻¹(h − ρ f_* − (θ/ρ) Σ_g α_g ‖d_g‖²), whose sign decides θ.
"""

from collections import Counter
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.subproblem import Subproblem


def minimiser(problem: Subproblem, rho: Any, rates: Any, height: Any) -> Any:
    """Return x_g − τ_g d_g as stated; ``rates`` has the α of each coordinate, ``height`` is h − ρ f_*."""
    d = rho * problem.slope
    theta = min(1, rho * max(height, 0) / dot(rates * d, d))
    return problem.x - rates * theta / rho * d


def convention(problem: Subproblem, rho: Any, rates: Any, height: Any) -> Any:
    """Return the authors' step: MoMo's τ in each group, with ‖d‖² of all groups."""
    d = rho * problem.slope
    polyak = max(height, 0) / dot(d, d)
    return problem.x - array(min(rate / rho, polyak) for rate in rates) * d


def draw_cases(
    optimizers: Optimizers, draw: RationalDraw, count: int, size: int
) -> list[tuple[str, Subproblem, Any, Any, Any]]:
    """Return (label, subproblem, ρ, rates, h − ρ f_*) at steps of MoMo, with three groups of coordinates.

    The proximal term with α_g is one with α = 1 and the metric 1/α_g.
    """
    collected = []
    for number in range(count):
        beta, low, groups = (
            draw.fraction(),
            draw.rational(-4, 2),
            [draw.positive() / draw.choice([1, 10 * size]) for _ in "123"],
        )
        rates = array(groups[i % 3] for i in range(size))
        method = optimizers.momo(lr=groups[0], beta=beta, lower_bound=low, bias_correction=True)
        for k, step in enumerate(run(method, draw.inputs(size, 3, low=-2)), start=1):
            trace = step.trace
            rho, slope = 1 - beta**k, trace.gradient_average / (1 - beta**k)
            if any(slope):
                level = (trace.loss_average - trace.offset) / rho
                problem = Subproblem(level, slope, low, step.x, 1, metric=array(1 / rate for rate in rates), decay=0)
                collected.append((f"case {number}, step {k}", problem, rho, rates, trace.model_value - rho * low))
    return collected


def check_exactly(optimizers: Optimizers, effort: Effort, stated: Any = minimiser) -> Evidence:
    """Check the optimality conditions of the stated point on random rational cases."""
    seen: Counter[str] = Counter()
    for label, problem, rho, rates, height in draw_cases(optimizers, RationalDraw(1201), effort.count(60, 30), 4):
        seen[problem.require_minimiser(stated(problem, rho, rates, height), label)] += 1
    require(len(seen) == 3, f"only the branches {', '.join(seen)} occurred")
    return Evidence(f"{sum(seen.values())} rational cases exact: " + ", ".join(f"{n} {b}" for b, n in seen.items()))


def compare_with_solver(optimizers: Optimizers, effort: Effort, stated: Any = minimiser) -> Evidence:
    """Compare the stated point with SciPy's."""
    apart, seen, draw = 0.0, 0, RationalDraw(1202)
    for size, count in ((3, effort.count(8, 4)), (60, effort.count(3, 2))):
        for label, problem, rho, rates, height in draw_cases(optimizers, draw, count, size):
            floats, y = problem.in_floats(), stated(problem, rho, rates, height).astype(float)
            distance = floats.require_no_better(y, floats.solve_by_scipy(), f"n = {size}, {label}", 1e-7)
            apart, seen = max(apart, distance / (1 + float(np.linalg.norm(y)))), seen + 1
    return Evidence(f"{seen} subproblems, n to 60: no better point; at most {apart:.1e} apart, relatively", apart, 0.0)


def check_single_group(optimizers: Optimizers, effort: Effort) -> Evidence:
    """With one group the stated point is the reference's next point."""
    draw, count = RationalDraw(1203), 0
    for number in range(effort.count(40, 15)):
        alpha, beta, low = draw.positive(), draw.fraction(), draw.rational(-3, 1)
        method = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=True)
        for k, step in enumerate(run(method, draw.inputs(3, 4, low=-2)), start=1):
            rho, trace = 1 - beta**k, step.trace
            if not any(trace.gradient_average):
                continue
            ones = array([Fraction(1)] * 3)
            problem = Subproblem(0, trace.gradient_average / rho, low, step.x, 1, metric=ones, decay=0)
            height = trace.loss_average + dot(trace.gradient_average, step.x) - trace.offset - rho * low
            point = minimiser(problem, rho, alpha * ones, height)
            require(list(point) == list(step.after), f"run {number}, step {k}: the reference goes elsewhere")
            count += 1
    return Evidence(f"{count} rational steps of the reference exact")


CLAIM = Claim(
    id="M12",
    title="Several learning rates in one model",
    source="derived; what the authors' code does is a convention",
    status="derived",
    kind="identity",
    statement=(
        r"\tau_g = \frac{\alpha_g}{\rho}\min\left\{1,\ "
        r"\frac{\rho\,(h-\rho f_*)_+}{\sum_{g}\alpha_{g}\|d_{g}\|^2}\right\}"
    ),
    methods=(
        CheckMethod("exact", "optimality conditions on rational cases", check_exactly),
        CheckMethod("solver", "SciPy's SLSQP on the epigraph", compare_with_solver),
        CheckMethod("exact", "one group: the reference's step", check_single_group),
    ),
    refutations=(
        Refutation(
            "the authors' step in each group is not the minimiser",
            (partial(check_exactly, stated=convention), partial(compare_with_solver, stated=convention)),
        ),
        Refutation(
            "τ is capped by α in place of α/ρ",
            (check_single_group,),
            wrong("momo", ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha, polyak)")),
        ),
    ),
    derivation=(
        Step(r"\theta\rho^{-1} d_g + \tfrac{1}{\alpha_g}(y_g - x_g) = 0", "0 is a subgradient; one θ for all groups"),
        Step(r"\tau_g = \alpha_g\theta/\rho", "solved for y"),
        Step(
            r"\theta = \min\left\{1, \frac{\rho(h-\rho f_*)_+}{\sum_g\alpha_g\|d_g\|^2}\right\}",
            "the line meets the floor, or θ is at an end of [0, 1]",
        ),
    ),
)
