"""Make small interpolating convex problems over any numbers: least squares, absolute loss, and hinge loss.

The data are integers and the minimiser x* is common to all samples, f(x*, s) = 0 = f_* for every s, so that runs over
rationals are exact and runs over balls start without a rounding.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import flint

from momoracle.convergence.certificates.inequalities import Quantities
from momoracle.paper_checks.instances import RationalDraw
from momoracle.paper_checks.paths import TakenStep, array, ball, balls, dot, follow
from momoracle.reference.numbers.balls import Undecided

KINDS = ("least squares", "absolute loss", "hinge loss")


class Problem(NamedTuple):
    """Samples s = 1..N with f(x, s) = ½ r², |r| or (−r)_+ of the residual r = <a_s, x> − b_s."""

    kind: str
    rows: list[list[int]]
    targets: list[int]
    optimum: list[int]

    def residual(self, x: Any, s: int) -> Any:
        """Return <a_s, x> − b_s."""
        return dot(self.rows[s], x) - self.targets[s]

    def loss(self, x: Any, s: int) -> Any:
        """Return f(x, s)."""
        r = self.residual(x, s)
        if self.kind == "least squares":
            return r * r / 2
        if self.kind == "absolute loss":
            return r if _positive(r) else -r
        return 0 * r if _positive(r) else -r

    def gradient(self, x: Any, s: int) -> Any:
        """Return a subgradient of f(·, s) at x."""
        r = self.residual(x, s)
        unit = 0 * r + 1
        if self.kind == "least squares":
            weight = r
        elif self.kind == "absolute loss":
            weight = 0 * r if _zero(r) else unit if _positive(r) else -unit
        else:
            weight = 0 * r if _zero(r) or _positive(r) else -unit
        return array(weight * entry for entry in self.rows[s])

    def mean(self, x: Any) -> Any:
        """Return f(x), the mean over all samples."""
        return sum((self.loss(x, s) for s in range(len(self.rows))), start=0 * x[0]) / len(self.rows)

    def distance_sq(self, x: Any) -> Any:
        """Return ‖x − x*‖²."""
        away = x - array(self.optimum)
        return dot(away, away)

    def gradient_bound_sq(self, start: Any) -> Any:
        """Return G², a bound on ‖g‖² over the ball of radius ‖start − x*‖ around x*."""
        largest = self.smoothness()
        return largest * largest * self.distance_sq(start) if self.kind == "least squares" else largest

    def smoothness(self) -> int:
        """Return max ‖a_s‖²: for least squares, the Lipschitz constant L of the gradients."""
        return max(sum(entry * entry for entry in row) for row in self.rows)


class Run(NamedTuple):
    """A run of MoMo on a problem: α, β, whether averages start at zero, the steps, and the sample of each."""

    problem: Problem
    alpha: Any
    beta: Any
    corrected: bool
    path: list[TakenStep]
    samples: list[int]

    def quantities(self) -> Iterator[tuple[TakenStep, Quantities]]:
        """Yield each step with what the inequalities of MoMo's theory compare there (f_* = 0)."""
        zero = 0 * self.path[0].loss
        gaps = gains = pulls = squares = zero
        distance_sq = start_sq = self.problem.distance_sq(self.path[0].x)
        for k, step in enumerate(self.path, start=1):
            d, tau = step.trace.gradient_average, step.trace.step_size
            # h from its definition, not as the trace has it: a claim about h must not take h's word for it.
            model_gap = step.trace.loss_average + dot(d, step.x) - step.trace.offset
            norm_sq, after = dot(d, d), self.problem.distance_sq(step.after)
            gaps, gains, pulls = gaps + step.loss, gains + tau * model_gap, pulls + tau * norm_sq
            # Where d = 0 no step is taken, and M5 gives h = ρ f_*: the summand counts as 0.
            squares = squares if norm_sq == 0 else squares + model_gap * model_gap / norm_sq
            yield (
                step,
                Quantities(
                    k=k,
                    beta=self.beta,
                    cap=self.alpha,
                    corrected=self.corrected,
                    gap=step.loss,
                    first_gap=self.path[0].loss,
                    gaps=gaps,
                    gradient_norm_sq=dot(step.gradient, step.gradient),
                    direction_norm_sq=norm_sq,
                    model_gap=model_gap,
                    step_size=tau,
                    gain=tau * model_gap,
                    gains=gains,
                    pulls=pulls,
                    squares=squares,
                    start_sq=start_sq,
                    distance_sq=distance_sq,
                    distance_sq_after=after,
                ),
            )
            distance_sq = after


