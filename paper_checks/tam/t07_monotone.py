"""T7: the damping grows with the cosine, and without memory it is cos² of half the angle.

Status: derived.

Statement. d_t is strictly increasing in s_t: ∂d_t/∂s_t = (1−γ)/2. With γ = 0, d = (1 + s)/2 = cos²(∠(m, g)/2).

Proof. d_t = ½(1 + γ ŝ_{t−1} + (1−γ) s_t), and cos² (φ/2) = (1 + cos φ)/2.
"""

import flint
import numpy as np
import sympy as sp
from hypothesis import strategies as st

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, ball, balls
from momoracle.paper_checks.property import for_all
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.symbolic import vanishes

BITS = 256


def prove_symbolically(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Differentiate the damping that the reference computes for a gradient at the angle φ to the momentum."""
    phi, average = sp.symbols("phi a", real=True)
    length, size, gamma = sp.symbols("r q gamma", positive=True)
    x = array([sp.Integer(0), sp.Integer(0)])
    g = array([size * sp.cos(phi), size * sp.sin(phi)])
    method = optimizers.tam(lr=1, beta=sp.Rational(1, 2), gamma=gamma, eps=0)
    momentum = array([length, sp.Integer(0)])
    state = method.init(x)._replace(step=4, momentum=momentum, cosine_average=average)
    _, _, trace = method.step(x, g, state)
    cosine, damping = sp.simplify(trace.cosine), sp.simplify(trace.damping)
    vanishes(cosine - sp.cos(phi), "s less cos φ")
    vanishes(sp.diff(damping, phi) + (1 - gamma) / 2 * sp.sin(phi), "∂d/∂φ less (1−γ)/2 ∂s/∂φ")
    vanishes(sp.simplify(damping.subs(gamma, 0) - sp.cos(phi / 2) ** 2), "d less cos²(φ/2) for γ = 0")
    return Evidence("s = cos φ, ∂d/∂s = (1−γ)/2 and, for γ = 0, d = cos²(φ/2): identities in φ, ‖m‖, ‖g‖, ŝ")


def check_in_balls(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Compare the dampings of two gradients with distinct cosines from one state, in balls."""
    draw, count = RationalDraw(2801), 0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(40, 15)):
            gamma = ball(draw.fraction())
            method = optimizers.tam(lr=1, beta=ball(draw.fraction()), gamma=gamma, eps=0)
            x, momentum = balls(draw.vector(3)), balls(draw.vector(3))
            state = method.init(x)._replace(step=3, momentum=momentum, cosine_average=ball(0))
            traces = [method.step(x, balls(draw.vector(3)), state)[2] for _ in range(2)]
            (low, high) = sorted(traces, key=lambda trace: float(trace.cosine))
            if low.cosine < high.cosine:
                slope = (high.damping - low.damping) / (high.cosine - low.cosine)
                error = float(abs(slope - (1 - gamma) / 2).upper())
                require(slope > 0, f"case {number}: d falls from {low.damping} to {high.damping}")
                require(error < 1e-30, f"case {number}: the slope is {slope}, not (1−γ)/2")
                count += 1
    return Evidence(f"{count} pairs of gradients in {BITS}-bit balls: slope (1−γ)/2")


def search_floats(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Let Hypothesis look for two gradients in float64 with s < s' but d > d'."""
    entry = st.floats(-10, 10).filter(lambda z: z == 0 or abs(z) > 1e-6)
    vectors = st.lists(entry, min_size=2, max_size=2)

    def compare(m: list[float], first: list[float], other: list[float], average: float, gamma: float) -> None:
        method = optimizers.tam(lr=1e-3, beta=0.5, gamma=gamma)
        x = np.zeros(2)
        state = method.init(x)._replace(step=50, momentum=np.array(m), cosine_average=average)
        traces = [method.step(x, np.array(g), state)[2] for g in (first, other)]
        low, high = sorted(traces, key=lambda trace: float(trace.cosine))
        require(low.damping <= high.damping, f"s = {low.cosine} < {high.cosine}, d = {low.damping} > {high.damping}")

    count = for_all(
        compare,
        effort.count(200, 60),
        m=vectors,
        first=vectors,
        other=vectors,
        average=st.floats(-0.5, 0.5),
        gamma=st.sampled_from([0.0, 0.5, 0.9]),
    )
    return Evidence(f"{count} pairs of gradients in float64: d never falls where s grows")


REVERSED = wrong("tam", ("(1 + s_hat) / 2", "(1 - s_hat) / 2"))
CLAIM = Claim(
    id="T7",
    title="The damping grows with the cosine",
    source="derived",
    status="derived",
    kind="property",
    statement=(
        r"\frac{\partial d_t}{\partial s_t} = \frac{1-\gamma}{2} > 0;\qquad"
        r" \gamma = 0:\ d = \frac{1+s}{2} = \cos^2\tfrac12\angle(m, g)"
    ),
    methods=(
        CheckMethod("symbolic", "the derivative, and the half angle", prove_symbolically),
        CheckMethod("proven", "pairs of gradients in balls", check_in_balls),
        CheckMethod("property", "pairs of gradients in float64", search_floats),
    ),
    refutations=(
        Refutation("the damping reversed", (prove_symbolically, check_in_balls, search_floats), REVERSED),
        Refutation(
            "γ's two weights swapped",
            (prove_symbolically, check_in_balls),
            wrong("tam", ("gamma * average + (1 - gamma) * s", "(1 - gamma) * average + gamma * s")),
        ),
    ),
    derivation=(
        Step(r"d_t = \tfrac12\bigl(1 + \gamma\hat s_{t-1} + (1-\gamma)s_t\bigr)", "the definition"),
        Step(r"\cos^2\tfrac{\varphi}{2} = \tfrac12(1+\cos\varphi)", "the half angle"),
    ),
)
