"""Find the worst convex function for MoMo by a semidefinite program, and check whether answers belong to one function.

Everything is scaled to ‖x¹ − x*‖ = 1, G = 1, x* = 0 and f_* = 0; MoMo without a cap, with the plain initialisation.
"""

import warnings
from collections.abc import Sequence

from momoracle.convergence.problems.adversary import Answers


def excess(run: Answers) -> float:
    """Return how far the largest <g_j, x_k> lies above the gap: at most rounding, where the function is convex."""
    return float((run.points @ run.gradients.T).max()) - run.gap


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
