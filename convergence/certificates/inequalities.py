r"""State the inequalities of MoMo's theory, each once, over any numbers: arrays of floats, rationals, balls, symbols.

Each function returns ``(left, right)``, and the theory says left ≤ right on every path. The claims M5, M6, M7, M8 and
M13 of ``paper_checks`` prove them and check them without rounding; ``momo.py`` adds what rounding may contribute.

Symbols: Δ_k = f_k − f_*, h_k − ρ_k f_* the model's gap, τ_k the step size, B = ‖x^1 − x*‖, G a bound on the gradients,
L their Lipschitz constant. D = I, λ = 0, every loss convex with the same minimiser x* and the same minimum f_*.
"""

from typing import Any, NamedTuple, TypeAlias

#: anything with the fields of `Quantities`: the rational runs of a claim, or the float runs of an ensemble
Path: TypeAlias = Any


class Quantities(NamedTuple):
    """What a run of MoMo has computed up to step k, and what is known about its start.

    Attributes:
        k: the number of the step.
        beta: β.
        cap: α_k.
        corrected: whether the averages start at zero (bias correction).
        gap: Δ_k, in the unit of a loss.
        first_gap: Δ_1.
        gaps: Σ_{j≤k} Δ_j.
        gradient_norm_sq: ‖g_k‖².
        direction_norm_sq: ‖d_k‖².
        model_gap: h_k − ρ_k f_*, in the unit of a loss.
        step_size: τ_k.
        gain: τ_k (h_k − ρ_k f_*), in the unit of a squared length.
        gains: Σ_{j≤k} τ_j (h_j − ρ_j f_*).
        pulls: Σ_{j≤k} τ_j ‖d_j‖².
        squares: Σ_{j≤k} (h_j − ρ_j f_*)²/‖d_j‖², where d_j ≠ 0.
        start_sq: B².
        distance_sq: ‖x^k − x*‖².
        distance_sq_after: ‖x^{k+1} − x*‖².
    """

    k: Any
    beta: Any
    cap: Any
    corrected: bool
    gap: Any
    first_gap: Any
    gaps: Any
    gradient_norm_sq: Any
    direction_norm_sq: Any
    model_gap: Any
    step_size: Any
    gain: Any
    gains: Any
    pulls: Any
    squares: Any
    start_sq: Any
    distance_sq: Any
    distance_sq_after: Any


def least_model_gap(m: Path) -> tuple[Any, Any]:
    """M4 with any cap: (1−β) Δ_k ≤ h_k − ρ_k f_*."""
    return (1 - m.beta) * m.gap, m.model_gap


def descent(m: Path) -> tuple[Any, Any]:
    """M5: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² − τ_k (h_k − ρ_k f_*)."""
    return m.distance_sq_after, m.distance_sq - m.gain


def distances(m: Path) -> tuple[Any, Any]:
    """M5, the consequence: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖², since τ_k > 0 only where h_k > ρ_k f_*."""
    return m.distance_sq_after, m.distance_sq


def sum_of_squares(m: Path) -> tuple[Any, Any]:
    """M6 without a cap: Σ_{j≤k} (h_j − ρ_j f_*)²/‖d_j‖² ≤ B², the sum of M5."""
    return m.squares, m.start_sq


def path_rate(m: Path, bound_sq: Any) -> tuple[Any, tuple[Any, Any, Any]]:
    """M6 on a path without a cap: (1−β) Σ_{j≤k} Δ_j ≤ √(G² k B²).

    The factors under the root are returned one by one: rationals compare the square of the left side with their
    product, floats take the root of each.
    """
    return (1 - m.beta) * m.gaps, (bound_sq, m.k, m.start_sq)


def sum_of_gains(m: Path) -> tuple[Any, Any]:
    """M7 with any cap: Σ_{j≤k} τ_j (h_j − ρ_j f_*) ≤ B², the sum of M5."""
    return m.gains, m.start_sq


def least_gain(m: Path, bound_sq: Any) -> tuple[tuple[Any, Any], Any]:
    """M7: min{ α(1−β)Δ_k, (1−β)²Δ_k²/G² } ≤ τ_k (h_k − ρ_k f_*); the two terms of the minimum are returned."""
    weighted = (1 - m.beta) * m.gap
    return (m.cap * weighted, weighted * weighted / bound_sq), m.gain


def smooth_rate(m: Path, smoothness: Any) -> tuple[Any, Any]:
    """M8 without a cap: (1−β)² (Σ_{j≤k} Δ_j)² ≤ 2 L (Σ_{j≤k} Δ_j + βΔ_1/(1−β)) B².

    With bias correction the term with Δ_1 is not there, and (1/K) Σ Δ_j ≤ 2 L B²/((1−β)² K).
    """
    weighted = m.gaps if m.corrected else m.gaps + m.beta / (1 - m.beta) * m.first_gap
    return ((1 - m.beta) * m.gaps) ** 2, 2 * smoothness * weighted * m.start_sq


def smooth_descent(m: Path, smoothness: Any) -> tuple[Any, Any]:
    """M13, M5 where the losses are smooth: ‖x^{k+1} − x*‖² ≤ ‖x^k − x*‖² − τ_k (h_k − ρ_k f_*) − τ_k ‖d_k‖²/L."""
    return m.distance_sq_after, m.distance_sq - m.gain - m.step_size * m.direction_norm_sq / smoothness


def sum_of_smooth_gains(m: Path, smoothness: Any) -> tuple[Any, Any]:
    """M13 with any cap: Σ_{j≤k} τ_j (h_j − ρ_j f_* + ‖d_j‖²/L) ≤ B², the sum of `smooth_descent`."""
    return m.gains + m.pulls / smoothness, m.start_sq


def sharp_smooth_rate(m: Path, smoothness: Any) -> tuple[Any, Any]:
    """M13 without a cap, in both initialisations: (1−β) Σ_{j≤k} Δ_j ≤ L B²."""
    return (1 - m.beta) * m.gaps, smoothness * m.start_sq


def gradient_bound(m: Path, bound_sq: Any) -> tuple[Any, Any]:
    """State the constant G: ‖g_k‖² ≤ G²."""
    return m.gradient_norm_sq, bound_sq


def smooth_gradient(m: Path, smoothness: Any) -> tuple[Any, Any]:
    """State the constant L: ‖g_k‖² ≤ 2 L Δ_k."""
    return m.gradient_norm_sq, 2 * smoothness * m.gap
