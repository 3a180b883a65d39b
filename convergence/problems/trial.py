"""Try what a problem states on sampled points, before a run is judged by it.

A wrong constant makes a theorem look wrong, or a wrong method look right. So every statement is tried where that is
cheap: at x*, at the starts, on random points of the ball that the runs begin in, and on points that lie along the own
gradient of a sample, where a linear model attains its G and L. What is refuted is an error of the problem, with the
statement, the point and the numbers. That nothing is refuted proves nothing: the constants are still the user's word.
"""

from typing import NamedTuple

import numpy as np

from momoracle.convergence.problems.problem import Array, Problem
from momoracle.convergence.problems.problem_error import ProblemError, call_user_code

_PAIRS = 256  # of a point and a sample; more where there are more samples, so that each is met
_MOST_PAIRS = 2048
_ENTRIES = 2**20  # of points: fewer pairs where they are long
_MEANS = 4096  # samples up to which the mean gradient at x* is computed
_MOST_STARTS = 4  # of the starts, that are looked at
_COORDINATES = 4  # coordinates of a point in a message
_EPS = float(np.finfo(np.float64).eps)


class _Answers(NamedTuple):
    """Losses and gradients of some samples at some points, and how far rounding may have put the losses off."""

    x: Array
    loss: Array
    gradient: Array
    rounding: Array


