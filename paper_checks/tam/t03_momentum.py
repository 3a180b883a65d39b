"""T3: the momentum is bounded.

Status: derived.

Statement. ‖m_t‖ ≤ Σ_{j≤t} β^{t−j} (ε + d_j) ‖g_j‖ ≤ (1+ε) G (1−β^t)/(1−β), where ‖g_j‖ ≤ G.

Proof. m_t = Σ_j β^{t−j} (ε + d_j) g_j, the triangle inequality, and d_j ≤ 1.
"""

from fractions import Fraction
from functools import partial

import flint

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, Step, require
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import array, at_most, ball, balls, dot
from momoracle.paper_checks.refutation import wrong

BITS = 256


def check_in_balls(optimizers: Optimizers, effort: Effort, sharper: int = 1) -> Evidence:
    """Check both inequalities in balls; on a constant gradient the first is an equality."""
    draw, count, largest = RationalDraw(2401), 0, 0.0
    with flint.ctx.workprec(BITS):
        for number in range(effort.count(15, 6)):
            beta, gamma, eps = ball(draw.fraction()), ball(draw.fraction()), ball(draw.positive(1))
            method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
            x, first = balls(draw.vector(3)), balls(draw.vector(3))
            state, total, bound = method.init(x), ball(0), ball(0)
            for t in range(1, 13):
                g = first if number % 3 == 0 else balls(draw.vector(3))
                x, state, trace = method.step(x, g, state)
                norm, length = dot(trace.momentum, trace.momentum).sqrt(), dot(g, g).sqrt()
                total, bound = beta * total + (eps + trace.damping) * length, bound.max(length)
                right = (1 + eps) * bound * (1 - beta**t) / (1 - beta) / sharper
                require(at_most(norm, total), f"run {number}, step {t}: ‖m‖ = {norm} > {total}")
                require(at_most(total, right), f"run {number}, step {t}: the sum is {total} > {right}")
                count, largest = count + 1, max(largest, float(total / right))
    return Evidence(f"{count} steps in {BITS}-bit balls; at most {largest:.3f} of the second bound", largest, 1.0)


def check_exactly(optimizers: Optimizers, effort: Effort) -> Evidence:
    """Check that m is the stated sum, and both inequalities, over rationals in one dimension."""
    draw, count = RationalDraw(2402), 0
    for number in range(effort.count(30, 12)):
        beta, gamma, eps = draw.fraction(), draw.fraction(), draw.choice([0, Fraction(1, 5)])
        method = optimizers.tam(lr=1, beta=beta, gamma=gamma, eps=eps)
        x, step = array([draw.rational()]), []
        state = method.init(x)
        for t in range(1, 11):
            g = draw.rational()
            x, state, trace = method.step(x, array([g]), state)
            step.append((trace.damping, g))
            m, label = trace.momentum[0], f"run {number}, step {t}"
            stated = sum(beta ** (t - j) * (eps + d) * g for j, (d, g) in enumerate(step, start=1))
            require(m == stated, f"{label}: m = {m}, the sum is {stated}")
            lengths = sum(beta ** (t - j) * (eps + d) * abs(g) for j, (d, g) in enumerate(step, start=1))
            bound = (1 + eps) * max(abs(g) for _, g in step) * (1 - beta**t) / (1 - beta)
            require(abs(m) <= lengths <= bound, f"{label}: {abs(m)} ≤ {lengths} ≤ {bound} fails")
            count += 1
    return Evidence(f"{count} rational steps exact")


CLAIM = Claim(
    id="T3",
    title="The momentum is bounded",
    source="derived",
    status="derived",
    kind="upper bound",
    statement=(
        r"\|m_t\| \le \sum_{j\le t}\beta^{t-j}(\varepsilon + d_j)\|g_j\|"
        r" \le (1+\varepsilon)\,G\,\frac{1-\beta^t}{1-\beta}"
    ),
    methods=(
        CheckMethod("proven", "both inequalities in balls", check_in_balls),
        CheckMethod("exact", "sum and inequalities in rationals", check_exactly),
    ),
    refutations=(
        Refutation("a second bound half as large", (partial(check_in_balls, sharper=2),)),
        Refutation(
            "the damping without its ½",
            (check_in_balls, check_exactly),
            wrong("tam", ("(1 + s_hat) / 2", "(1 + s_hat)")),
        ),
        Refutation(
            "the last damping is used",
            (check_exactly,),
            wrong("tam", ("n.scalar(self.eps) + turn.damping", "n.scalar(self.eps) + (1 + state.cosine_average) / 2")),
        ),
    ),
    derivation=(
        Step(r"m_t = \sum_{j\le t}\beta^{t-j}(\varepsilon + d_j)\, g_j", "the recursion solved, from m₀ = 0"),
        Step(r"\|m_t\| \le \sum_{j\le t}\beta^{t-j}(\varepsilon + d_j)\|g_j\|", "triangle inequality"),
        Step(r"d_j \le 1,\quad \sum_{j\le t}\beta^{t-j} = \frac{1-\beta^t}{1-\beta}", "T1, geometric series"),
    ),
)