def make_problem(kind: str, seed: int, size: int = 3, samples: int = 6) -> Problem:
    """Return a random problem of a kind."""
    source = random.Random(seed)
    optimum = [source.choice([-3, -2, -1, 1, 2, 3]) for _ in range(size)]
    rows: list[list[int]] = []
    targets: list[int] = []
    while len(rows) < samples:
        row = [source.randint(-3, 3) for _ in range(size)]
        value = sum(a * x for a, x in zip(row, optimum, strict=True))
        if value == 0:
            continue
        if kind == "hinge loss":  # the label is the sign of <a, x*>, which is at least 1 in size: margin 1 is kept
            row, value = [a if value > 0 else -a for a in row], 1
        rows.append(row)
        targets.append(value)
    return Problem(kind, rows, targets, optimum)


def descend(method: Any, problem: Problem, start: Any, count: int, seed: int) -> tuple[list[TakenStep], list[int]]:
    """Return a run on randomly drawn samples, and the samples."""
    source, samples = random.Random(seed), []

    def oracle(x: Any) -> tuple[Any, Any]:
        s = source.randrange(len(problem.rows))
        samples.append(s)
        return problem.gradient(x, s), problem.loss(x, s)

    path = list(follow(method, start, oracle, count))
    return path, samples


def _positive(r: Any) -> bool:
    """Tell whether r > 0."""
    if r > 0:
        return True
    if r <= 0:
        return False
    raise Undecided(f"the sign of a residual is open in {r}; raise flint.ctx.prec")


def _zero(r: Any) -> bool:
    """Tell whether r = 0; for a ball that is wider than a point, the sign is asked for instead."""
    return bool(r.is_zero()) if isinstance(r, flint.arb) else bool(r == 0)


def draw_runs(
    optimizer: Any, draw: RationalDraw, lr: Callable[[RationalDraw], Any], count: int, kinds: Sequence[str] = KINDS
) -> Iterator[tuple[str, Run]]:
    """Yield runs over rationals on random problems, with random β and both initialisations; lr is drawn by ``lr``.

    A step on least squares triples the digits of the rationals, a step on the other two only adds to them.
    """
    for number in range(count):
        for kind in kinds:
            problem, start, beta = (
                make_problem(kind, number),
                draw.vector(3),
                draw.choice([Fraction(j, 8) for j in range(7)]),
            )
            corrected, alpha = draw.choice([True, False]), lr(draw)
            method = optimizer(lr=alpha, beta=beta, lower_bound=0, bias_correction=corrected)
            path, samples = descend(method, problem, start, 5 if kind == "least squares" else 20, seed=number)
            yield f"{kind}, run {number}", Run(problem, alpha, beta, corrected, path, samples)


def draw_ball_runs(
    optimizer: Any, draw: RationalDraw, lr: Callable[[RationalDraw], Any], count: int, steps: int
) -> Iterator[tuple[str, Run]]:
    """Yield long runs on least squares over balls, at the caller's precision, else as `runs` does.

    The other two losses ask for the sign of a residual, which after a step to the kink is zero and no ball shows it.
    """
    for number in range(count):
        problem, start, beta = (
            make_problem("least squares", 50 + number),
            draw.vector(3),
            ball(draw.choice([0.25, 0.5, 0.875])),
        )
        corrected, alpha = draw.choice([True, False]), ball(lr(draw))
        method = optimizer(lr=alpha, beta=beta, lower_bound=0, bias_correction=corrected)
        path, samples = descend(method, problem, balls(start), steps, seed=number)
        yield f"least squares, run {number} in balls", Run(problem, alpha, beta, corrected, path, samples)
