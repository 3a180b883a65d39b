"""MoMo: SGD with momentum whose step size comes from a truncated model of the loss."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import BelowInfinity, LearningRate, Nonnegative, Share
from momoracle.reference.momentum_model import Model, estimate, proximal_step, reset, step_size
from momoracle.reference.numbers.expressions import Vector


class MoMoState(NamedTuple):
    """What MoMo keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        loss_average: f̄, the average loss, in the unit of a loss.
        gradient_average: d, the average gradient, one array a tensor.
        offset: γ, the average of <g, x>, in the unit of a loss.
        next_lower_bound: f_* of the next step, in the unit of a loss.
    """

    step: int
    replicas: int | None
    loss_average: Any
    gradient_average: Any
    offset: Any
    next_lower_bound: Any


class MoMoTrace(NamedTuple):
    """Every quantity of one step: the model, its lower bound and the step size.

    Attributes:
        loss_average: f̄, the average loss, in the unit of a loss.
        gradient_average: d, the average gradient, one array a tensor.
        offset: γ, the average of <g, x>, in the unit of a loss.
        weight_sum: ρ, the sum of the weights, without unit.
        inner_product: <d, x>, in the unit of a loss.
        model_value: h = f̄ + <d, x> − γ, in the unit of a loss.
        direction_norm_sq: ‖d‖².
        lower_bound: f_* of this step, after a reset, in the unit of a loss.
        step_size: τ.
    """

    loss_average: Any
    gradient_average: Any
    offset: Any
    weight_sum: Any
    inner_product: Any
    model_value: Any
    direction_norm_sq: Any
    lower_bound: Any
    step_size: Any


@dataclass(frozen=True)
class MoMo(Method):
    """Momentum models (MoMo), and MoMo* where the lower bound is estimated.

        f̄_k = β f̄_{k−1} + (1−β) f_k,   d_k = β d_{k−1} + (1−β) g_k,   γ_k = β γ_{k−1} + (1−β) <g_k, x^k>
        τ_k = min{ α/ρ_k, ((1+αλ)(f̄_k − γ_k − ρ_k f_*) + <d_k, x^k>)_+ / ‖d_k‖² }
        x^{k+1} = (x^k − τ_k d_k) / (1 + αλ)

    The averages start at the first loss, gradient and product (ρ_k = 1), or with ``bias_correction`` at zero
    (ρ_k = 1 − β^k).

    Args:
        lr: α > 0, the cap on the step size, or a callable of the step number 1, 2, …
        beta: β in [0, 1), the momentum.
        lower_bound: f_*, at most every loss, in the unit of the loss; −inf turns MoMo into SGD with momentum.
        weight_decay: λ ≥ 0.
        bias_correction: start the averages at zero.
        estimate_lower_bound: estimate f_* from ``lower_bound`` upwards (MoMo*).

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False.
        ValueError: a hyperparameter is outside its range.

    Source: MoMo (arXiv 2305.07583), Lemma 2.1 and, with weight decay, Lemma 3.1, equations (15)–(16).

    >>> import numpy as np
    >>> x, opt = np.array([3.0, 4.0]), MoMo(lr=10.0, beta=0.0)
    >>> x, state, trace = opt.step(x, x, opt.init(x), loss=12.5)  # f(x) = ‖x‖²/2
    >>> trace.step_size, x  # Polyak's step size f/‖g‖²
    (0.5, array([1.5, 2. ]))
    """

    State: ClassVar[Any] = MoMoState
    Trace: ClassVar[Any] = MoMoTrace
    tensors: ClassVar[tuple[str, ...]] = ("gradient_average",)
    needs_loss: ClassVar[bool] = True

    lr: LearningRate = 1.0
    beta: Share = 0.9
    lower_bound: BelowInfinity = 0.0
    weight_decay: Nonnegative = 0.0
    bias_correction: bool = False
    estimate_lower_bound: bool = False

    def start(self) -> dict[str, Any]:
        return {"loss_average": 0, "offset": 0, "next_lower_bound": self.lower_bound}

    def advance(self, x: Vector, g: Vector, state: MoMoState, now: Now) -> Advance:
        n, k, alpha, f = now.numbers, now.k, now.alpha, now.loss
        beta, initial = n.scalar(self.beta), n.scalar(self.lower_bound)
        f_bar, d, gamma = state.loss_average, state.gradient_average, state.offset
        f_star = n.scalar(state.next_lower_bound)
        first = k == 1 and not self.bias_correction  # f̄_0 = f_1, d_0 = g_1, γ_0 = <g_1, x^1>

        d = beta * (g if first else d) + (1 - beta) * g
        gx, dx, dd = n.dots((g, x), (d, x), (d, d))
        f_bar = beta * (f if first else f_bar) + (1 - beta) * f
        gamma = beta * (gx if first else gamma) + (1 - beta) * gx
        rho = 1 - beta**k if self.bias_correction else n.scalar(1)

        model = Model(f_bar, gamma, rho, dx, dd, shrink=1 + alpha * n.scalar(self.weight_decay))
        if self.estimate_lower_bound:
            f_star = reset(model, f_star, initial, n)
        tau = step_size(model, f_star, alpha, n)  # MoMo (15)
        x = proximal_step(x, d, tau, model.shrink)  # MoMo (16)

        return Advance(
            x,
            {
                "loss_average": f_bar,
                "gradient_average": d,
                "offset": gamma,
                "weight_sum": rho,
                "inner_product": dx,
                "model_value": model.value(),
                "direction_norm_sq": dd,
                "lower_bound": f_star,
                "step_size": tau,
                "next_lower_bound": estimate(model, tau, initial, n) if self.estimate_lower_bound else f_star,
            },
        )
