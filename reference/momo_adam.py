"""MoMo-Adam: the momentum model in Adam's metric."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import BelowInfinity, LearningRate, Nonnegative, Share
from momoracle.reference.momentum_model import Model, estimate, proximal_step, reset, step_size
from momoracle.reference.numbers.expressions import Vector


class MoMoAdamState(NamedTuple):
    """What MoMo-Adam keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        loss_average: f̄, the average loss, in the unit of a loss.
        gradient_average: d, the average gradient, one array a tensor.
        second_moment: v, the average of g² entry by entry, one array a tensor.
        offset: γ, the average of <g, x>, in the unit of a loss.
        next_lower_bound: f_* of the next step, in the unit of a loss.
    """

    step: int
    replicas: int | None
    loss_average: Any
    gradient_average: Any
    second_moment: Any
    offset: Any
    next_lower_bound: Any


class MoMoAdamTrace(NamedTuple):
    """Every quantity of one step: the averages, the metric, the model, its lower bound and the step size.

    Attributes:
        loss_average: f̄, the average loss, in the unit of a loss.
        gradient_average: d, the average gradient, one array a tensor.
        second_moment: v, the average of g² entry by entry, one array a tensor.
        preconditioner: D, the diagonal of the metric, one array a tensor.
        offset: γ, the average of <g, x>, in the unit of a loss.
        weight_sum: ρ, the sum of the weights, without unit.
        inner_product: <d, x>, in the unit of a loss.
        model_value: h = f̄ + <d, x> − γ, in the unit of a loss.
        direction_norm_sq: ‖d‖² in the metric D⁻¹.
        lower_bound: f_* of this step, after a reset, in the unit of a loss.
        step_size: τ.
    """

    loss_average: Any
    gradient_average: Any
    second_moment: Any
    preconditioner: Any
    offset: Any
    weight_sum: Any
    inner_product: Any
    model_value: Any
    direction_norm_sq: Any
    lower_bound: Any
    step_size: Any


@dataclass(frozen=True)
class MoMoAdam(Method):
    """MoMo-Adam, and MoMo-Adam* where the lower bound is estimated.

        f̄_k, d_k, γ_k as in `MoMo` with β₁, starting at zero, so ρ_k = 1 − β₁^k
        v_k = β₂ v_{k−1} + (1−β₂) g_k²,   D_k = ε + √(v_k / (1−β₂^k))
        τ_k = min{ α/ρ_k, ((1+αλ)(f̄_k − γ_k − ρ_k f_*) + <d_k, x^k>)_+ / ‖d_k‖²_{D_k⁻¹} }
        x^{k+1} = (x^k − τ_k D_k⁻¹ d_k) / (1 + αλ)

    Args:
        lr: α > 0, the cap on the step size, or a callable of the step number 1, 2, …
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        eps: ε ≥ 0, in the unit of a gradient.
        lower_bound: f_*, at most every loss, in the unit of the loss; −inf turns MoMo-Adam into Adam.
        weight_decay: λ ≥ 0.
        estimate_lower_bound: estimate f_* from ``lower_bound`` upwards (MoMo-Adam*).
        decoupled_decay: decay as AdamW does, x^{k+1} = (1−αλ) x^k − τ_k D_k⁻¹ d_k, with τ_k as above
            (the authors' code offers this beside the paper's step).

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False.
        ValueError: a hyperparameter is outside its range.

    Source: MoMo (arXiv 2305.07583), Lemma 3.1, equations (15)–(16).

    >>> import numpy as np
    >>> x, opt = np.array([1.0, 1.0]), MoMoAdam(lr=0.25, eps=0.0, lower_bound=-np.inf)
    >>> x, state, trace = opt.step(x, np.array([1e-3, -1e3]), opt.init(x), loss=1.0)
    >>> x  # Adam's first step
    array([0.75, 1.25])
    """

    State: ClassVar[Any] = MoMoAdamState
    Trace: ClassVar[Any] = MoMoAdamTrace
    tensors: ClassVar[tuple[str, ...]] = ("gradient_average", "second_moment", "preconditioner")
    needs_loss: ClassVar[bool] = True

    lr: LearningRate = 1e-2
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Nonnegative = 1e-8
    lower_bound: BelowInfinity = 0.0
    weight_decay: Nonnegative = 0.0
    estimate_lower_bound: bool = False
    decoupled_decay: bool = False

    def start(self) -> dict[str, Any]:
        return {"loss_average": 0, "offset": 0, "next_lower_bound": self.lower_bound}

    def advance(self, x: Vector, g: Vector, state: MoMoAdamState, now: Now) -> Advance:
        n, k, alpha, f = now.numbers, now.k, now.alpha, now.loss
        beta1, beta2, eps = n.scalar(self.beta1), n.scalar(self.beta2), n.scalar(self.eps)
        initial, f_star = n.scalar(self.lower_bound), n.scalar(state.next_lower_bound)
        decay = alpha * n.scalar(self.weight_decay)

        d = beta1 * state.gradient_average + (1 - beta1) * g
        v = beta2 * state.second_moment + (1 - beta2) * (g * g)
        preconditioner = n.sqrt(v / (1 - beta2**k)) + eps
        direction = d / preconditioner  # D⁻¹ d
        gx, dx, dd = n.dots((g, x), (d, x), (d, direction))
        f_bar = beta1 * state.loss_average + (1 - beta1) * f
        gamma = beta1 * state.offset + (1 - beta1) * gx

        model = Model(f_bar, gamma, 1 - beta1**k, dx, dd, shrink=1 + decay)
        if self.estimate_lower_bound:
            f_star = reset(model, f_star, initial, n)
        tau = step_size(model, f_star, alpha, n)  # MoMo (15)
        if self.decoupled_decay:
            x = (1 - decay) * x - tau * direction
        else:
            x = proximal_step(x, direction, tau, model.shrink)  # MoMo (16)

        return Advance(
            x,
            {
                "loss_average": f_bar,
                "gradient_average": d,
                "second_moment": v,
                "preconditioner": preconditioner,
                "offset": gamma,
                "weight_sum": model.rho,
                "inner_product": dx,
                "model_value": model.value(),
                "direction_norm_sq": dd,
                "lower_bound": f_star,
                "step_size": tau,
                "next_lower_bound": estimate(model, tau, initial, n) if self.estimate_lower_bound else f_star,
            },
        )
