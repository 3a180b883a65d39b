"""Lemma 2.1 of MoMo: the proximal step on the truncated model, in closed form.

Status: paper.

Statement. Let m(y) = max{ ρ⁻¹(f̄ + <d, y> − γ), f_* } and h = f̄ + <d, x> − γ, with d ≠ 0. The minimiser of
m(y) + ‖y − x‖²/(2α) is x⁺ = x − τ d with τ = min{ α/ρ, (h − ρ f_*)_+ / ‖d‖² }.

Proof. The objective is strongly convex; y is its minimiser exactly where θ d/ρ + (y − x)/α = 0 with θ = 1 where the
line ρ⁻¹(f̄ + <d, y> − γ) lies above f_*, θ = 0 where it lies below, and θ in [0, 1] where they meet. So y = x − τ d with
τ = αθ/ρ, and the line at y is ρ⁻¹(h − τ‖d‖²). Then
  θ = 1 (cap):      τ = α/ρ, where (α/ρ)‖d‖² ≤ h − ρ f_*;
  0 ≤ θ ≤ 1 (Polyak): τ = (h − ρ f_*)/‖d‖², where 0 ≤ h − ρ f_* ≤ (α/ρ)‖d‖²;
  θ = 0 (no step):  τ = 0, where h ≤ ρ f_*.
"""

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from momoracle.paper_checks.claim import (
    CheckMethod,
    Claim,
    Effort,
    Evidence,
    Optimizers,
    Refutation,
    Step,
    require,
)
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.subproblem import Subproblem
from momoracle.paper_checks.symbolic import is_nonnegative, settle, vanishes, vector


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove the optimality conditions of the reference's own step in each branch, in two dimensions.

    The state before the third step is chosen so that after averaging d is any vector with d₁ ≠ 0 and h − ρ f_* is
    whatever puts the step into the branch; x, g, f, f_*, γ, α > 0 and β = 1/(1+b) stay free.
    """
    x, g = vector("x"), vector("g")
    d = array([sp.Symbol("d1", real=True, nonzero=True), sp.Symbol("d2", real=True)])
    f, low, offset = sp.symbols("f f_* Gamma", real=True)
    alpha, b, s = sp.symbols("alpha b s", positive=True)
    beta, rho, dd = 1 / (1 + b), 1 - (1 + b) ** -3, dot(d, d)
    branches = {  # h − ρ f_* in the branch, and the multiplier θ there; s > 0 is how far inside it
        "cap": (alpha / rho * dd + s, sp.Integer(1)),
        "Polyak": (alpha / rho * dd * s / (1 + s), s / (1 + s)),
        "no step": (-s, sp.Integer(0)),
    }
    for branch, (height, theta) in branches.items():
        method = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=True)
        gamma = beta * offset + (1 - beta) * dot(g, x)
        loss_average = height + rho * low - dot(d, x) + gamma
        state = method.init(x)._replace(
            step=2,
            loss_average=(loss_average - (1 - beta) * f) / beta,
            gradient_average=(d - (1 - beta) * g) / beta,
            offset=offset,
        )
        after, _, trace = method.step(x, g, state, f)
        tau = settle(trace.step_size)
        vanishes(alpha * theta / rho - tau, f"{branch}: αθ/ρ − τ")
        for new, old, entry in zip(after, x, d, strict=True):  # θ d/ρ + (x⁺ − x)/α = 0
            vanishes(theta * entry / rho + (settle(new) - old) / alpha, f"{branch}: θ d/ρ + (x⁺ − x)/α")
        excess = sp.factor(sp.together((height - tau * dd) / rho))  # the line at x⁺, less f_*
        slack = {"cap": is_nonnegative(excess), "Polyak": excess == 0, "no step": is_nonnegative(-excess)}[branch]
        require(slack, f"{branch}: the line at x⁺ is {excess} above f_*")
    return Evidence("stationarity and complementarity simplify to 0 in all three branches")


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the optimality conditions exactly, on random rational runs."""
    seen: Counter[str] = Counter()
    draw = RationalDraw(21)
    for run_number in range(effort.count(60, 20)):
        for k, problem, after in _collect_subproblems(optimizers, draw, size=3, steps=5):
            seen[problem.require_minimiser(after, f"run {run_number}, step {k}")] += 1
    require(len(seen) == 3, f"only the branches {', '.join(seen)} occurred")
    return Evidence(f"{sum(seen.values())} rational steps exact: " + ", ".join(f"{n} {b}" for b, n in seen.items()))


