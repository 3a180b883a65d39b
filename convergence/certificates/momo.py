"""The certificates of MoMo: each inequality of ``inequalities.py`` with what rounding may add to it.

Symbols as there. A_k, T_k, H_k and V_k are the rounding errors that ``momo_measures.py`` bounds.

Some inequalities are stated with the exact gaps Δ_j on their left side, while rounding may have taken part of a gap
away (M4 holds up to T_j only). There the left side uses a lower bound on each gap: the computed gap minus
(T_j + H_j)/(1−β), and 0 where that is negative (`sure_gap`, `sure_gaps`).
"""

import numpy as np

from momoracle.convergence.certificates import inequalities
from momoracle.convergence.certificates.certificate import Certificate, Sides
from momoracle.convergence.certificates.momo_measures import Measured
from momoracle.convergence.problems.problem import Array, Problem

__all__ = ["CERTIFICATES"]


def identity(m: Measured, problem: Problem) -> Sides:
    """M4 without a cap: |h_k − ρ_k f_* − w (f_k − f_*)| ≤ T_k, w = 1 − β, or 1 in a plain first step."""
    weight = 1.0 if m.k == 1 and not m.corrected else 1 - m.beta
    residual = np.abs(m.model_gap - weight * m.gap)
    return Sides(residual, np.zeros_like(residual), m.model_error, m.free & m.moved)


def least_model_gap(m: Measured, problem: Problem) -> Sides:
    """M4 with any cap, up to T_k."""
    return Sides(*inequalities.least_model_gap(m), m.model_error, _all(m))


def descent(m: Measured, problem: Problem) -> Sides:
    """M5, up to V_k."""
    return Sides(*inequalities.descent(m), m.gain_error, _all(m))


def distances(m: Measured, problem: Problem) -> Sides:
    """M5 for the distances alone, up to V_k."""
    return Sides(*inequalities.distances(m), m.gain_error, _all(m))


def sum_of_squares(m: Measured, problem: Problem) -> Sides:
    """M6's sum, up to Σ V_j and the rounding of the sum."""
    return Sides(*inequalities.sum_of_squares(m), m.gains_error + m.steps_error * m.squares, m.free_after)


def path_rate(m: Measured, problem: Problem) -> Sides:
    """M6 on a path, with the sure gaps on the left; on the right B² + Σ V_j, and ‖d_j‖ ≤ G up to (n+8) ε₆₄."""
    left, factors = inequalities.path_rate(_with_sure_gaps(m), _gradient_bound(problem) ** 2)
    _, widened = inequalities.path_rate(m._replace(start_sq=m.start_sq + m.gains_error), _gradient_bound(problem) ** 2)
    right = _root(factors)
    return Sides(left, right, _root(widened) * (1 + _relative(m, problem)) - right, m.free_after)


def sum_of_gains(m: Measured, problem: Problem) -> Sides:
    """M7's sum, up to Σ V_j."""
    return Sides(*inequalities.sum_of_gains(m), m.gains_error, _all(m))


def least_gain(m: Measured, problem: Problem) -> Sides:
    """M7's least gain, with the sure gap on the left."""
    bound = _gradient_bound(problem)
    if bound == 0:  # the start is x*, where no gap is left
        return Sides(0 * m.gap, m.gain, 0 * m.gap, _all(m))
    terms, gain = inequalities.least_gain(_with_sure_gaps(m), bound**2)
    left = np.minimum(*terms)
    return Sides(left, gain, _relative(m, problem) * left, _all(m))


def smooth_rate(m: Measured, problem: Problem) -> Sides:
    """M8, with the sure gaps on the left; on the right B² + Σ V_j, and ‖g_j‖² ≤ 2 L Δ_j up to the oracle's error."""
    constant = _smoothness(problem)
    left, _ = inequalities.smooth_rate(_with_sure_gaps(m), constant)
    _, right = inequalities.smooth_rate(m, constant)
    slack_sq = m.gains_error + _relative(m, problem) * m.start_sq  # what B² may grow by
    _, slack = inequalities.smooth_rate(m._replace(start_sq=slack_sq), constant)
    return Sides(left, right, slack, m.free_after)


def smooth_descent(m: Measured, problem: Problem) -> Sides:
    """M13's descent, up to V_k and what ‖d_k‖² may exceed the average of the ‖g_j‖² by."""
    constant = _smoothness(problem)
    return Sides(*inequalities.smooth_descent(m, constant), m.gain_error + m.pull_error / constant, _all(m))


def sum_of_smooth_gains(m: Measured, problem: Problem) -> Sides:
    """M13's sum, with any cap; rounding as in `smooth_descent`, summed."""
    constant = _smoothness(problem)
    slack = m.gains_error + m.pulls_error / constant
    return Sides(*inequalities.sum_of_smooth_gains(m, constant), slack, _all(m))


