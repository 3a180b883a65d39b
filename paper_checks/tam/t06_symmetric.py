"""T6: under symmetric, independent gradients the damping is ½ on average.

Status: derived.

Statement. Let g_1, g_2, … be independent with g_t and −g_t alike in distribution, and ‖g_t‖ = 1. Then E s_t = 0,
E d_t = ½, and E‖m_t‖² ≥ (½ + ε)² E‖m_t^SGDM‖² = (½ + ε)² (1−β^{2t})/(1−β²): in the root of the mean square TAM's
momentum is at least half as long as SGDM's.

Proof. Given m_{t−1}, s_t is odd in g_t. So E s_t = 0, hence E ŝ_t = 0. For the last part
E‖m_t‖² = β² E‖m_{t−1}‖² + 2β E[(ε+d_t) <m_{t−1}, g_t>] + E(ε+d_t)². In the second term, of d_t only (1−γ)s_t/2 is not
independent of the sign of g_t, and s_t <m_{t−1}, g_t> ≥ 0; in the third E(ε+d_t)² ≥ (ε + ½)² (Jensen).
"""

from fractions import Fraction
from functools import partial
from itertools import product
from math import ceil, log, sqrt

import numpy as np

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.paths import array
from momoracle.paper_checks.refutation import wrong

RISK = 1e-6  # the probability that chance alone makes the statistical check fail


def check_exactly(optimizers: Optimizers, effort: Effort, odds: Fraction = Fraction(1, 2)) -> Evidence:
    """Compute the expectations over all signs of gradients ±1, exactly; ``odds`` is the probability of +1."""
    steps = 7 if effort.scale < 1 else 9
    beta, gamma, eps = Fraction(1, 2), Fraction(3, 4), Fraction(1, 100)
    tam = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
    cosine = damping = square = heavy = Fraction(0)
    for signs in product((1, -1), repeat=steps):
        weight = odds ** signs.count(1) * (1 - odds) ** signs.count(-1)
        x, m = array([Fraction(0)]), Fraction(0)
        state = tam.init(x)
        for sign in signs:
            x, state, trace = tam.step(x, array([Fraction(sign)]), state)
            m = beta * m + sign
        cosine, damping = cosine + weight * trace.cosine, damping + weight * trace.damping
        square, heavy = square + weight * trace.momentum[0] ** 2, heavy + weight * m * m
    require(cosine == 0, f"E s_{steps} = {cosine}, not 0")
    require(damping == Fraction(1, 2), f"E d_{steps} = {damping}, not ½")
    bound = (eps + Fraction(1, 2)) ** 2 * heavy
    require(square >= bound, f"E m² = {float(square)} < (½+ε)² E m²_SGDM = {float(bound)}")
    ratio = sqrt(square / heavy)
    return Evidence(f"all {2**steps} signs: E s = 0, E d = ½; root mean square {ratio:.3f} of SGDM's", ratio, 0.51)


def estimate(optimizers: Optimizers, effort: Effort, drift: float = 0.0) -> Evidence:
    """Estimate the expectations on random unit gradients in four dimensions; ``drift`` makes them asymmetric.

    Hoeffding: the mean of R values in [a, b] is within (b − a) √(ln(2/δ)/(2R)) of its expectation with probability
    1 − δ. R makes that 0.03 for the cosine, in [−1, 1]; δ is 10⁻⁶, divided by the number of comparisons.
    """
    steps, beta, gamma, eps = 12, 0.5, 0.9, 1e-8
    comparisons = 3 * steps
    width = sqrt(log(2 * comparisons / RISK) / 2)  # × (b − a)/√R
    replicas = ceil((2 * width / 0.03) ** 2)
    generator = np.random.default_rng(2706)
    tam, sgdm = optimizers.tam(lr=1.0, beta=beta, gamma=gamma, eps=eps), optimizers.sgdm(lr=1.0, beta=beta)
    x = np.zeros((replicas, 4))
    state, heavy = tam.init(x, replicas=replicas), sgdm.init(x, replicas=replicas)
    longest = ((1 + eps) / (1 - beta)) ** 2  # of ‖m‖², of either method
    worst = 0.0
    for t in range(1, steps + 1):
        g = generator.standard_normal(x.shape) + drift
        g /= np.sqrt((g * g).sum(axis=1, keepdims=True))
        _, state, trace = tam.step(x, g, state)
        _, heavy, other = sgdm.step(x, g, heavy)
        away = float(np.mean(trace.cosine))
        require(abs(away) <= 2 * width / sqrt(replicas), f"E s_{t}: the mean is {away:.4f}")
        damping = float(np.mean(trace.damping)) - 0.5
        require(abs(damping) <= width / sqrt(replicas), f"E d_{t}: the mean is {0.5 + damping:.4f}")
        square, full = ((m * m).sum(axis=1) for m in (trace.momentum, other.momentum))
        excess = float(np.mean(square - (0.5 + eps) ** 2 * full))
        least = -1.25 * longest * width / sqrt(replicas)
        require(excess >= least, f"E‖m_{t}‖² is {-excess:.4f} below (½+ε)² E‖m^SGDM‖²")
        worst = max(worst, abs(away))
    ratio = sqrt(float(np.mean(square)) / float(np.mean(full)))
    text = f"{replicas} replicas, risk 10⁻⁶: |mean s| ≤ {worst:.4f}; root mean square {ratio:.3f} of SGDM's"
    return Evidence(text, worst, 0.0)


CLAIM = Claim(
    id="T6",
    title="Symmetric gradients: half the damping",
    source="TAM (the heuristic behind doubling the learning rate); derived",
    status="derived",
    kind="statistical",
    statement=(
        r"\mathbb{E}\, s_t = 0,\qquad \mathbb{E}\, d_t = \tfrac12,\qquad"
        r" \mathbb{E}\|m_t\|^2 \ge (\tfrac12+\varepsilon)^2\; \mathbb{E}\|m_t^{\mathrm{SGDM}}\|^2"
    ),
    methods=(
        CheckMethod("exact", "all signs of gradients ±1", check_exactly),
        CheckMethod("statistical", "random unit gradients, Hoeffding's bound", estimate),
    ),
    refutations=(
        Refutation(
            "gradients that lean to one side",
            (partial(check_exactly, odds=Fraction(3, 4)), partial(estimate, drift=0.3)),
        ),
        Refutation(
            "a damping of (1 − ŝ)/4", (check_exactly, estimate), wrong("tam", ("(1 + s_hat) / 2", "(1 - s_hat) / 4"))
        ),
        Refutation(
            "the cosine against the new momentum",
            (check_exactly, estimate),
            wrong(
                "tam",
                ("turn = torque(state.momentum, g,", "turn = torque(n.scalar(self.beta) * state.momentum + g, g,"),
            ),
        ),
    ),
    derivation=(
        Step(r"s_t(-g_t) = -s_t(g_t)\ \Rightarrow\ \mathbb{E}\, s_t = 0", "given the momentum, symmetry"),
        Step(r"\mathbb{E}\,\hat s_t = 0,\quad \mathbb{E}\, d_t = \tfrac12", "averages of it"),
        Step(
            r"\mathbb{E}\|m_t\|^2 = \beta^2\mathbb{E}\|m_{t-1}\|^2"
            r" + 2\beta\,\mathbb{E}[(\varepsilon+d_t)\langle m_{t-1}, g_t\rangle] + \mathbb{E}(\varepsilon+d_t)^2",
            "the square expanded; the middle term is not negative",
        ),
    ),
    remark="That TAM's rate is twice SGDM's is a heuristic of E d = ½; the momentum is somewhat longer than half.",
)