def compare_with_solver(
    optimizers: Optimizers, effort: Effort, by: str = "solve_by_scipy", size: int = 1000
) -> Evidence:
    """Hand the subproblem to a solver and compare its point with the step."""
    apart, seen, draw = 0.0, 0, RationalDraw(22)
    for dimension, runs in ((2, effort.count(6, 3)), (20, effort.count(6, 3)), (size, 1)):
        for run_number in range(runs):
            for k, exact_problem, after in _collect_subproblems(optimizers, draw, dimension, steps=3):
                problem, y = exact_problem.in_floats(), after.astype(float)
                solution = getattr(problem, by)()
                label = f"n = {dimension}, run {run_number}, step {k}"
                apart = max(apart, problem.require_no_better(y, solution, label, 1e-9) / (1 + float(np.linalg.norm(y))))
                seen += 1
    return Evidence(
        f"{seen} subproblems, n to {size}: no better point; at most {apart:.1e} apart, relatively", apart, 0
    )


clarabel = partial(compare_with_solver, by="solve_by_clarabel")


def _collect_subproblems(
    optimizers: Optimizers, draw: RationalDraw, size: int, steps: int
) -> list[tuple[int, Subproblem, Any]]:
    """Return (k, subproblem, x^{k+1}) of a random run with random settings; steps with d = 0 are left out."""
    alpha, beta, low = draw.positive(3) / draw.choice([1, size, 9 * size]), draw.fraction(), draw.rational(-4, 2)
    corrected = draw.choice([True, False])
    method = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=corrected)
    subproblems = []
    for k, step in enumerate(run(method, draw.inputs(size, steps, low=-2)), start=1):
        trace = step.trace
        rho = 1 - beta**k if corrected else 1
        level, slope = (trace.loss_average - trace.offset) / rho, trace.gradient_average / rho
        if any(slope):
            problem = Subproblem(level, slope, low, step.x, alpha, metric=array([1] * size), decay=0)
            subproblems.append((k, problem, step.after))
    return subproblems


CLAIM = Claim(
    id="L2.1",
    title="MoMo's step is the proximal step on its model",
    source="MoMo, Lemma 2.1",
    status="paper",
    kind="identity",
    statement=(
        r"\operatorname{argmin}_y \; \max\{\rho^{-1}(\bar f + \langle d, y\rangle - \gamma),\, f_*\}"
        r" + \tfrac{1}{2\alpha}\|y - x\|^2 \;=\; x - \tau d, \qquad"
        r" \tau = \min\left\{\frac{\alpha}{\rho},\; \frac{(h - \rho f_*)_+}{\|d\|^2}\right\}"
    ),
    methods=(
        CheckMethod("symbolic", "optimality conditions in every branch", prove_symbolically),
        CheckMethod("exact", "optimality conditions on rational runs", check_exactly),
        CheckMethod("solver", "SciPy's SLSQP on the epigraph", compare_with_solver),
        CheckMethod("solver", "Clarabel, conic", clarabel, needs=("cvxpy", "clarabel")),
    ),
    refutations=(
        Refutation(
            "τ is capped by α in place of α/ρ",
            (prove_symbolically, check_exactly, compare_with_solver, clarabel),
            wrong("momo", ("n.minimum(alpha / rho, polyak)", "n.minimum(alpha, polyak)")),
        ),
        Refutation(
            "ρ is forgotten beside f_*",
            (prove_symbolically, check_exactly),
            wrong("momo", ("gamma - rho * f_star", "gamma - f_star")),
        ),
        Refutation(
            "the numerator is not truncated at 0",
            (prove_symbolically, check_exactly, compare_with_solver, clarabel),
            wrong(
                "momo",
                (
                    "n.positive(shrink * (f_bar - gamma - rho * f_star) + dx)",
                    "shrink * (f_bar - gamma - rho * f_star) + dx",
                ),
            ),
        ),
    ),
    derivation=(
        Step(
            r"\theta\,\rho^{-1} d + \tfrac{1}{\alpha}(y - x) = 0,\quad \theta \in [0, 1]",
            "0 is a subgradient of the objective",
        ),
        Step(r"y = x - \tau d,\quad \tau = \alpha\theta/\rho", "solved for y"),
        Step(
            r"\rho^{-1}(\bar f + \langle d, y\rangle - \gamma) = \rho^{-1}(h - \tau\|d\|^2)", "the line at that point"
        ),
        Step(r"\theta = 1 \iff h - \rho f_* \ge \tfrac{\alpha}{\rho}\|d\|^2", "the line is above the floor: the cap"),
        Step(
            r"\tau = (h - \rho f_*)/\|d\|^2 \iff 0 \le h - \rho f_* \le \tfrac{\alpha}{\rho}\|d\|^2",
            "the line meets the floor: Polyak's step",
        ),
        Step(r"\tau = 0 \iff h \le \rho f_*", "the floor is active at x: no step"),
    ),
)
