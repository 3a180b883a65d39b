"""M11: the model's value obeys a recursion without x, and the direct formula cancels where ‖x‖ is large.

Status: derived.

Statement. For λ = 0, any cap and both initialisations, of MoMo and of MoMo-Adam,
  h_k = (1−β) f_k + β ( h_{k−1} − τ_{k−1} ‖d_{k−1}‖²_{D⁻¹} ),   h_1 = f_1 (plain) or (1−β) f_1 (bias-corrected).
In float32 the relative error of τ, with h from f̄ + <d, x> − γ, grows with ‖x‖; with h from the recursion it does not.

Proof. h_k = f̄_k + <d_k, x^k> − γ_k and the terms <g_k, x^k> in the last two cancel:
h_k = (1−β) f_k + β (f̄_{k−1} + <d_{k−1}, x^k> − γ_{k−1}), and x^k = x^{k−1} − τ_{k−1} D⁻¹ d_{k−1}.
"""

from functools import partial
from typing import Any, NamedTuple

import flint
import numpy as np
import sympy as sp

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import Inputs, array, ball, balls, run
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes, vector
from momoracle.reference.numbers.fixed_order import sum_products

BITS = 300
DISTANCES = (0.0, 1.0, 1e2, 1e4, 1e6)
STEPS, SIZE, BETA = 40, 50, 0.875


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Prove the recursion from any state of MoMo-Adam and of MoMo, with any step size: τ stays one symbol."""
    x, g, later = vector("x"), vector("g"), vector("q")
    d_before, v_before = vector("D"), array(sp.symbols("v1:3", positive=True))
    f, following, low, offset, average = sp.symbols("f phi f_* Gamma F", real=True)
    alpha, b, tau = sp.symbols("alpha b tau", positive=True)
    beta = 1 / (1 + b)
    momo = optimizers.momo(lr=alpha, beta=beta, lower_bound=low)
    adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=sp.Rational(1, 2), eps=1, lower_bound=low)
    for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
        state = method.init(x)._replace(step=2, loss_average=average, gradient_average=d_before, offset=offset)
        if name == "MoMo-Adam":
            state = state._replace(second_moment=v_before)
        after, state, trace = method.step(x, g, state, f)
        moved = array(sp.sympify(entry).subs(trace.step_size, tau) for entry in after)
        _, _, second = method.step(moved, later, state, following)
        expected = (1 - beta) * following + beta * (trace.model_value - tau * trace.direction_norm_sq)
        vanishes(second.model_value - expected, f"{name}: h less the recursion")
    return Evidence("an identity in the state, both gradients and losses, β and τ; for MoMo and MoMo-Adam")


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Follow the recursion along random rational runs."""
    draw, count = RationalDraw(1101), 0
    for number in range(effort.count(40, 15)):
        alpha, beta, low, corrected = draw.positive(), draw.fraction(), draw.rational(-3, 2), draw.choice([True, False])
        momo = optimizers.momo(lr=alpha, beta=beta, lower_bound=low, bias_correction=corrected)
        adam = optimizers.momo_adam(lr=alpha, beta1=beta, beta2=0, eps=1, lower_bound=low)
        for name, method in (("MoMo", momo), ("MoMo-Adam", adam)):
            height: Any = None
            for k, step in enumerate(run(method, draw.inputs(2, 6, low=-2)), start=1):
                trace = step.trace
                if height is None:
                    height = step.loss * (1 if name == "MoMo" and not corrected else 1 - beta)
                else:
                    height = (1 - beta) * step.loss + beta * height
                require(
                    trace.model_value == height,
                    f"{name}, run {number}, step {k}: h = {trace.model_value}, not {height}",
                )
                height, count = height - trace.step_size * trace.direction_norm_sq, count + 1
    return Evidence(f"{count} rational steps exact, of MoMo and MoMo-Adam")


class Errors(NamedTuple):
    """The largest relative errors of τ in float32 along one run, by how its h is computed."""

    direct: float
    recursive: float


