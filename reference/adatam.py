"""AdaTAM: torque-aware momentum divided by the root mean square of the gradients."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import ConventionSwitch, LearningRate, Nonnegative, Share
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.torque import torque


class AdaTAMState(NamedTuple):
    """What AdaTAM keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        cosine_average: ŝ, the averaged cosine, one number a tensor.
        momentum: m, one array a tensor.
        second_moment: v, the average of g² entry by entry, one array a tensor.
    """

    step: int
    replicas: int | None
    cosine_average: Any
    momentum: Any
    second_moment: Any


class AdaTAMTrace(NamedTuple):
    """Every quantity of one step.

    Attributes:
        cosine: s, the cosine of momentum and gradient, one number a tensor.
        cosine_average: ŝ, the averaged cosine, one number a tensor.
        damping: d, the weight of the gradient, one number a tensor.
        momentum: m, one array a tensor.
        second_moment: v, the average of g² entry by entry, one array a tensor.
    """

    cosine: Any
    cosine_average: Any
    damping: Any
    momentum: Any
    second_moment: Any


@dataclass(frozen=True)
class AdaTAM(Method):
    """Adaptive torque-aware momentum.

        s_k, ŝ_k, d_k as in `TAM`
        m_k = β₁ m_{k−1} + (ε + d_k) g_k,   v_k = β₂ v_{k−1} + (1−β₂) g_k²
        x^{k+1} = x^k − α m_k / (√v_k + ε)

    for each parameter tensor on its own.

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        gamma: γ in [0, 1), the weight of the past in the averaged cosine.
        eps: ε ≥ 0, the weight of a gradient that is damped fully, and in the unit of a gradient under the root.
        per_tensor: one cosine a tensor, as every port has it; False takes one over all tensors.
        averaged_momentum: weigh the new gradient with (1−β₁), as Adam does.
        bias_correction: divide m_k by 1 − β₁^k and v_k by 1 − β₂^k, as Adam does.

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False.
        ValueError: a hyperparameter is outside its range.

    Source: TAM (arXiv 2412.18790), AdaTAM as restated in public; the last two switches are conventions.

    >>> import numpy as np
    >>> x, opt = np.array([1.0, 1.0]), AdaTAM(lr=0.5, beta2=0.0, eps=0.0)
    >>> x, state, trace = opt.step(x, np.array([1e-3, -1e3]), opt.init(x))
    >>> x  # the first damping is 1/2
    array([0.75, 1.25])
    """

    State: ClassVar[Any] = AdaTAMState
    Trace: ClassVar[Any] = AdaTAMTrace
    tensors: ClassVar[tuple[str, ...]] = ("momentum", "second_moment")

    lr: LearningRate = 1e-3
    beta1: Share = 0.9
    beta2: Share = 0.999
    gamma: Share = 0.9
    eps: Nonnegative = 1e-8
    per_tensor: ConventionSwitch = True
    averaged_momentum: ConventionSwitch = False
    bias_correction: ConventionSwitch = False

    def split(self) -> bool:
        return self.per_tensor

    def start(self) -> dict[str, Any]:
        return {"cosine_average": 0}

    def advance(self, x: Vector, g: Vector, state: AdaTAMState, now: Now) -> Advance:
        n, k = now.numbers, now.k
        beta1, beta2, eps = n.scalar(self.beta1), n.scalar(self.beta2), n.scalar(self.eps)
        turn = torque(state.momentum, g, state.cosine_average, n.scalar(self.gamma), k, n)
        weight = (1 - beta1) * (eps + turn.damping) if self.averaged_momentum else eps + turn.damping
        m = beta1 * state.momentum + weight * g
        v = beta2 * state.second_moment + (1 - beta2) * (g * g)
        if self.bias_correction:
            direction = m / (1 - beta1**k) / (n.sqrt(v / (1 - beta2**k)) + eps)
        else:
            direction = m / (n.sqrt(v) + eps)
        return Advance(x - now.alpha * direction, {**turn._asdict(), "momentum": m, "second_moment": v})
