"""The certificates of MoMo: M4, M5, M6, M7 and M8, each as an inequality with what rounding may add to it.

Symbols: Δ_k = f_k − f_*, B = ‖x^1 − x*‖, and the errors A, T, H, V of `measured`.
"""

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Sides
from momoracle.convergence.certificates.momo_measures import Measured
from momoracle.convergence.problems.problem import Array, Problem

__all__ = ["CERTIFICATES"]


def identity(m: Measured, problem: Problem) -> Sides:
    """M4 without a cap: |h_k − ρ_k f_* − w (f_k − f_*)| ≤ T_k, w = 1 − β, or 1 in a plain first step."""
    weight = 1.0 if m.k == 1 and not m.corrected else 1 - m.beta
    away = np.abs(m.model_gap - weight * m.gap)
    return Sides(away, np.zeros_like(away), m.model_error, m.free & m.moved)


def untruncated(m: Measured, problem: Problem) -> Sides:
    """M4 with any cap: (1−β)(f_k − f_*) ≤ h_k − ρ_k f_* + T_k."""
    return Sides((1 - m.beta) * m.gap, m.model_gap, m.model_error, _all(m))


def descent(m: Measured, problem: Problem) -> Sides:
    """M5: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² − τ_k (h_k − ρ_k f_*) + V_k."""
    return Sides(m.distance_sq_after, m.distance_sq - m.gain, m.gain_error, _all(m))


def distances(m: Measured, problem: Problem) -> Sides:
    """M5, the consequence: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² + V_k, since τ_k > 0 only where h_k > ρ_k f_*."""
    return Sides(m.distance_sq_after, m.distance_sq, m.gain_error, _all(m))


def squares(m: Measured, problem: Problem) -> Sides:
    """M6: Σ_{j≤k} (h_j − ρ_j f_*)²/‖d_j‖² ≤ B² + Σ V_j, as the sum of M5."""
    return Sides(m.squares, m.start_sq, m.gains_error + m.steps_error * m.squares, m.free_after)


def path_rate(m: Measured, problem: Problem) -> Sides:
    """M6 on a path: (1−β) Σ_{j≤k} Δ_j ≤ G √k √(B² + Σ V_j).

    Rounding: Δ_j counts as far as it is sure (less (T_j + H_j)/(1−β), which M4 may have lost), and ‖d_j‖ ≤ G up to
    (n+8) ε₆₄ relatively.
    """
    bound = _gradient_bound(problem) * np.sqrt(m.k)
    left, right = (1 - m.beta) * m.sure_gaps, bound * np.sqrt(m.start_sq)
    slack = bound * np.sqrt(m.start_sq + m.gains_error) * (1 + _relative(m, problem)) - right
    return Sides(left, right, slack, m.free_after)


def gains(m: Measured, problem: Problem) -> Sides:
    """M7: Σ_{j≤k} τ_j (h_j − ρ_j f_*) ≤ B² + Σ V_j, as the sum of M5; with any cap."""
    return Sides(m.gains, m.start_sq, m.gains_error, _all(m))


def least_gain(m: Measured, problem: Problem) -> Sides:
    """M7: min{ α(1−β)Δ_k, (1−β)²Δ_k²/G² } ≤ τ_k (h_k − ρ_k f_*), with the Δ_k that is sure."""
    sure = (1 - m.beta) * m.sure_gap
    left = np.minimum(m.cap * sure, (sure / _gradient_bound(problem)) ** 2)
    return Sides(left, m.gain, _relative(m, problem) * left, _all(m))


def smooth_rate(m: Measured, problem: Problem) -> Sides:
    """M8: (1−β)² (ΣΔ_j)² ≤ 2 L B² (ΣΔ_j + βΔ_1/(1−β) unless bias-corrected), on a path without a cap.

    With bias correction it is (1/K) ΣΔ_j ≤ 2 L B²/((1−β)² K). Rounding: on the left the Δ_j that are sure, on the right
    B² + Σ V_j for B², and ‖g_j‖² ≤ 2 L Δ_j up to the error of the oracle.
    """
    weighted = m.gaps if m.corrected else m.gaps + m.beta / (1 - m.beta) * m.first_gap
    factor = 2 * _smoothness(problem) * weighted
    left, right = ((1 - m.beta) * m.sure_gaps) ** 2, factor * m.start_sq
    return Sides(left, right, factor * (m.gains_error + _relative(m, problem) * m.start_sq), m.free_after)