def sharp_smooth_rate(m: Measured, problem: Problem) -> Sides:
    """M13's rate, with the sure gaps on the left; rounding as in `sum_of_smooth_gains`."""
    constant = _smoothness(problem)
    slack = constant * m.gains_error + m.pulls_error + m.steps_error * m.gaps
    return Sides(*inequalities.sharp_smooth_rate(_with_sure_gaps(m), constant), slack, m.free_after)


def gradient_bound(m: Measured, problem: Problem) -> Sides:
    """State the constant G, up to the rounding of n products."""
    left, right = inequalities.gradient_bound(m, np.full_like(m.gap, _gradient_bound(problem) ** 2))
    return Sides(left, right, _relative(m, problem) * right, _all(m))


def smooth_gradient(m: Measured, problem: Problem) -> Sides:
    """State the constant L, up to the oracle's error in f_k and the rounding of n products."""
    constant = _smoothness(problem)
    slack = 2 * constant * m.gap_error + _relative(m, problem) * m.gradient_norm_sq
    return Sides(*inequalities.smooth_gradient(m, constant), slack, _all(m))


def _with_sure_gaps(m: Measured) -> Measured:
    return m._replace(gap=m.sure_gap, gaps=m.sure_gaps)


def _root(factors: tuple[Array, ...]) -> Array:
    """Return the root of a product, as the product of the roots: it neither overflows nor underflows."""
    result: Array = 1.0
    for factor in factors:
        result = result * np.sqrt(factor)
    return result


def _all(m: Measured) -> Array:
    return np.ones_like(m.free)


def _gradient_bound(problem: Problem) -> float:
    bound = problem.gradient_bound
    assert bound is not None  # among the needs of the certificate
    return bound


def _smoothness(problem: Problem) -> float:
    constant = problem.constants.smoothness
    assert constant is not None
    return constant


def _relative(m: Measured, problem: Problem) -> float:
    """Return the relative rounding error of an oracle's gradient, of a norm, and of a sum over the steps."""
    return m.eps * (problem.size + 8) * 2 + 4 * m.steps_error


_CONVEX = ("convex", "interpolates", "optimum")
_NO_CAP = "steps before which no cap bound"

#: every inequality of MoMo's theory that is checked on paths
CERTIFICATES = (
    Certificate("M4 identity", "h − ρf* = (1−β)(f − f*)", (), identity, f"{_NO_CAP} and d ≠ 0", role="identity"),
    Certificate("M4", "h − ρf* ≥ (1−β)(f − f*)", (), least_model_gap, role="identity"),
    Certificate("M5", "‖x⁺−x*‖² ≤ ‖x−x*‖² − τ(h − ρf*)", _CONVEX, descent),
    Certificate("M5 distance", "‖x⁺−x*‖ ≤ ‖x−x*‖", _CONVEX, distances),
    Certificate("M6 sum", "Σ(h − ρf*)²/‖d‖² ≤ ‖x¹−x*‖²", _CONVEX, sum_of_squares, only=_NO_CAP),
    Certificate("M6 path", "(1−β)ΣΔ ≤ G‖x¹−x*‖√K", (*_CONVEX, "lipschitz"), path_rate, only=_NO_CAP),
    Certificate("M7 sum", "Στ(h − ρf*) ≤ ‖x¹−x*‖²", _CONVEX, sum_of_gains),
    Certificate(
        "M7 gain", "τ(h − ρf*) ≥ min{α(1−β)Δ, (1−β)²Δ²/G²}", (*_CONVEX, "lipschitz"), least_gain, role="identity"
    ),
    Certificate("M8", "(1−β)²(ΣΔ)² ≤ 2L‖x¹−x*‖²(ΣΔ + …)", (*_CONVEX, "smoothness"), smooth_rate, only=_NO_CAP),
    Certificate("M8 descent", "‖x⁺−x*‖² ≤ ‖x−x*‖² − τ(h − ρf* + ‖d‖²/L)", (*_CONVEX, "smoothness"), smooth_descent),
    Certificate("M8 sum", "Στ(h − ρf* + ‖d‖²/L) ≤ ‖x¹−x*‖²", (*_CONVEX, "smoothness"), sum_of_smooth_gains),
    Certificate("M8 sharp", "(1−β)ΣΔ ≤ L‖x¹−x*‖²", (*_CONVEX, "smoothness"), sharp_smooth_rate, only=_NO_CAP),
    Certificate("G", "‖g‖ ≤ G", (*_CONVEX, "lipschitz"), gradient_bound, role="ball"),
    Certificate("L", "‖g‖² ≤ 2LΔ", (*_CONVEX, "smoothness"), smooth_gradient, role="constant"),
)
