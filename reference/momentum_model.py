"""The proximal step on the momentum model: Lemma 3.1 of the MoMo paper, and the lower bound estimated online.

Symbols: f̄, d, γ the averages of losses, gradients and inner products; ρ their weight; h = f̄ + <d, x> − γ the model's
value at x before truncation; D the diagonal preconditioner; α the learning rate; λ the weight decay; f_* the lower
bound. All scalars are in the unit of a loss, except ρ and λα (none), ‖d‖²_{D⁻¹} (loss per step size) and τ, α.
"""

from typing import NamedTuple

from momoracle.reference.numbers.base import Numbers
from momoracle.reference.numbers.expressions import Scalar, Vector


class Model(NamedTuple):
    """The scalars of the momentum model at x^k."""

    f_bar: Scalar
    gamma: Scalar
    rho: Scalar
    dx: Scalar  # <d, x>
    dd: Scalar  # ‖d‖²_{D⁻¹}
    shrink: Scalar  # 1 + αλ

    def value(self) -> Scalar:
        """Return h, the model's value at x (MoMo section 1.1)."""
        return self.f_bar + self.dx - self.gamma


def step_size(model: Model, f_star: Scalar, alpha: Scalar, n: Numbers) -> Scalar:
    """Return τ = min{ α/ρ, ((1+αλ)(f̄ − γ − ρ f_*) + <d, x>)_+ / ‖d‖²_{D⁻¹} }, and 0 where d = 0.

    Source: MoMo (15); Lemma 2.1 where λ = 0 and D = I.
    """
    f_bar, gamma, rho, dx, dd, shrink = model
    polyak = n.quotient(n.positive(shrink * (f_bar - gamma - rho * f_star) + dx), dd)
    return n.minimum(alpha / rho, polyak)


def reset(model: Model, f_star: Scalar, initial: Scalar, n: Numbers) -> Scalar:
    """Return f_*^k, lowered where the model lies below it everywhere that the step can reach.

    c = (1+αλ)(f̄ − γ) + <d, x>; where c < (1+αλ) ρ f_*, f_* ← max{ c / (2 (1+αλ) ρ), f_*^1 }. Where the two are equal
    f_* jumps, and τ with it, from 0 to what half of c gives: there rounding decides.
    Source: MoMo, section on unknown lower bounds.
    """
    f_bar, gamma, rho, dx, _, shrink = model
    c = shrink * (f_bar - gamma) + dx
    return n.select(n.less(c, shrink * rho * f_star), n.maximum(c / (2 * shrink * rho), initial), f_star)


def estimate(model: Model, tau: Scalar, initial: Scalar, n: Numbers) -> Scalar:
    """Return f_*^{k+1} = max{ (h − ½ τ ‖d‖²_{D⁻¹}) / ρ, f_*^1 }. Source: MoMo, section on unknown lower bounds."""
    return n.maximum((model.value() - tau * model.dd / 2) / model.rho, initial)


def proximal_step(x: Vector, direction: Vector, tau: Scalar, shrink: Scalar) -> Vector:
    """Return (x − τ D⁻¹ d) / (1 + αλ). Source: MoMo (16)."""
    result: Vector = (x - tau * direction) / shrink
    return result
