"""Lemma 3.1 of MoMo: the proximal step with weight decay and a preconditioner, in closed form.

Status: paper.

Statement. m(y) = max{ ρ⁻¹(f̄ + <d, y> − γ), f_* }, d ≠ 0, D a positive diagonal, S = 1 + αλ. The minimiser of
m(y) + 1/(2α) ‖y − x‖²_D + (λ/2) ‖y‖²_D is
  x⁺ = (x − τ D⁻¹ d)/S   with   τ = min{ α/ρ, (S (f̄ − γ − ρ f_*) + <d, x>)_+ / ‖d‖²_{D⁻¹} }.

Proof. As for Lemma 2.1: y is the minimiser exactly where θ d/ρ + D(y − x)/α + λ D y = 0 with θ = 1 where the line lies
above f_*, 0 where below, in [0, 1] where they meet. So S y = x − τ D⁻¹ d with τ = αθ/ρ; the line at y exceeds f_* by
(ρS)⁻¹ (S(f̄ − γ − ρ f_*) + <d, x> − τ ‖d‖²_{D⁻¹}). Its sign decides θ, which gives the three branches of τ.
"""

from collections import Counter
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, dot, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.subproblem import Subproblem
from momoracle.paper_checks.symbolic import is_nonnegative, settle, vanishes, vector


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove the optimality conditions of MoMo-Adam's own step in each branch, in two dimensions, for any D.

    The state before the third step is chosen so that after averaging d is any vector with d₁ ≠ 0, D is any positive
    diagonal P, and the numerator of τ is whatever puts the step into the branch; all else stays free.
    """
    x, g = vector("x"), vector("g")
    d = array([sp.Symbol("d1", real=True, nonzero=True), sp.Symbol("d2", real=True)])
    f, low, offset = sp.symbols("f f_* Gamma", real=True)
    alpha, b, s, decay, eps = sp.symbols("alpha b s lambda epsilon", positive=True)
    roots = array(sp.symbols("r1:3", positive=True))  # √(v/(1−β₂³)), so D = ε + r
    metric = array(eps + root for root in roots)
    beta, beta2, shrink = 1 / (1 + b), sp.Rational(1, 2), 1 + alpha * decay
    rho, norm_sq = 1 - beta**3, dot(d, d / metric)
    branches = {  # the numerator of τ in the branch, and the multiplier θ there; s > 0 is how far inside it
        "cap": (alpha / rho * norm_sq + s, sp.Integer(1)),
        "Polyak": (alpha / rho * norm_sq * s / (1 + s), s / (1 + s)),
        "no step": (-s, sp.Integer(0)),
    }
    for branch, (height, theta) in branches.items():
        method = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=beta2, eps=eps, lower_bound=low, weight_decay=decay)
        gamma = beta * offset + (1 - beta) * dot(g, x)
        loss_average = (height - dot(d, x)) / shrink + rho * low + gamma
        state = method.init(x)._replace(
            step=2,
            loss_average=(loss_average - (1 - beta) * f) / beta,
            gradient_average=(d - (1 - beta) * g) / beta,
            second_moment=(roots * roots * (1 - beta2**3) - (1 - beta2) * g * g) / beta2,
            offset=offset,
        )
        after, _, trace = method.step(x, g, state, f)
        tau = settle(trace.step_size.replace(sp.Pow, _simplify_root))
        vanishes(alpha * theta / rho - tau, f"{branch}: αθ/ρ − τ")
        for new, old, entry, scale in zip(after, x, d, metric, strict=True):
            y = settle(new.replace(sp.Pow, _simplify_root))
            vanishes(theta * entry / rho + scale * (y - old) / alpha + decay * scale * y, f"{branch}: stationarity")
        excess = sp.factor(sp.together((height - tau * norm_sq) / (rho * shrink)))  # the line at x⁺, less f_*
        slack = {"cap": is_nonnegative(excess), "Polyak": excess == 0, "no step": is_nonnegative(-excess)}[branch]
        require(slack, f"{branch}: the line at x⁺ is {excess} above f_*")
    return Evidence("stationarity and complementarity simplify to 0 in all three branches, for any D and λ > 0")


def _simplify_root(base: Any, exponent: Any) -> Any:
    """Return a power whose base is written as simply as it can be, so that √(r²) is r."""
    return sp.Pow(sp.factor(sp.expand(base)), exponent) if exponent == sp.Rational(1, 2) else sp.Pow(base, exponent)


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check the optimality conditions exactly, on random rational runs."""
    seen: Counter[str] = Counter()
    draw = RationalDraw(31)
    for number in range(effort.count(60, 30)):
        for label, problem, after in _collect_subproblems(optimizers, draw, size=3, steps=4):
            seen[problem.require_minimiser(after, f"run {number}, {label}")] += 1
    require(len(seen) == 3, f"only the branches {', '.join(seen)} occurred")
    return Evidence(f"{sum(seen.values())} rational steps exact: " + ", ".join(f"{n} {b}" for b, n in seen.items()))


