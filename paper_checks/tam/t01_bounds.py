"""T1: the bounds of the cosine and of the damping, also in floating point.

Status: derived.

Statement. |s_t| ≤ 1, |ŝ_t| ≤ 1 − γ^{t−1} (for m_0 = 0 makes s_1 = 0), hence γ^{t−1}/2 ≤ d_t ≤ 1 − γ^{t−1}/2. From any
other momentum the bounds are those with γ^t. In floating point the bounds with γ^t hold without exception, and the
cosine of n entries errs by a few times n roundings at most, for magnitudes from subnormal to the largest.

Proof. Cauchy–Schwarz; then |ŝ_t| ≤ (1−γ) Σ_{2≤j≤t} γ^{t−j} = 1 − γ^{t−1}.
"""

from fractions import Fraction
from functools import partial

import flint
import numpy as np
from hypothesis import strategies as st

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, at_most, ball, balls, dot
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong

BITS = 256


def check_in_balls(optimizers: Optimizers, effort: Effort, later: int = 1) -> Evidence:
    """Check the bounds with γ^{t−later} in balls, on random gradients and on gradients all alike or opposed."""
    draw, count = RationalDraw(2201), 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(12, 6)):
            gamma = ball(Fraction(draw.choice([1, 4, 7]), 8))
            method = optimizers.tam(lr=1, beta=ball(draw.fraction()), gamma=gamma, eps=ball(Fraction(1, 100)))
            x, kind, first = balls(draw.vector(3)), number % 3, balls(draw.vector(3))
            state = method.init(x)
            for t in range(1, 13):
                g = first if kind == 0 else (-1) ** t * first if kind == 1 else balls(draw.vector(3))
                x, state, trace = method.step(x, g, state)
                fading = gamma ** max(t - later, 0)
                label = f"run {number}, step {t}"
                require(at_most(abs(trace.cosine), ball(1)), f"{label}: |s| = {abs(trace.cosine)}")
                require(at_most(abs(trace.cosine_average), 1 - fading), f"{label}: |ŝ| = {abs(trace.cosine_average)}")
                low, high = fading / 2, 1 - fading / 2
                inside = at_most(low, trace.damping) and at_most(trace.damping, high)
                require(inside, f"{label}: d = {trace.damping} outside [{low}, {high}]")
                count += 1
    return Evidence(f"{count} steps in {BITS}-bit balls, with γ^(t−1)")


def check_exactly(optimizers: Optimizers, effort: Effort, later: int = 1) -> Evidence:
    """Check the bounds with γ^{t−later} over rationals, in one dimension, where every cosine is −1, 0 or 1."""
    draw, count, attained = RationalDraw(2202), 0, 0
    for number in range(effort.count(40, 15)):
        gamma = draw.fraction()
        method = optimizers.tam(lr=1, beta=draw.fraction(), gamma=gamma, eps=draw.choice([0, Fraction(1, 100)]))
        x = array([draw.rational()])
        state = method.init(x)
        for t in range(1, 11):
            x, state, trace = method.step(x, array([draw.rational()]), state)
            limit = 1 - gamma ** max(t - later, 0)
            require(abs(trace.cosine_average) <= limit, f"run {number}, step {t}: |ŝ| = {abs(trace.cosine_average)}")
            require(abs(2 * trace.damping - 1) <= limit, f"run {number}, step {t}: d = {trace.damping}")
            count, attained = count + 1, attained + (abs(trace.cosine_average) == limit)
    return Evidence(f"{count} rational steps, {attained} of them on a bound, with γ^(t−1)")


