"""SGD: the gradient step that every momentum method departs from."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import LearningRate, Nonnegative
from momoracle.reference.numbers.expressions import Vector


class SGDState(NamedTuple):
    """How often SGD has stepped.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
    """

    step: int
    replicas: int | None


class SGDTrace(NamedTuple):
    """Nothing: the step has no quantity besides its result."""


@dataclass(frozen=True)
class SGD(Method):
    """Stochastic gradient descent.

        x^{k+1} = x^k − α (g_k + λ x^k)

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …
        weight_decay: λ ≥ 0, added to the gradient as λ x (coupled).

    Raises:
        TypeError: a hyperparameter is no real number.
        ValueError: a hyperparameter is outside its range.

    Source: Robbins & Monro 1951; conventions of ``torch.optim.SGD``.

    >>> import numpy as np
    >>> x = np.array([3.0, -1.0])
    >>> opt = SGD(lr=0.5)
    >>> x, state, trace = opt.step(x, np.array([2.0, 4.0]), opt.init(x))
    >>> x
    array([ 2., -3.])
    """

    State: ClassVar[Any] = SGDState
    Trace: ClassVar[Any] = SGDTrace

    lr: LearningRate = 1e-3
    weight_decay: Nonnegative = 0.0

    def advance(self, x: Vector, g: Vector, state: SGDState, now: Now) -> Advance:
        return Advance(x - now.alpha * (g + now.numbers.scalar(self.weight_decay) * x), {})
