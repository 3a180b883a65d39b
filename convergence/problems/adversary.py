"""Worst cases of M9 as problems: answers to MoMo that keep every loss at c, recorded as vectors and replayed.

Scaled to ‖x^1 − x*‖ = 1, G = 1, x* = 0 and f_* = 0. At x_k ≠ 0, r = ‖x_k‖, u = x_k/r, the adversary answers
g_k = (c/r) u + √(1 − c²/r²) e with a unit vector e ⟂ u; then <g_k, x_k> = c and ‖g_k‖ = 1. With e a new direction each
time all answers are subgradients of one convex function, max{0, max_k <g_k, x>}; with e = d_{k−1}/‖d_{k−1}‖, orthogonal
to x_k after an uncapped step, they are of losses max{0, <g_k, x>}, one a step, in two dimensions.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.problems.gradient_bounds import Constant, longest_row
from momoracle.convergence.problems.limits import NO_CAP
from momoracle.convergence.problems.problem import Array, Constants, Problem
from momoracle.reference import MoMo
from momoracle.reference.numbers import fixed_order


class Answers(NamedTuple):
    """The run with the largest gap.

    Attributes:
        gap: c, the loss that was kept up.
        gradients: the answers g_1, …, g_K, which replay the run, shape (K, n).
        points: x_1, …, x_K, shape (K, n).
        step_sizes: τ_1, …, τ_K.
    """

    gap: float
    gradients: Array
    points: Array
    step_sizes: list[float]


def kink(dtype: Any) -> float:
    """Return the cosine between g and x below which x lies on the kink: above roundings, below what chance brings.

    >>> kink(np.float64) == 2.0**-40
    True
    """
    return max(2.0**-40, 8 * float(np.finfo(dtype).eps))


@dataclass(frozen=True)
class OneFunction:
    """The oracle of max{0, max_k <g_k, x>}, g_k of size K + 1 with a direction e_{k+1} of its own.

    It resists: of several that are largest up to rounding it answers with the first whose own direction x has not been
    moved along yet, or else with the first. Each is a subgradient; that one tells the optimizer least.
    """

    gradients: Array

    def __call__(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return the losses and subgradients, one a point."""
        values = fixed_order.sum_products(x[:, None, :], self.gradients)
        largest = values.max(axis=1, keepdims=True)
        near = values >= largest - 8 * x.shape[1] * np.finfo(x.dtype).eps * np.abs(largest)
        new = near & (x[:, 1:] == 0)
        chosen = np.argmax(np.where(new.any(axis=1, keepdims=True), new, near), axis=1)
        value = values[np.arange(len(x)), chosen]
        return np.maximum(value, 0), np.where((value > 0)[:, None], self.gradients[chosen], 0)

    def astype(self, dtype: Any) -> "OneFunction":
        """Return the same function in another dtype."""
        return replace(self, gradients=self.gradients.astype(dtype))


