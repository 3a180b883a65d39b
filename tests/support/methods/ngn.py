"""A step like NGN's: it uses the loss, whose average is a scalar of the state."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.frame.ranges import LearningRate, Nonnegative, Range, Share
from momoracle.reference.numbers.expressions import Vector


class NGNState(NamedTuple):
    """What the method keeps.

    Attributes:
        step: k, the number of steps taken.
        replicas: R, the number of independent runs, or None for one.
        loss_average: f̄, the average loss, in the unit of a loss.
    """

    step: int
    replicas: int | None
    loss_average: Any


class NGNTrace(NamedTuple):
    """Every quantity of one step.

    Attributes:
        loss_average: f̄, the average loss, in the unit of a loss.
        gradient_norm_sq: ‖g‖².
        step_size: τ.
    """

    loss_average: Any
    gradient_norm_sq: Any
    step_size: Any


@dataclass(frozen=True)
class NGN(Method):
    """A nonnegative Gauss-Newton step with an averaged loss.

        f̄_k = ω f̄_{k−1} + (1−ω) f_k,   f̄_0 = f_1
        τ_k = α / (1 + s α ‖g_k‖² / (2 f̄_k)),   x^{k+1} = x^k − τ_k (g_k + λ x^k)

    and with ``half`` the step is halved.

    Args:
        lr: α > 0, the cap on the step size, or a callable of the step number 1, 2, …
        omega: ω in [0, 1), the weight of the past in the average loss.
        strength: s in (0, 4], how strongly the loss bounds the step.
        shrinkage: λ ≥ 0.
        half: halve the step.

    Source: Orvieto & Xiao 2024 (arXiv 2407.04358), with an average that is made up for tests.

    >>> import numpy as np
    >>> x, opt = np.array([2.0]), NGN(lr=1.0)
    >>> x, state, trace = opt.step(x, x, opt.init(x), loss=2.0)  # f(x) = x²/2
    >>> trace.step_size, x
    (0.5, array([1.]))
    """

    State: ClassVar[Any] = NGNState
    Trace: ClassVar[Any] = NGNTrace
    needs_loss: ClassVar[bool] = True

    lr: LearningRate = 1.0
    omega: Share = 0.75
    strength: Annotated[float, Range(0, 4, includes_low=False, includes_high=True)] = 1.0
    shrinkage: Nonnegative = 0.0
    half: bool = False

    def start(self) -> dict[str, Any]:
        return {"loss_average": 0}

    def advance(self, x: Vector, g: Vector, state: NGNState, now: Now) -> Advance:
        n, alpha, omega = now.numbers, now.alpha, now.numbers.scalar(self.omega)
        f_bar = omega * (now.loss if now.k == 1 else state.loss_average) + (1 - omega) * now.loss
        (gg,) = n.dots((g, g))
        tau = alpha / (1 + n.scalar(self.strength) * alpha * n.quotient(gg, 2 * f_bar))
        step = g + n.scalar(self.shrinkage) * x
        x = x - (tau / 2 if self.half else tau) * step
        return Advance(x, {"loss_average": f_bar, "gradient_norm_sq": gg, "step_size": tau})
