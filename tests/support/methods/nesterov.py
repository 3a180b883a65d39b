"""Nesterov's momentum: the heavy ball's step, looked ahead."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import LearningRate, Share
from momoracle.reference.numbers.expressions import Vector


class NesterovState(NamedTuple):
    """What Nesterov's momentum keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        momentum: m, one array a tensor.
    """

    step: int
    replicas: int | None
    momentum: Any


class NesterovTrace(NamedTuple):
    """The quantity of one step.

    Attributes:
        momentum: m, one array a tensor.
    """

    momentum: Any


@dataclass(frozen=True)
class Nesterov(Method):
    """Nesterov's momentum, in the form in which frameworks have it.

        m_k = β m_{k−1} + g_k,   m_0 = 0,   x^{k+1} = x^k − α (g_k + β m_k)

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        beta: β in [0, 1), the momentum.

    Source: Nesterov 1983; conventions of ``torch.optim.SGD(nesterov=True)``.

    >>> import numpy as np
    >>> x, opt = np.array([1.0]), Nesterov(lr=1.0, beta=0.5)
    >>> x, state, trace = opt.step(x, np.array([1.0]), opt.init(x))
    >>> x, trace.momentum  # 1 − (1 + ½)
    (array([-0.5]), array([1.]))
    """

    State: ClassVar[Any] = NesterovState
    Trace: ClassVar[Any] = NesterovTrace
    tensors: ClassVar[tuple[str, ...]] = ("momentum",)

    lr: LearningRate = 1e-3
    beta: Share = 0.9

    def advance(self, x: Vector, g: Vector, state: NesterovState, now: Now) -> Advance:
        beta = now.numbers.scalar(self.beta)
        m = beta * state.momentum + g
        return Advance(x - now.alpha * (g + beta * m), {"momentum": m})