@dataclass(frozen=True)
class OneEachStep:
    """The oracle of the losses max{0, <g_s, x>}, ‖g_s‖ = 1.

    It resists: on the kink <g_s, x> = 0, where 0 and g_s are both subgradients, it answers with g_s. MoMo's first step,
    and at β = 0 every step, ends on the kink of the loss that it was given. In floating point <g_s, x> is then a
    rounding error of either sign, so whatever is smaller than `kink` ‖x‖ counts as 0: what the oracle answers is a
    matter of the losses, not of the last bit.
    """

    gradients: Array

    def __call__(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return the losses and subgradients, one a point."""
        rows = self.gradients[sample]
        value = fixed_order.sum_products(rows, x)
        slopes = value > -kink(x.dtype) * np.sqrt(fixed_order.sum_products(x, x))
        return np.maximum(value, 0), np.where(slopes[:, None], rows, 0)

    def astype(self, dtype: Any) -> "OneEachStep":
        """Return the same losses in another dtype."""
        return replace(self, gradients=self.gradients.astype(dtype))


def one_function(beta: float = 0.5, steps: int = 25, method: Callable[..., Any] = MoMo) -> Problem:
    """Return the worst convex function found for ``steps`` steps of MoMo with this β, one deterministic loss.

        f(x) = max{ 0, max_k <g_k, x> }

    At β = 0 it attains M6's bound: min_k f(x^k) = G ‖x^1 − x*‖/√K. With momentum and many steps a later answer may lie
    above c at an earlier point; the function then answers otherwise than the adversary did, with a smaller average gap.

    Args:
        beta: β in [0, 1).
        steps: K ≥ 1.
        method: makes the optimizer that the adversary runs against.

    Source: derived here (M9).

    >>> round(largest_gap(0.0, 4, False).gap, 6)
    0.5
    """
    answers = largest_gap(beta, steps, False, method)
    return _problem(
        "one-function", answers, 1, OneFunction(answers.gradients), "max{0, max <g, x>}, the worst for MoMo"
    )


def one_each_step(beta: float = 0.5, steps: int = 400, method: Callable[..., Any] = MoMo) -> Problem:
    """Return losses, one a step, in the order that is worst for ``steps`` steps of MoMo with this β: M6 is approached.

        f(x, s) = max{ 0, <g_s, x> }

    Args:
        beta: β in [0, 1).
        steps: K ≥ 1.
        method: makes the optimizer that the adversary runs against.

    Source: derived here (M9).

    >>> round(largest_gap(0.5, 400, True).gap * 0.5 * 20, 2)  # of M6's bound 1/((1 − β) √K)
    0.98
    """
    answers = largest_gap(beta, steps, True, method)
    about = "max{0, <g_s, x>}, in the worst order for MoMo"
    return _problem("one-each-step", answers, steps, OneEachStep(answers.gradients), about)


def _problem(name: str, answers: Answers, samples: int, oracle: Any, about: str) -> Problem:
    size = answers.gradients.shape[1]
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=np.zeros(size),
        lipschitz=Constant(longest_row(answers.gradients)),
        why_not={"smoothness": "the losses have kinks"},
    )
    start = np.zeros(size)
    start[0] = 1.0
    return Problem(name, start, samples, oracle, constants, in_order=samples > 1, about=about)


def largest_gap(beta: float, steps: int, each_step: bool, method: Callable[..., Any] = MoMo) -> Answers:
    """Return the answers with the largest c, by bisection: the adversary must still be able to answer in step K.

    Args:
        beta: β.
        steps: K ≥ 1.
        each_step: whether each step has a loss of its own.
        method: makes the optimizer; it runs against the adversary.
    """
    low, high, worst = 0.0, 1.0, Answers(0.0, np.zeros((steps, 2)), np.zeros((steps, 2)), [])
    while high - low > 1e-14:
        c = (low + high) / 2
        answers = _run_while_answerable(method(lr=NO_CAP, beta=beta), steps, c, each_step)
        if answers is None:
            high = c
        else:
            low, worst = c, answers
    return worst


def _run_while_answerable(method: Any, steps: int, c: float, each_step: bool) -> Answers | None:
    """Return a run on which every loss is c, or None where a point comes closer to x* than c."""
    size = 2 if each_step else steps + 1
    x, answers = np.zeros(size), Answers(c, np.zeros((steps, size)), np.zeros((steps, size)), [])
    x[0] = 1.0
    state = method.init(x)
    new = np.eye(size)[1]
    for k in range(steps):
        radius = float(np.sqrt(fixed_order.sum_products(x, x)))
        if not c <= radius <= 1e6:
            return None
        toward = c / radius
        answers.points[k], answers.gradients[k] = x, toward * x / radius + np.sqrt(1 - toward**2) * new
        x, state, trace = method.step(x, answers.gradients[k], state, loss=c)
        answers.step_sizes.append(float(trace.step_size))
        if not each_step:
            new = np.eye(1, size, k + 2)[0] if k + 2 < size else new
        elif trace.direction_norm_sq > 0:
            new = trace.gradient_average / np.sqrt(trace.direction_norm_sq)
    return answers
