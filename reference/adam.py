"""Adam: bias-corrected averages of the gradient and of its square."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import LearningRate, Nonnegative, Share
from momoracle.reference.numbers.expressions import Vector


class AdamState(NamedTuple):
    """What Adam keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        gradient_average: m, the average gradient before bias correction, one array a tensor.
        second_moment: v, the average of g² entry by entry before bias correction, one array a tensor.
    """

    step: int
    replicas: int | None
    gradient_average: Any
    second_moment: Any


class AdamTrace(NamedTuple):
    """The quantities of one step.

    Attributes:
        gradient_average: m, the average gradient before bias correction, one array a tensor.
        second_moment: v, the average of g² entry by entry before bias correction, one array a tensor.
    """

    gradient_average: Any
    second_moment: Any


@dataclass(frozen=True)
class Adam(Method):
    """Adam.

        g_k ← g_k + λ x^k
        m_k = β₁ m_{k−1} + (1−β₁) g_k,   v_k = β₂ v_{k−1} + (1−β₂) g_k²,   m_0 = v_0 = 0
        x^{k+1} = x^k − α (m_k / (1−β₁^k)) / (√(v_k / (1−β₂^k)) + ε)

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        beta1: β₁ in [0, 1).
        beta2: β₂ in [0, 1).
        eps: ε ≥ 0, in the unit of a gradient.
        weight_decay: λ ≥ 0, added to the gradient as λ x (coupled).

    Raises:
        TypeError: a hyperparameter is no real number.
        ValueError: a hyperparameter is outside its range.

    Source: Kingma & Ba 2015, algorithm 1; conventions of ``torch.optim.Adam``.

    >>> import numpy as np
    >>> x, opt = np.array([1.0, 1.0]), Adam(lr=0.25, eps=0.0)
    >>> x, state, trace = opt.step(x, np.array([1e-3, -1e3]), opt.init(x))
    >>> x  # the first step is α sign(g), whatever the gradient's size
    array([0.75, 1.25])
    """

    State: ClassVar[Any] = AdamState
    Trace: ClassVar[Any] = AdamTrace
    tensors: ClassVar[tuple[str, ...]] = ("gradient_average", "second_moment")

    lr: LearningRate = 1e-3
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Nonnegative = 1e-8
    weight_decay: Nonnegative = 0.0

    def advance(self, x: Vector, g: Vector, state: AdamState, now: Now) -> Advance:
        g = g + now.numbers.scalar(self.weight_decay) * x
        return self.moments_step(x, g, state, now)

    def moments_step(self, x: Vector, g: Vector, state: AdamState, now: Now) -> Advance:
        """Return Adam's step from ``x`` along the gradient ``g``, from the ``state``; ``now`` has k and α."""
        n, k = now.numbers, now.k
        beta1, beta2, eps = n.scalar(self.beta1), n.scalar(self.beta2), n.scalar(self.eps)
        m = beta1 * state.gradient_average + (1 - beta1) * g
        v = beta2 * state.second_moment + (1 - beta2) * (g * g)
        direction = m / (1 - beta1**k) / (n.sqrt(v / (1 - beta2**k)) + eps)
        return Advance(x - now.alpha * direction, {"gradient_average": m, "second_moment": v})
