"""SGDM: heavy-ball momentum."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import LearningRate, Nonnegative, Share
from momoracle.reference.numbers.expressions import Vector


class SGDMState(NamedTuple):
    """What SGDM keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        momentum: m, one array a tensor.
    """

    step: int
    replicas: int | None
    momentum: Any


class SGDMTrace(NamedTuple):
    """The quantity of one step.

    Attributes:
        momentum: m, one array a tensor.
    """

    momentum: Any


@dataclass(frozen=True)
class SGDM(Method):
    """Stochastic gradient descent with heavy-ball momentum.

        m_k = β m_{k−1} + g_k + λ x^k,   m_0 = 0
        x^{k+1} = x^k − α m_k

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        beta: β in [0, 1), the momentum.
        weight_decay: λ ≥ 0, added to the gradient as λ x (coupled).

    Raises:
        TypeError: a hyperparameter is no real number.
        ValueError: a hyperparameter is outside its range.

    Source: Polyak 1964; conventions of ``torch.optim.SGD`` (no dampening).

    >>> import numpy as np
    >>> x, opt = np.array([1.0]), SGDM(lr=1.0, beta=0.5)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state, trace = opt.step(x, np.array([1.0]), state)
    >>> trace.momentum, x
    (array([1.5]), array([-1.5]))
    """

    State: ClassVar[Any] = SGDMState
    Trace: ClassVar[Any] = SGDMTrace
    tensors: ClassVar[tuple[str, ...]] = ("momentum",)

    lr: LearningRate = 1e-3
    beta: Share = 0.9
    weight_decay: Nonnegative = 0.0

    def advance(self, x: Vector, g: Vector, state: SGDMState, now: Now) -> Advance:
        n = now.numbers
        m = n.scalar(self.beta) * state.momentum + (g + n.scalar(self.weight_decay) * x)
        return Advance(x - now.alpha * m, {"momentum": m})
