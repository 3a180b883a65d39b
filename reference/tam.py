"""TAM: heavy-ball momentum in which gradients that oppose the momentum count less."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import ConventionSwitch, LearningRate, Nonnegative, Share
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.torque import torque


class TAMState(NamedTuple):
    """What TAM keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        cosine_average: ŝ, the averaged cosine, one number a tensor.
        momentum: m, one array a tensor.
    """

    step: int
    replicas: int | None
    cosine_average: Any
    momentum: Any


class TAMTrace(NamedTuple):
    """Every quantity of one step.

    Attributes:
        cosine: s, the cosine of momentum and gradient, one number a tensor.
        cosine_average: ŝ, the averaged cosine, one number a tensor.
        damping: d, the weight of the gradient, one number a tensor.
        momentum: m, one array a tensor.
    """

    cosine: Any
    cosine_average: Any
    damping: Any
    momentum: Any


@dataclass(frozen=True)
class TAM(Method):
    """Torque-aware momentum.

        s_k = <m_{k−1}, g_k> / (‖m_{k−1}‖ ‖g_k‖),   ŝ_k = γ ŝ_{k−1} + (1−γ) s_k,   d_k = (1 + ŝ_k)/2
        m_k = β m_{k−1} + (ε + d_k) g_k,   x^{k+1} = x^k − α m_k;   m_0 = 0, ŝ_0 = 0

    for each parameter tensor on its own.

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        beta: β in [0, 1), the momentum.
        gamma: γ in [0, 1), the weight of the past in the averaged cosine.
        eps: ε ≥ 0, the weight of a gradient that is damped fully.
        weight_decay: λ ≥ 0, added to the gradient as λ x (coupled, as in `SGDM`) before anything else.
        per_tensor: one cosine a tensor, as every port has it; False takes one over all tensors.

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False.
        ValueError: a hyperparameter is outside its range.

    Source: TAM (arXiv 2412.18790), section 2.1.

    >>> import numpy as np
    >>> x, opt = np.array([0.0, 0.0]), TAM(lr=1.0, beta=0.0, gamma=0.0, eps=0.0)
    >>> state = opt.init(x)
    >>> for g in ([4.0, 0.0], [0.0, 4.0], [0.0, -4.0]):
    ...     x, state, trace = opt.step(x, np.array(g), state)
    ...     print(trace.damping)  # no momentum yet, then a right angle, then opposed
    0.5
    0.5
    0.0
    """

    State: ClassVar[Any] = TAMState
    Trace: ClassVar[Any] = TAMTrace
    tensors: ClassVar[tuple[str, ...]] = ("momentum",)

    lr: LearningRate = 1e-1
    beta: Share = 0.9
    gamma: Share = 0.9
    eps: Nonnegative = 1e-8
    weight_decay: Nonnegative = 0.0
    per_tensor: ConventionSwitch = True

    def split(self) -> bool:
        return self.per_tensor

    def start(self) -> dict[str, Any]:
        return {"cosine_average": 0}

    def advance(self, x: Vector, g: Vector, state: TAMState, now: Now) -> Advance:
        n = now.numbers
        g = g + n.scalar(self.weight_decay) * x
        turn = torque(state.momentum, g, state.cosine_average, n.scalar(self.gamma), now.k, n)
        m = n.scalar(self.beta) * state.momentum + (n.scalar(self.eps) + turn.damping) * g
        return Advance(x - now.alpha * m, {**turn._asdict(), "momentum": m})