def smooth_descent(m: Measured, problem: Problem) -> Sides:
    """M5, sharper where the losses are L-smooth: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² − τ_k (h_k − ρ_k f_*) − τ_k ‖d_k‖²/L.

    A convex L-smooth loss with minimiser x* has f_j + <g_j, x* − x^j> + ‖g_j‖²/(2L) ≤ f_*. Averaged, h_k − ρ_k f_* ≤
    <d_k, x^k − x*> − Σ_j ρ_{j,k} ‖g_j‖²/(2L) ≤ <d_k, x^k − x*> − ‖d_k‖²/(2L) (Jensen, ρ_k ≤ 1); M5's expansion of the
    square does the rest. Rounding: V_k, and what ‖d_k‖² may exceed the average of the ‖g_j‖² by.
    """
    constant = _smoothness(problem)
    right = m.distance_sq - m.gain - m.step_size * m.direction_norm_sq / constant
    return Sides(m.distance_sq_after, right, m.gain_error + m.pull_error / constant, _all(m))


def smooth_sum(m: Measured, problem: Problem) -> Sides:
    """Σ_{j≤k} τ_j (h_j − ρ_j f_* + ‖d_j‖²/L) ≤ B², with any cap: the sum of `smooth_descent`."""
    constant = _smoothness(problem)
    return Sides(m.gains + m.pulls / constant, m.start_sq, m.gains_error + m.pulls_error / constant, _all(m))


def sharp_smooth_rate(m: Measured, problem: Problem) -> Sides:
    """M8, sharper: (1−β) Σ_{j≤k} Δ_j ≤ L B² on a path without a cap, in both initialisations.

    There τ_j ‖d_j‖² = h_j − ρ_j f_* ≥ (1−β) Δ_j (M4), so `smooth_sum` bounds (1−β) ΣΔ_j/L: the factor 2/(1−β) of M8 is
    not needed. Rounding as in `smooth_sum`, and on the left the Δ_j that are sure.
    """
    constant = _smoothness(problem)
    slack = constant * m.gains_error + m.pulls_error + m.steps_error * m.gaps
    return Sides((1 - m.beta) * m.sure_gaps, constant * m.start_sq, slack, m.free_after)


def gradient_bound(m: Measured, problem: Problem) -> Sides:
    """State the constant G: ‖g_k‖² ≤ G², up to the rounding of n products."""
    bound = np.full_like(m.gap, _gradient_bound(problem) ** 2)
    return Sides(m.gradient_norm_sq, bound, _relative(m, problem) * bound, _all(m))


def smoothness(m: Measured, problem: Problem) -> Sides:
    """State the constant L: ‖g_k‖² ≤ 2 L Δ_k, up to the oracle's error in f_k and the rounding of n products."""
    factor = 2 * _smoothness(problem)
    return Sides(
        m.gradient_norm_sq,
        factor * m.gap,
        factor * m.gap_error + _relative(m, problem) * m.gradient_norm_sq,
        _all(m),
    )


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
    Certificate("M4 identity", "h − ρf* = (1−β)(f − f*)", (), identity, only=f"{_NO_CAP} and d ≠ 0"),
    Certificate("M4", "h − ρf* ≥ (1−β)(f − f*)", (), untruncated),
    Certificate("M5", "‖x⁺−x*‖² ≤ ‖x−x*‖² − τ(h − ρf*)", _CONVEX, descent),
    Certificate("M5 distance", "‖x⁺−x*‖ ≤ ‖x−x*‖", _CONVEX, distances),
    Certificate("M6 sum", "Σ(h − ρf*)²/‖d‖² ≤ ‖x¹−x*‖²", _CONVEX, squares, only=_NO_CAP),
    Certificate("M6 path", "(1−β)ΣΔ ≤ G‖x¹−x*‖√K", (*_CONVEX, "lipschitz"), path_rate, only=_NO_CAP),
    Certificate("M7 sum", "Στ(h − ρf*) ≤ ‖x¹−x*‖²", _CONVEX, gains),
    Certificate("M7 gain", "τ(h − ρf*) ≥ min{α(1−β)Δ, (1−β)²Δ²/G²}", (*_CONVEX, "lipschitz"), least_gain),
    Certificate("M8", "(1−β)²(ΣΔ)² ≤ 2L‖x¹−x*‖²(ΣΔ + …)", (*_CONVEX, "smoothness"), smooth_rate, only=_NO_CAP),
    Certificate("M8 descent", "‖x⁺−x*‖² ≤ ‖x−x*‖² − τ(h − ρf* + ‖d‖²/L)", (*_CONVEX, "smoothness"), smooth_descent),
    Certificate("M8 sum", "Στ(h − ρf* + ‖d‖²/L) ≤ ‖x¹−x*‖²", (*_CONVEX, "smoothness"), smooth_sum),
    Certificate("M8 sharp", "(1−β)ΣΔ ≤ L‖x¹−x*‖²", (*_CONVEX, "smoothness"), sharp_smooth_rate, only=_NO_CAP),
    Certificate("G", "‖g‖ ≤ G", (*_CONVEX, "lipschitz"), gradient_bound),
    Certificate("L", "‖g‖² ≤ 2LΔ", (*_CONVEX, "smoothness"), smoothness),
)