def compare_with_solver(
    optimizers: Optimizers, effort: Effort, by: str = "solve_by_scipy", size: int = 1000
) -> Evidence:
    """Hand the subproblem to a solver and compare its point with the step."""
    apart, seen, draw = 0.0, 0, RationalDraw(32)
    for dimension, runs in ((2, effort.count(6, 4)), (20, effort.count(6, 3)), (size, 1)):
        for number in range(runs):
            for label, rational, after in _collect_subproblems(optimizers, draw, dimension, steps=2):
                problem, y = rational.in_floats(), after.astype(float)
                solution = getattr(problem, by)()
                distance = problem.require_no_better(y, solution, f"n = {dimension}, run {number}, {label}", 1e-7)
                apart, seen = max(apart, distance / (1 + float(np.linalg.norm(y)))), seen + 1
    return Evidence(
        f"{seen} subproblems, n to {size}: no better point; at most {apart:.1e} apart, relatively", apart, 0
    )


clarabel = partial(compare_with_solver, by="solve_by_clarabel")


def _collect_subproblems(
    optimizers: Optimizers, draw: RationalDraw, size: int, steps: int
) -> list[tuple[str, Subproblem, Any]]:
    """Return (label, subproblem, x^{k+1}) of a run of MoMo and one of MoMo-Adam; steps with d = 0 are left out."""
    alpha, beta, low = draw.positive(3) / draw.choice([1, 2 * size]), draw.fraction(), draw.rational(-4, 2)
    decay, eps, corrected = draw.choice([Fraction(1, 4), 1, 3]), draw.positive(), draw.choice([True, False])
    momo = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, weight_decay=decay, bias_correction=corrected)
    adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=eps, lower_bound=low, weight_decay=decay)
    subproblems = []
    for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
        for k, step in enumerate(run(method, draw.inputs(size, steps, low=-2)), start=1):
            trace = step.trace
            rho = 1 - beta**k if corrected or name == "MoMo-Adam" else 1
            metric = array([1] * size) if name == "MoMo" else array(eps + abs(g) for g in step.gradient)
            level, slope = (trace.loss_average - trace.offset) / rho, trace.gradient_average / rho
            if any(slope):
                subproblems.append(
                    (f"{name}, step {k}", Subproblem(level, slope, low, step.x, alpha, metric, decay), step.after)
                )
    return subproblems


CLAIM = Claim(
    id="L3.1",
    title="The proximal step with weight decay and preconditioner",
    source="MoMo, Lemma 3.1, equations (15)–(16)",
    status="paper",
    kind="identity",
    statement=(
        r"\operatorname{argmin}_y \; m(y) + \tfrac{1}{2\alpha}\|y - x\|_D^2 + \tfrac{\lambda}{2}\|y\|_D^2"
        r" = \frac{x - \tau D^{-1} d}{1+\alpha\lambda},\quad \tau = \min\left\{\frac{\alpha}{\rho},"
        r" \frac{((1+\alpha\lambda)(\bar f - \gamma - \rho f_*) + \langle d, x\rangle)_+}{\|d\|^2_{D^{-1}}}\right\}"
    ),
    methods=(
        CheckMethod("symbolic", "optimality conditions in every branch", prove_symbolically),
        CheckMethod("exact", "optimality conditions on rational runs", check_exactly),
        CheckMethod("solver", "SciPy's SLSQP on the epigraph", compare_with_solver),
        CheckMethod("solver", "Clarabel, conic", clarabel, needs=("cvxpy", "clarabel")),
    ),
    refutations=(
        Refutation(
            "the factor 1 + αλ is forgotten in (15)",
            (prove_symbolically, check_exactly, compare_with_solver, clarabel),
            wrong(
                "momo momo-adam",
                ("shrink * (f_bar - gamma - rho * f_star) + dx", "f_bar - gamma - rho * f_star + dx"),
            ),
        ),
        Refutation(
            "1 − αλ in place of 1/(1 + αλ)",
            (prove_symbolically, check_exactly, compare_with_solver, clarabel),
            wrong("momo momo-adam", ("(x - tau * direction) / shrink", "(2 - shrink) * (x - tau * direction)")),
        ),
        Refutation(
            "the decay is decoupled, as in AdamW",
            (prove_symbolically, check_exactly),
            wrong("momo-adam", ("if self.decoupled_decay", "if not self.decoupled_decay")),
        ),
        Refutation(
            "‖d‖² without the metric",
            (prove_symbolically, check_exactly, compare_with_solver),
            wrong("momo-adam", ("(d, x), (d, direction)", "(d, x), (d, d)")),
        ),
    ),
    derivation=(
        Step(
            r"\theta\rho^{-1} d + \tfrac1\alpha D(y - x) + \lambda D y = 0,\quad \theta\in[0,1]",
            "0 is a subgradient of the objective",
        ),
        Step(r"(1+\alpha\lambda)\, y = x - \tau D^{-1} d,\quad \tau = \alpha\theta/\rho", "solved for y: (16)"),
        Step(
            r"\rho^{-1}(\bar f + \langle d, y\rangle - \gamma) - f_* ="
            r" \frac{(1+\alpha\lambda)(\bar f - \gamma - \rho f_*)"
            r" + \langle d, x\rangle - \tau\|d\|^2_{D^{-1}}}{\rho(1+\alpha\lambda)}",
            "how far the line lies above the floor at that point",
        ),
        Step(
            r"\theta = 1,\quad 0\le\theta\le1,\quad \theta = 0",
            "where that is positive at τ = α/ρ, zero in between, negative at τ = 0: the branches of (15)",
        ),
    ),
)