def measure_errors(optimizers: Optimizers, distance: float, dtype: Any = np.float32, taken: float = 1.0) -> Errors:
    """Return the errors of τ with the optimum at ``distance`` in every coordinate.

    Gradients and losses are prescribed, float32 numbers from a run about the origin: the exact τ_k, computed in balls
    from the same numbers, does not depend on the distance (M3). The reference runs in ``dtype``; the recursion lets
    the step take off ``taken`` times what it does.
    """
    generator = np.random.default_rng(1111)
    weights, away = generator.uniform(0.5, 2.0, SIZE), generator.standard_normal(SIZE)
    signs = np.sign(generator.standard_normal(SIZE))
    method = optimizers.momo(lr=1e9, beta=BETA)
    x, state, gradients, losses = away, method.init(away), [], []
    for _ in range(STEPS):  # f = ½ Σ w x²
        gradients.append((weights * x).astype(np.float32))
        losses.append(np.float32(0.5 * float(sum_products(weights, x * x))))
        x, state, _ = method.step(x, weights * x, state, loss=float(losses[-1]))
    start = (distance * signs + away).astype(np.float32)

    entries = [balls(map(float, g)) for g in gradients]
    exactly = Inputs(balls(map(float, start)), entries, [ball(float(f)) for f in losses])
    wide = optimizers.momo(lr=10**9, beta=ball(BETA), lower_bound=0)
    with flint.ctx.workprec(BITS):
        truth = [float(step.trace.step_size) for step in run(wide, exactly)]
    inputs = Inputs(start.astype(dtype), [g.astype(dtype) for g in gradients], losses)
    direct = [float(step.trace.step_size) for step in run(method, inputs)]
    recursive: list[float] = []
    height: Any = np.float32(0)
    d: Any = gradients[0]
    for k, (g, f) in enumerate(zip(gradients, losses, strict=True)):  # float32 throughout
        d = np.float32(BETA) * d + np.float32(1 - BETA) * g
        height = f if k == 0 else np.float32(1 - BETA) * f + np.float32(BETA) * height
        norm_sq = sum_products(d, d)
        tau = max(height, np.float32(0)) / norm_sq
        recursive.append(float(tau))
        height = height - np.float32(taken) * tau * norm_sq
    return Errors(*(float(np.max(np.abs(np.array(sizes) / truth - 1))) for sizes in (direct, recursive)))


def compare_in_float32(optimizers: Optimizers, effort: Effort, dtype: Any = np.float32, taken: float = 1.0) -> Evidence:
    """Compare τ in float32 with balls: the reference, which computes h directly, and the recursion.

    The recursion may err by (n + 4K) roundings: a dot product of n terms, and four operations in each of K steps.
    """
    allowed = (SIZE + 4 * STEPS) * float(np.finfo(np.float32).eps) / 2
    all_errors = [measure_errors(optimizers, distance, dtype, taken) for distance in DISTANCES]
    for distance, error in zip(DISTANCES, all_errors, strict=True):
        require(error.recursive <= allowed, f"distance {distance:g}: the recursion errs by {error.recursive:.1e}")
    at_origin, far = all_errors[0], all_errors[DISTANCES.index(1e4)]
    require(at_origin.direct <= allowed, f"at the origin the direct formula errs by {at_origin.direct:.1e}")
    require(far.direct > 100 * allowed, f"at distance 1e4 the direct formula errs by no more than {far.direct:.1e}")
    direct = ", ".join(
        f"{distance:g}: {error.direct:.0e}" for distance, error in zip(DISTANCES, all_errors, strict=True)
    )
    worst = max(error.recursive for error in all_errors)
    return Evidence(f"relative error of τ in float32, direct at distance {direct}; recursion at most {worst:.0e}")


NO_LOSS = ("+ (1 - beta) * f\n", "+ (1 - beta) * state.loss_average\n")
CLAIM = Claim(
    id="M11",
    title="The model's value has a recursion without x",
    source="derived",
    status="derived",
    kind="identity",
    statement=(
        r"h_k = (1-\beta) f_k + \beta\bigl(h_{k-1} - \tau_{k-1}\|d_{k-1}\|^2_{D_{k-1}^{-1}}\bigr),\qquad"
        r" h_1 = f_1\ \text{(plain)},\quad h_1 = (1-\beta) f_1\ \text{(bias-corrected)}"
    ),
    methods=(
        CheckMethod("symbolic", "from any state, any step size", prove_symbolically),
        CheckMethod("exact", "along rational runs", check_exactly),
        CheckMethod("measured", "float32 against balls, five distances", compare_in_float32),
    ),
    refutations=(
        Refutation(
            "the loss of the step before is averaged", (prove_symbolically, check_exactly), wrong("momo", NO_LOSS)
        ),
        Refutation(
            "γ averages <d, x>",
            (prove_symbolically, check_exactly),
            wrong("momo", ("(1 - beta) * gx", "(1 - beta) * dx")),
        ),
        Refutation("float64 cancels as well at these distances", (partial(compare_in_float32, dtype=np.float64),)),
        Refutation("the step takes off half of τ‖d‖²", (partial(compare_in_float32, taken=0.5),)),
        Refutation(
            "the parameters decay as well",
            (prove_symbolically, check_exactly),
            wrong("momo", ("result: Vector = (x - tau * direction)", "result: Vector = (x - tau * direction - x / 2)")),
        ),
    ),
    derivation=(
        Step(r"h_k = \bar f_k + \langle d_k, x^k\rangle - \gamma_k", "the definition"),
        Step(
            r"h_k = (1-\beta) f_k + \beta\bigl(\bar f_{k-1} + \langle d_{k-1}, x^k\rangle - \gamma_{k-1}\bigr)",
            "the terms ⟨g_k, x^k⟩ cancel",
        ),
        Step(r"x^k = x^{k-1} - \tau_{k-1} D_{k-1}^{-1} d_{k-1}", "the only change made to x, as λ = 0"),
    ),
    remark="It holds only where the step is the only change made to x.",
)
