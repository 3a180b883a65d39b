"""What the certificates see of one step of MoMo: its quantities, its running sums, and how far rounding carries each.

Rounding. ε is the machine epsilon of the points (twice the unit roundoff, which covers second-order terms), ε₆₄ that of
float64, in which all scalars and dot products are; c is x* (the origin where x* is not known), r_k = ‖x^k − c‖ and
X_k = ‖c‖ + r_k ≥ ‖x^k‖. Errors are in the unit of what they belong to, each a bound to first order:

- E_d, of d_k: each step multiplies and adds once an entry, E_d ← β E_d + 4 ε ‖d_k‖'  with ‖d_k‖' = β‖d_{k−1}‖ +
  (1−β)‖g_k‖.
- E_s, of f̄_k − γ_k: averages of sums of n products, E_s ← β E_s + (1−β) (n+4) ε₆₄ (‖g_k‖ X_k + |f_k|)
  + 4 ε₆₄ (|f̄_k| + |γ_k|).
- A_k, of h_k against its definition: E_s + X_k E_d + (n+4) ε₆₄ ‖d_k‖ X_k + 4 ε₆₄ (|f̄_k| + |<d_k,x^k>| + |γ_k| + |ρ_k
  f_*|).
- ζ_k, of x^{k+1} against x^k − τ_k d_k: one multiplication and one subtraction an entry, and τ_k rounded to the dtype
  of the points, ‖ζ_k‖ ≤ ε (X_{k+1} + 3 τ_k ‖d_k‖).
- T_k, of h_k − ρ_k f_* = (1−β)(f_k − f_*), by M11's recursion h_k = (1−β) f_k + β (h_{k−1} + <d_{k−1}, x^k − x^{k−1}>):
  T_k = A_k + β (T_{k−1} + ‖d_{k−1}‖ ‖ζ_{k−1}‖ + τ_{k−1} ‖d_{k−1}‖ E_d + (n+8) ε₆₄ |h_{k−1} − ρ_{k−1} f_*|).
- H_k, of h_k − ρ_k f_* ≤ <d_k, x^k − x*>: A_k and the average of the oracle's own errors (`Problem.oracle_error`).
- V_k, of ‖x^{k+1}−x*‖² ≤ ‖x^k−x*‖² − τ_k (h_k − ρ_k f_*): 2 τ_k H_k + 2 r_{k+1} ‖ζ_k‖ + ‖ζ_k‖²
  + 8 ε τ_k |h_k − ρ_k f_*| + (n+6) ε₆₄ (r_k² + r_{k+1}²).

Underflow adds to these: an operation on the points or on d is off by the smallest subnormal number η of their dtype
too, so 4 √n η are added to E_d and ‖ζ_k‖; and squares that sum to ‖g_k‖² or r_k² may be lost below the smallest normal
number ω of float64, so √(n ω) is added to ‖g_k‖ and n ω to V_k.
"""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.problems.problem import Array, Problem, norm
from momoracle.reference.numbers import fixed_order

_EPS64 = float(np.finfo(np.float64).eps)
_TINY64 = float(np.finfo(np.float64).tiny)


class Measured(NamedTuple):
    """One step of an ensemble; arrays have shape (R,), one entry a replica.

    ``gap`` is f_k − f_*, ``model_gap`` h_k − ρ_k f_*, ``gain`` τ_k (h_k − ρ_k f_*).
    """

    k: int
    eps: float  # ε of the points
    beta: Any
    cap: Any  # α
    corrected: bool  # averages start at zero
    gap: Array
    gap_error: Array
    gradient_norm_sq: Array
    direction_norm_sq: Array
    model_gap: Array
    model_error: Array  # T
    step_size: Array
    distance_sq: Array
    distance_sq_after: Array
    gain: Array
    gain_error: Array  # V
    direction_error: Array  # E_d
    start_sq: Array  # ‖x^1 − x*‖²
    free: Array  # no cap bound in any step before this one
    free_after: Array  # … nor in this one
    moved: Array  # d ≠ 0 in every step before this one
    gains: Array  # Σ gain
    gains_error: Array  # Σ V, and the summation
    squares: Array  # Σ (h − ρ f_*)²/‖d‖²
    pulls: Array  # Σ τ‖d‖²
    pulls_error: Array  # Σ τ (2 ‖d‖ E_d + (2n + 16) ε ‖d‖²): what ‖d‖² may exceed the average of the ‖g_j‖² by
    gaps: Array  # Σ gap
    sure_gaps: Array  # Σ sure_gap
    sure_gap: Array  # what remains of the gap whatever rounding did to M4, also where d = 0: (gap − (T + H)/(1−β))_+
    first_gap: Array
    pull_error: Array  # this step's
    steps_error: float  # relative error of a sum over the steps so far


