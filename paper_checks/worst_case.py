"""The worst convex function for MoMo: found as a semidefinite program, and attained by an adversary that MoMo runs on.

Everything is scaled to ‖x¹ − x*‖ = 1, G = 1, x* = 0 and f_* = 0; MoMo without a cap, with the plain initialisation.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Adversary(NamedTuple):
    """A run on which every loss is ``gap``: its points, gradients and step sizes."""

    gap: float
    points: list[Any]
    gradients: list[Any]
    step_sizes: list[float]


def one_function(optimizer: Callable[..., Any], beta: float, steps: int) -> Adversary:
    """Return the run with the largest gap c that the adversary can keep up with one convex function.

    At x_k ≠ 0 with r = ‖x_k‖ and u = x_k/r it answers g_k = (c/r) u + √(1 − c²/r²) e_k, with a direction e_k that is
    new; so <g_k, x_k> = c and ‖g_k‖ = 1. The function is f(x) = max{0, max_k <g_k, x>}. Possible while r ≥ c.
    """
    return _largest(optimizer, beta, steps, size=steps + 1, new=lambda k, d: _axis(k, steps + 1))


def sampled_losses(optimizer: Callable[..., Any], beta: float, steps: int) -> Adversary:
    """Return the run with the largest gap that an adversary keeps up who picks each sample's loss anew.

    As `one_function`, but in two dimensions, with d_{k−1}/‖d_{k−1}‖ (orthogonal to x_k after an uncapped step) as the
    new direction. The losses are max{0, <g_k, x>}, one a step.
    """
    return _largest(optimizer, beta, steps, size=2, new=lambda k, d: np.array([0.0, 1.0]) if d is None else d)


def _axis(k: int, size: int) -> Any:
    """Return the unit vector e_k."""
    axis = np.zeros(size)
    axis[k] = 1.0
    return axis


def _largest(optimizer: Callable[..., Any], beta: float, steps: int, size: int, new: Any) -> Adversary:
    """Bisect over c: the run must still be possible at its last step."""
    low, high = 0.0, 1.0
    found = Adversary(0.0, [], [], [])
    while high - low > 1e-13 * high:
        c = (low + high) / 2
        run = _run(optimizer, beta, steps, c, size, new)
        if run is None:
            high = c
        else:
            low, found = c, run
        if high < 1e-12:
            break
    return found


def _run(optimizer: Callable[..., Any], beta: float, steps: int, c: float, size: int, new: Any) -> Adversary | None:
    method = optimizer(lr=1e12, beta=beta)
    x, direction = np.zeros(size), None
    x[0] = 1.0
    state, found = method.init(x), Adversary(c, [], [], [])
    for k in range(1, steps + 1):
        radius = float(np.sqrt(x @ x))
        if not c <= radius <= 1e6:
            return None
        gradient = (c / radius) * (x / radius) + np.sqrt(1 - (c / radius) ** 2) * new(k, direction)
        found.points.append(x)
        found.gradients.append(gradient)
        x, state, trace = method.step(x, gradient, state, loss=c)
        norm = float(np.sqrt(trace.direction_norm_sq))
        direction = trace.gradient_average / norm if norm > 0 else None
        found.step_sizes.append(float(trace.step_size))
    return found


def excess(run: Adversary) -> float:
    """Return how far the largest <g_j, x_k> lies above the gap: at most rounding, where the function is convex."""
    return float(np.max(np.array(run.points) @ np.array(run.gradients).T)) - run.gap


def exact_worst_case(beta: float, step_sizes: Sequence[float]) -> float:
    """Return max min_k f(x^k) − f_* over all convex 1-Lipschitz f and all x¹ at distance 1, for K = len + 1 losses.

    The step sizes are those of the steps; that they are MoMo's own, τ_k ‖d_k‖² = f_1 − f_* in the first step and
    (1−β)(f_k − f_*) later (M4), is a condition on f that is linear in Gram matrix and values.
    """
    from PEPit import PEP
    from PEPit.functions import ConvexLipschitzFunction

    problem = PEP()
    f = problem.declare_function(ConvexLipschitzFunction, M=1.0)
    optimum = f.stationary_point()
    lowest, x = f(optimum), problem.set_initial_point()
    problem.set_initial_condition((x - optimum) ** 2 <= 1)
    average = None
    for k in range(len(step_sizes) + 1):
        gradient, value = f.oracle(x)
        average = gradient if average is None else beta * average + (1 - beta) * gradient
        problem.set_performance_metric(value - lowest)
        if k < len(step_sizes):
            tau = float(step_sizes[k])
            problem.add_constraint(tau * average**2 == (1 if k == 0 else 1 - beta) * (value - lowest))
            x = x - tau * average
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the solver's own accuracy, 1e-4 or better, is ample for a third decimal
        return float(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0))