def search_floats(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Let Hypothesis look for inputs whose rounding breaks the bounds with γ^t, or spoils the cosine.

    γ is a short binary fraction, so γ^t is exact. The cosine may err by (4n + 8) ε: three dot products of n terms, two
    of them under a root, two roots, a product and a quotient, each rounded by ε/2.
    """
    entry = st.floats(-1.0, 1.0).filter(lambda z: z == 0 or abs(z) > 1e-3)
    vectors = st.lists(entry, min_size=3, max_size=3)
    seen = [0.0]

    def compare(steps: list[list[float]], powers: list[int], gamma: float, dtype: str, beta: float) -> None:
        kind = np.dtype(dtype).type
        widest = 900 if dtype == "float64" else 100  # 2^±widest is in range, its square is not
        method = optimizers.tam(lr=1e-3, beta=beta, gamma=gamma)
        x = np.zeros(3, dtype=kind)
        state = method.init(x)
        for t, (g, power) in enumerate(zip(steps, powers, strict=False), start=1):
            gradient = np.ldexp(np.array(g, dtype=kind), power * widest // 900).astype(kind)
            before = state.momentum
            x, state, trace = method.step(x, gradient, state)
            cosine, average, damping = (Fraction(float(z)) for z in trace[:3])
            fading = Fraction(gamma) ** t
            require(abs(cosine) <= 1, f"{dtype}, step {t}: |s| = {float(abs(cosine))}")
            require(abs(average) <= 1 - fading, f"{dtype}, step {t}: ŝ = {float(average)}, γ^t = {float(fading)}")
            require(fading / 2 <= damping <= 1 - fading / 2, f"{dtype}, step {t}: d = {float(damping)}")
            if np.any(before) and np.any(gradient):
                with flint.ctx.workprec(BITS):
                    m, exactly = balls(map(float, before)), balls(map(float, gradient))
                    truth = float(dot(m, exactly) / (dot(m, m) * dot(exactly, exactly)).sqrt())
                error = abs(float(cosine) - truth)
                allowed = (4 * 3 + 8) * float(np.finfo(kind).eps)
                require(
                    error <= allowed,
                    f"{dtype}, step {t}: s = {float(cosine)}, exactly {truth}, of {before}, {gradient}",
                )
                seen[0] = max(seen[0], error / float(np.finfo(kind).eps))

    generator = np.random.default_rng(2203)
    for _ in range(60):  # parallel gradients, whose cosine is 1 and is most easily rounded above it
        direction = generator.uniform(0.1, 1.0, 3).tolist()
        compare([direction, direction, direction], [0] * 5, 0.0, "float64", 0.5)
    count = 60 + for_all(
        compare,
        effort.count(300, 80),
        steps=st.lists(vectors, min_size=2, max_size=5),
        powers=st.lists(st.integers(-900, 900), min_size=5, max_size=5),
        gamma=st.sampled_from([0.0, 0.5, 0.75]),
        dtype=st.sampled_from(["float64", "float32"]),
        beta=st.sampled_from([0.0, 0.5, 0.9]),
    )
    return Evidence(
        f"{count} float32 and float64 runs, entries 2^±900 (2^±100); a cosine errs by {seen[0]:.1f} ε at most"
    )


CLAIM = Claim(
    id="T1",
    title="The bounds of cosine and damping",
    source="derived",
    status="derived",
    kind="upper bound",
    statement=(
        r"|s_t| \le 1,\qquad |\hat s_t| \le 1 - \gamma^{t-1},\qquad"
        r" \tfrac12\gamma^{t-1} \le d_t \le 1 - \tfrac12\gamma^{t-1}"
    ),
    methods=(
        CheckMethod("proven", "in balls, extreme gradients too", check_in_balls),
        CheckMethod("exact", "one dimension, in rationals", check_exactly),
        CheckMethod("property", "floating point, extreme magnitudes", search_floats),
    ),
    refutations=(
        Refutation(
            "a bound sharper still by a factor γ", (partial(check_in_balls, later=2), partial(check_exactly, later=2))
        ),
        Refutation(
            "γ's two weights swapped",
            (check_in_balls, check_exactly),
            wrong("tam", ("gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s")),
        ),
        Refutation(
            "nothing holds rounding to the bounds", (search_floats,), wrong("tam", ("n.bounded(", "(lambda z, *_: z)("))
        ),
        Refutation(
            "the norms are clamped from below",
            (search_floats,),
            wrong("tam", ("n.sqrt(mm) * n.sqrt(gg))", "n.maximum(n.sqrt(mm) * n.sqrt(gg), n.scalar(1e-12)))")),
        ),
    ),
    derivation=(
        Step(r"|\langle m, g\rangle| \le \|m\|\,\|g\|", "Cauchy–Schwarz"),
        Step(r"s_1 = 0", "m₀ = 0"),
        Step(r"|\hat s_t| \le (1-\gamma)\sum_{j=2}^t \gamma^{t-j} = 1 - \gamma^{t-1}", "the average of the others"),
        Step(r"d_t = \tfrac12(1 + \hat s_t)", "the bounds of the damping"),
    ),
    remark="Sharper by one power of γ than the usual 1 − γ^t, because the first cosine is 0; both bounds are attained.",
)
