"""T2: the cosine does not depend on the length of the gradients or on a rotation.

Status: derived.

Statement. s_t does not change when g_t or m_{t−1} is multiplied by a positive number; multiplied by −1 it changes its
sign. With one cosine a vector TAM commutes with orthogonal maps: gradients Q g give momenta Q m and the same damping.

Proof. Inner product and norms scale alike, and orthogonal maps keep them.
"""

from fractions import Fraction

import flint
import numpy as np
from hypothesis import strategies as st

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, ball, balls, dot
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong

BITS = 256


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale one gradient, or rotate all of them, in balls."""
    draw, widest, count = RationalDraw(2301), 0.0, 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(15, 6)):
            beta, gamma, eps = ball(draw.fraction()), ball(draw.fraction()), ball(draw.positive())
            method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
            axis = balls(draw.vector(3))
            gradients, scale = [balls(draw.vector(3)) for _ in range(5)], ball(draw.positive())
            x = balls(draw.vector(3))
            usual, turned = method.init(x), method.init(x)
            for t, g in enumerate(gradients, start=1):
                _, _, scaled = method.step(x, scale * g, usual)
                _, _, longer = method.step(x, g, usual._replace(momentum=scale * usual.momentum))
                _, _, opposed = method.step(x, -g, usual)
                _, usual, trace = method.step(x, g, usual)
                _, turned, other = method.step(x, _mirror(g, axis), turned)
                pairs = [
                    (scaled.cosine, trace.cosine),
                    (longer.cosine, trace.cosine),
                    (opposed.cosine, -trace.cosine),
                    (other.damping, trace.damping),
                    *zip(other.momentum, _mirror(trace.momentum, axis), strict=True),
                ]
                for got, expected in pairs:
                    widest, count = max(widest, float(abs(got - expected).upper())), count + 1
                    require(widest < 1e-30, f"run {number}, step {t}: {got}, not {expected}")
    return Evidence(f"{count} equalities; every difference below {widest:.0e}, proven", widest, 0.0)


def _mirror(v: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return v mirrored at the plane orthogonal to the axis: an orthogonal map with irrational entries."""
    result: np.ndarray = v - axis * (2 * dot(v, axis) / dot(axis, axis))
    return result


def search_floats(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale gradients by powers of two in float64.

    Where all squares are in range, cosine and damping are the same bits. Where they are not, other roundings come in:
    the second cosine, the first from a momentum, may differ by the errors of two, (4n + 8) ε each (T1).
    """
    entry = st.floats(-100, 100).filter(lambda z: z == 0 or abs(z) > 1e-2)
    vectors = st.lists(entry, min_size=3, max_size=3)

    def compare(steps: list[list[float]], power: int, gamma: float) -> None:
        method = optimizers.tam(lr=1e-3, beta=0.5, gamma=gamma, eps=0.0)
        x = np.zeros(3)
        usual, scaled = method.init(x), method.init(x)
        allowed = 0.0 if abs(power) <= 60 else 2 * (4 * 3 + 8) * float(np.finfo(float).eps)
        for t, g in enumerate(steps if allowed == 0 else steps[:2], start=1):
            _, usual, trace = method.step(x, np.array(g), usual)
            _, scaled, other = method.step(x, np.ldexp(np.array(g), power), scaled)
            apart = max(abs(a - b) for a, b in zip(trace[:3], other[:3], strict=True))
            require(apart <= allowed, f"step {t}: {trace[:3]}, and {other[:3]} for gradients × 2^{power}")

    count = for_all(
        compare,
        effort.count(200, 60),
        steps=st.lists(vectors, min_size=2, max_size=4),
        power=st.sampled_from([-900, -400, -60, -1, 1, 60, 400, 900]),
        gamma=st.sampled_from([0.0, 0.5, 0.9]),
    )
    return Evidence(f"{count} float64 runs, gradients × 2^±1 to 2^±900: same bits up to 2^±60, beyond to rounding")


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Scale over rationals, along one direction (3, 4) whose norms are rational."""
    draw, count, direction = RationalDraw(2302), 0, array([Fraction(3), Fraction(4)])
    for number in range(effort.count(30, 12)):
        method = optimizers.tam(lr=1, beta=draw.fraction(), gamma=draw.fraction(), eps=draw.positive())
        x, scale = direction, draw.positive()
        single, other = method.init(x), method.init(x)
        for t in range(1, 7):
            g = draw.rational() * direction
            _, single, trace = method.step(x, g, single)
            _, other, scaled = method.step(x, scale * g, other)
            require(trace[:3] == scaled[:3], f"run {number}, step {t}: {trace[:3]}, and {scaled[:3]} scaled by {scale}")
            count += 1
    return Evidence(f"{count} rational steps exact")


CLAIM = Claim(
    id="T2",
    title="The cosine ignores scale, and commutes with rotations",
    source="derived",
    status="derived",
    kind="property",
    statement=(
        r"s_t(a\,m_{t-1},\, b\,g_t) = s_t(m_{t-1}, g_t)\ \ (a, b > 0),\qquad"
        r" g_t \to Qg_t\ \Rightarrow\ m_t \to Qm_t,\ d_t \to d_t\ \ (Q^\top Q = I)"
    ),
    methods=(
        CheckMethod("proven", "scaled and mirrored gradients in balls", check_in_balls),
        CheckMethod("exact", "scaled gradients in rationals", check_exactly),
        CheckMethod("property", "scaled gradients in float64", search_floats),
    ),
    refutations=(
        Refutation(
            "squared norms in the cosine",
            (check_in_balls, check_exactly),
            wrong("tam", ("n.sqrt(mm) * n.sqrt(gg)", "mm * gg")),
        ),
        Refutation(
            "the norms are clamped from below",
            (search_floats,),
            wrong("tam", ("n.sqrt(mm) * n.sqrt(gg))", "n.maximum(n.sqrt(mm) * n.sqrt(gg), n.scalar(1e-12)))")),
        ),
        Refutation(
            "the entries of m are squared in the inner product",
            (check_in_balls,),
            wrong("tam", ("n.dots((m, g), ", "n.dots((m * m, g), ")),
        ),
    ),
)