class _Trial:
    """The sampled points of one problem; each ``try_…`` raises `ProblemError` where its statement is refuted."""

    def __init__(self, problem: Problem, starts: Array) -> None:
        self.problem, self.constants = problem, problem.constants
        optimum = self.constants.optimum
        self.center = problem.start_point if optimum is None else np.asarray(optimum, dtype=np.float64)
        self.radius = float(np.linalg.norm(starts - self.center, axis=1).max())
        if self.radius == 0:
            self.radius = max(1.0, float(np.linalg.norm(self.center)))
        self.starts = starts[:_MOST_STARTS]
        # Radii from the ball's edge down to a thousandth of it; a bound that grows with the radius is tried on each.
        count = max(16, min(max(_PAIRS, problem.samples), _MOST_PAIRS, _ENTRIES // problem.size))
        generator = np.random.default_rng(0)
        direction = generator.standard_normal((2, count, problem.size))
        direction /= np.linalg.norm(direction, axis=2, keepdims=True)
        radii = self.radius * 2.0 ** -(10 * generator.uniform(size=(2, count, 1)) ** 2)
        self.x, self.other = self.center + radii * direction
        self.x[: len(self.starts)] = self.starts[:count]
        self.sample = generator.permutation(count) % problem.samples
        self.direction = direction[1]
        self.at = self._answer(self.x)
        # Along its own gradient a sample's loss changes fastest.
        length = np.linalg.norm(self.at.gradient, axis=1, keepdims=True)
        steepest = np.where(length > 0, self.at.gradient / np.where(length > 0, length, 1), self.direction)
        self.along = self._answer(self.center + radii[0] * steepest)
        self.away = self._answer(self.other)
        self.steepest = steepest

    def _answer(self, x: Array) -> _Answers:
        loss, gradient = self.problem.answers(x, self.sample)
        self._try_finite(x, loss, gradient)
        reach = np.linalg.norm(x, axis=1) + np.linalg.norm(x - self.center, axis=1) + self.radius
        size = np.linalg.norm(gradient, axis=1)
        return _Answers(x, loss, gradient, 4 * _EPS * self.problem.oracle_error(loss, size, reach))

    def _make_error_at(self, statement: str, at: int, x: Array, numbers: str) -> ProblemError:
        return _make_error(self.problem, f"{statement}, sample {self.sample[at]}", x[at], numbers)

    def _try_finite(self, x: Array, loss: Array, gradient: Array) -> None:
        wrong = ~(np.isfinite(loss) & np.isfinite(gradient).all(axis=1))
        if wrong.any():
            at = int(np.argmax(wrong))
            numbers = f"f is {loss[at]:g}, the gradient {_point(gradient[at])}; needed are finite numbers"
            raise self._make_error_at("sample_loss_and_grad", at, x, numbers)

    def try_determinism(self) -> None:
        """Refuse an oracle that answers otherwise when it is asked the same again."""
        loss, gradient = self.problem.answers(self.x, self.sample)
        wrong = (loss != self.at.loss) | (gradient != self.at.gradient).any(axis=1)
        if wrong.any():
            at = int(np.argmax(wrong))
            numbers = f"f is {self.at.loss[at]:.17g}, and asked again {loss[at]:.17g}, or the gradient differs"
            raise self._make_error_at("sample_loss_and_grad is not deterministic", at, self.x, numbers)

    def try_gradients(self) -> None:
        """Refuse gradients where <g, d> is not (f(x + hd) − f(x − hd))/2h, the slope along d.

        Where a kink lies between the two points the slope is another; so the majority of the places counts.
        """
        h = 1e-5 * self.radius
        direction = self.direction + self.steepest
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        direction = np.where(length > 0, direction / np.where(length > 0, length, 1), self.steepest)
        up, down = (self._answer(self.x + sign * h * direction) for sign in (1, -1))
        difference, slope = (up.loss - down.loss) / (2 * h), np.vecdot(self.at.gradient, direction)
        size = np.maximum(np.abs(difference), np.abs(slope))
        blur = (up.rounding + down.rounding) / (2 * h)
        wrong = np.abs(difference - slope) > 1e-2 * size + blur
        tried = size > blur
        if tried.any() and wrong[tried].mean() > 0.5:
            at = int(np.argmax(np.where(tried, np.abs(difference - slope) - blur, -np.inf)))
            raise self._make_error_at(
                "the gradient is not that of the loss",
                at,
                self.x,
                f"along a direction d, <g, d> is {slope[at]:.6g}, and the loss changes by {difference[at]:.6g}; so in "
                f"{wrong[tried].sum()} of {tried.sum()} places tried",
            )

    def try_lower_bound(self) -> None:
        """Refuse an f_* that is above a loss."""
        bound = self.constants.lower_bound
        for points in (self.at, self.along, self.away):
            below = bound - points.loss - points.rounding
            if (below > 0).any():
                at = int(np.argmax(below))
                numbers = f"f is {points.loss[at]:.10g}, below it by {bound - points.loss[at]:.3g}"
                raise self._make_error_at(f"constants.lower_bound = {bound:g} is no lower bound", at, points.x, numbers)

    def try_convexity(self) -> None:
        """Refuse convexity unless f((x+y)/2) ≤ (f(x) + f(y))/2, and f(y) ≥ f(x) + <g, y − x> both ways."""
        if not self.constants.convex:
            return
        pairs = ((self.at, self.away), (self.at, self.along))
        for x, y in pairs:
            middle = self._answer((x.x + y.x) / 2)
            above = middle.loss - (x.loss + y.loss) / 2 - middle.rounding - x.rounding - y.rounding
            if (above > 0).any():
                at = int(np.argmax(above))
                chord = (x.loss[at] + y.loss[at]) / 2
                numbers = f"f is {middle.loss[at]:.10g} in the middle of a segment, the mean of its ends {chord:.10g}"
                raise self._make_error_at("constants.convex is wrong", at, middle.x, numbers)
        for x, y in (*pairs, *((y, x) for x, y in pairs)):
            tangent = x.loss + np.vecdot(x.gradient, y.x - x.x)
            slack = x.rounding + y.rounding + 4 * _EPS * np.abs(tangent)
            below = tangent - y.loss - slack
            if (below > 0).any():
                at = int(np.argmax(below))
                numbers = (
                    f"at y = {_point(y.x[at])}, f(x) + <g, y − x> is {tangent[at]:.10g} and f(y) is {y.loss[at]:.10g}"
                )
                raise self._make_error_at("the gradient is no subgradient of a convex loss", at, x.x, numbers)

    def try_optimum(self) -> None:
        """Refuse interpolation unless f(x*, s) = f_* for every sample."""
        problem, constants, x = self.problem, self.constants, self.center
        if constants.optimum is None or not constants.interpolates:
            return
        samples = np.arange(min(problem.samples, _MEANS))
        loss, gradient = problem.answers(np.tile(x, (len(samples), 1)), samples)
        reach = 2 * float(np.linalg.norm(x))
        slack = 4 * _EPS * problem.oracle_error(loss, np.linalg.norm(gradient, axis=1), reach)
        away = np.abs(loss - constants.lower_bound) - slack
        if not (away <= 0).all():
            at = int(np.argmax(np.where(np.isnan(away), np.inf, away)))
            numbers = f"f is {loss[at]:.10g} there, and constants.lower_bound {constants.lower_bound:g}"
            statement = f"constants.interpolates is wrong, or optimum no minimiser, sample {at}"
            raise _make_error(problem, statement, x, numbers)

    def try_minimum(self) -> None:
        """Refuse a minimum or an x* unless f(x*) = min f, and f is lower neither beside x* nor at the starts."""
        problem, constants = self.problem, self.constants
        least, optimum = constants.infimum, constants.optimum
        if least is None and optimum is None:
            return
        points = np.concatenate([self.center[None], self.starts, self.x[len(self.starts) :][:8], self._beside()])
        means = problem.mean_loss(points)
        size = np.abs(means) + np.abs(self.at.loss).max()
        slack = float((problem.samples * _EPS * size).max()) + float(self.at.rounding.max())
        if least is not None and (means < least - slack).any():
            at = int(np.argmin(means))
            raise _make_error(problem, f"min f = {least:g} is no minimum", points[at], f"f is {means[at]:.10g} there")
        if optimum is None:
            return
        if (means < means[0] - slack).any():
            at = int(np.argmin(means))
            stated = f"at the stated optimum {_point(self.center)} it is {means[0]:.10g}"
            numbers = f"f is {means[at]:.10g} there, and {stated}"
            raise _make_error(problem, "constants.optimum is no minimiser", points[at], numbers)
        # A minimum that is stated a little too low, say with six digits, does no harm: it bounds all the same.
        if least is not None and means[0] > least + slack + 1e-6 * abs(float(means[1]) - least):
            numbers = f"f is {means[0]:.10g} there, and the stated minimum {least:.10g}"
            raise _make_error(problem, "constants.optimum is no minimiser, or minimum too low", self.center, numbers)

    def _beside(self) -> Array:
        """Return points beside x*, down the mean gradient, where the samples are few enough for it."""
        problem = self.problem
        if self.constants.optimum is None or problem.samples > _MEANS:
            return np.empty((0, problem.size))
        _, gradient = problem.answers(np.tile(self.center, (problem.samples, 1)), np.arange(problem.samples))
        mean = gradient.mean(axis=0)
        length = float(np.linalg.norm(mean))
        if not 0 < length < np.inf:
            return np.empty((0, problem.size))
        steps = self.radius * np.array([1e-2, 1e-3, 1e-4])
        return self.center - steps[:, None] * mean / length

    def try_gradient_bound(self) -> None:
        """Refuse a G that is no finite number, or that ‖g‖ exceeds at ‖x − x*‖ ≤ r."""
        bound = self.constants.lipschitz
        if bound is None or self.constants.optimum is None:
            return
        what, needed = f"{self.problem.name}: constants.lipschitz", "needed is a function of a radius, a number"
        for points in (self.at, self.along, self.away):
            radii = np.linalg.norm(points.x - self.center, axis=1) * (1 + 4 * _EPS)
            limits = np.array([float(call_user_code(what, needed, bound, float(radius))) for radius in radii])
            wrong = ~(np.isfinite(limits) & (limits >= 0))
            if wrong.any():
                at = int(np.argmax(wrong))
                raise _make_error(
                    self.problem,
                    f"constants.lipschitz({radii[at]:.6g}) is {limits[at]:g}",
                    points.x[at],
                    "needed is a finite number >= 0; leave lipschitz out where no bound is known",
                )
            size = np.linalg.norm(points.gradient, axis=1)
            above = size - limits * (1 + 16 * (self.problem.size + 8) * _EPS)
            if (above > 0).any():
                at = int(np.argmax(above))
                numbers = f"‖g‖ is {size[at]:.10g}, and G({radii[at]:.6g}) is {limits[at]:.10g}"
                raise self._make_error_at("constants.lipschitz is no bound on the gradients", at, points.x, numbers)

    def try_smoothness(self) -> None:
        """Refuse an L unless ‖g(x, s) − g(y, s)‖ ≤ L ‖x − y‖."""
        constant = self.constants.smoothness
        if constant is None:
            return
        # Gradients along a sample's own gradient, from x: a quadratic of <a, x> attains its L there.
        beyond = self._answer(self.x + self.radius * self.steepest)
        for x, y in ((self.at, beyond), (self.at, self.away), (self.along, self.away)):
            change = np.linalg.norm(x.gradient - y.gradient, axis=1)
            distance = np.linalg.norm(x.x - y.x, axis=1)
            reach = np.linalg.norm(x.x, axis=1) + np.linalg.norm(y.x, axis=1)
            size = np.linalg.norm(x.gradient, axis=1) + np.linalg.norm(y.gradient, axis=1)
            slack = 16 * (self.problem.size + 8) * _EPS * (size + constant * (reach + distance))
            above = change - constant * distance - slack
            if (above > 0).any():
                at = int(np.argmax(above))
                numbers = (
                    f"at y = {_point(y.x[at])}, ‖g(x) − g(y)‖ is {change[at]:.10g} and L ‖x − y‖ is "
                    f"{constant * distance[at]:.10g}"
                )
                raise self._make_error_at(f"constants.smoothness = {constant:g} is no L", at, x.x, numbers)


def try_problem(problem: Problem, starts: Array | None = None) -> None:
    """Try what a problem states on sampled points; where nothing is refuted, nothing happens.

    Args:
        problem: what is tried: its oracle, and each of its constants that is stated.
        starts: starting points, shape (S, n); the problem's own if left out.

    Raises:
        ProblemError: a statement is refuted; the message names it, the point and the numbers.

    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from momoracle.convergence import Constants, Problem
    >>> wrong = Problem("mine", np.ones(1), 1, lambda x, s: ((x[:, 0]) ** 2, 2 * x), Constants(lower_bound=0.5))
    >>> try_problem(wrong)
    Traceback (most recent call last):
    ...
    momoracle.convergence.problems.problem_error.ProblemError: mine: constants.lower_bound = 0.5 is no lower bound, s...
    """
    trial = _Trial(problem, problem.start_point[None] if starts is None else np.asarray(starts, dtype=np.float64))
    # The oracle first: what is wrong with it refutes every constant too, and would accuse them.
    trial.try_determinism()
    trial.try_gradients()
    trial.try_lower_bound()
    trial.try_optimum()
    trial.try_minimum()
    trial.try_convexity()
    trial.try_gradient_bound()
    trial.try_smoothness()


def _make_error(problem: Problem, statement: str, x: Array, numbers: str) -> ProblemError:
    return ProblemError(f"{problem.name}: {statement}: at x = {_point(x)}, {numbers}")


def _point(x: Array) -> str:
    """Return the first coordinates of a point as text."""
    first = ", ".join(f"{value:.6g}" for value in x[:_COORDINATES])
    return f"({first})" if len(x) <= _COORDINATES else f"({first}, …; n = {len(x)})"