class Measurer:
    """Measures every step of MoMo on a problem, whose f_* is the method's lower bound."""

    #: what it carries from step to step, one number a replica
    CARRIED = (
        "start_sq",
        "distance_sq",
        "direction_error",
        "sum_error",
        "oracle_error",
        "model_error",
        "carried",
        "direction_norm",
        "gains",
        "gains_error",
        "squares",
        "gaps",
        "sure_gaps",
        "first_gap",
        "pulls",
        "pulls_error",
        "free",
        "moved",
    )

    def __init__(self, problem: Problem, method: Any, points: Array) -> None:
        optimum = problem.constants.optimum
        self.problem, self.method = problem, method
        self.center = np.zeros(problem.size) if optimum is None else np.asarray(optimum, dtype=np.float64)
        self.center_norm, self.n = norm(self.center), problem.size
        self.eps = float(np.finfo(points.dtype).eps)
        self.flush = 4 * sqrt(problem.size) * float(np.finfo(points.dtype).smallest_subnormal)
        self.beta: Any = method.beta
        self.lower = problem.constants.lower_bound
        zero = np.zeros(len(points))
        self.start_sq = self.distance_sq = self._distance_sq(points)
        self.direction_error = self.sum_error = self.oracle_error = self.model_error = zero
        self.carried: Array = zero  # what T_k takes over from the step before
        self.direction_norm = zero
        self.gains = self.gains_error = self.squares = self.gaps = self.sure_gaps = self.first_gap = zero
        self.pulls = self.pulls_error = zero
        self.free = self.moved = np.ones(len(points), dtype=bool)

    def _distance_sq(self, points: Array) -> Array:
        away = points - self.center
        return fixed_order.sum_products(away, away)

    def norms_sq(self, gradient: Array, after: Array) -> tuple[Array, Array]:
        """Return ‖g_k‖² and ‖x^{k+1} − c‖², which `step` needs."""
        wide = gradient.astype(np.float64, copy=False)
        return fixed_order.sum_products(wide, wide), self._distance_sq(after)

    def step(self, loss: Array, gradient_norm_sq: Array, trace: Any, after_sq: Array, k: int) -> Measured:
        """Return the measures of step k, with what `norms_sq` returned of it."""
        beta, n, eps = self.beta, self.n, self.eps
        gradient_norm = np.sqrt(gradient_norm_sq) + sqrt(n * _TINY64)
        norm_sq, tau, rho = trace.direction_norm_sq, trace.step_size, trace.weight_sum
        direction_norm = np.sqrt(norm_sq)
        model_gap = trace.model_value - rho * self.lower
        gap = loss - self.lower
        before = self.distance_sq
        r, r_after = np.sqrt(before), np.sqrt(after_sq)
        reach = self.center_norm + r
        lr = self.method.lr(k) if callable(self.method.lr) else self.method.lr

        weight = rho if k == 1 else 1 - beta  # the plain initialisation counts the first sample fully
        old = 0.0 if k == 1 else beta
        size = np.abs(trace.loss_average) + np.abs(trace.offset)
        length = old * self.direction_norm + weight * gradient_norm
        self.direction_error = old * self.direction_error + 4 * eps * length + self.flush
        fresh = gradient_norm * reach + np.abs(loss)
        self.sum_error = old * self.sum_error + weight * (n + 4) * _EPS64 * fresh + 4 * _EPS64 * size
        slip = eps * self.problem.oracle_error(loss, gradient_norm, reach + r)
        self.oracle_error = old * self.oracle_error + weight * slip
        evaluation = (
            self.sum_error
            + reach * self.direction_error
            + (n + 4) * _EPS64 * direction_norm * reach
            + 4 * _EPS64 * (size + np.abs(trace.inner_product) + np.abs(rho * self.lower))
        )
        self.model_error = evaluation + old * self.carried

        move = tau * direction_norm
        gain = tau * model_gap
        slip_of_step = eps * (self.center_norm + r_after + 3 * move) + self.flush
        gain_error = (
            2 * tau * (evaluation + self.oracle_error)
            + (2 * r_after + slip_of_step) * slip_of_step
            + 8 * eps * np.abs(gain)
            + (n + 6) * _EPS64 * (before + after_sq)
            + n * _TINY64
        )
        self.carried = (
            self.model_error
            + direction_norm * slip_of_step
            + move * self.direction_error
            + (n + 8) * _EPS64 * np.abs(model_gap)
        )
        moving = norm_sq > 0
        free_after = self.free & (tau < lr / rho)
        steps_error = k * _EPS64
        self.gains = self.gains + gain
        self.gains_error = self.gains_error + gain_error
        positive = np.maximum(model_gap, 0)
        self.squares = self.squares + np.where(moving, positive * positive / np.where(moving, norm_sq, 1.0), 0.0)
        pull_error = tau * (2 * direction_norm * self.direction_error + (2 * n + 16) * eps * norm_sq)
        self.pulls, self.pulls_error = self.pulls + tau * norm_sq, self.pulls_error + pull_error
        if k == 1:
            self.first_gap = gap
        sure = np.maximum(gap - (self.model_error + evaluation + self.oracle_error) / (1 - beta), 0)
        self.gaps, self.sure_gaps = self.gaps + gap, self.sure_gaps + sure
        measured = Measured(
            k=k,
            eps=eps,
            beta=beta,
            cap=lr,
            corrected=bool(self.method.bias_correction),
            gap=gap,
            gap_error=slip,
            gradient_norm_sq=gradient_norm_sq,
            direction_norm_sq=norm_sq,
            model_gap=model_gap,
            model_error=self.model_error,
            step_size=tau,
            distance_sq=before,
            distance_sq_after=after_sq,
            gain=gain,
            gain_error=gain_error,
            direction_error=self.direction_error,
            start_sq=self.start_sq,
            free=self.free,
            free_after=free_after,
            moved=self.moved,
            gains=self.gains,
            gains_error=self.gains_error + steps_error * np.abs(self.gains),
            squares=self.squares,
            pulls=self.pulls,
            pulls_error=self.pulls_error + steps_error * self.pulls,
            pull_error=pull_error,
            gaps=self.gaps,
            sure_gaps=self.sure_gaps,
            sure_gap=sure,
            first_gap=self.first_gap,
            steps_error=steps_error,
        )
        self.distance_sq, self.direction_norm = after_sq, direction_norm
        self.free, self.moved = free_after, self.moved & moving
        return measured
