"""AdaTAMW: AdaTAM with decoupled weight decay."""

from dataclasses import dataclass, field

from momoracle.reference.adatam import AdaTAM, AdaTAMState
from momoracle.reference.frame.method import Advance, Now
from momoracle.reference.frame.ranges import Nonnegative
from momoracle.reference.numbers.expressions import Vector


@dataclass(frozen=True)
class AdaTAMW(AdaTAM):
    """Adaptive torque-aware momentum with decoupled weight decay.

        x^{k+1} = (1 − αλ) x^k − α m_k / (√v_k + ε)

    with m_k and v_k from the plain gradients; symbols and switches as in `AdaTAM`.

    Args:
        weight_decay: λ ≥ 0, the decay.

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False.
        ValueError: a hyperparameter is outside its range.

    Source: TAM (arXiv 2412.18790), AdaTAMW as restated in public.

    >>> import numpy as np
    >>> x, opt = np.array([2.0]), AdaTAMW(lr=0.5, weight_decay=0.5)
    >>> x, state, trace = opt.step(x, np.array([0.0]), opt.init(x))
    >>> x  # without a gradient only the decay acts
    array([1.5])
    """

    weight_decay: Nonnegative = field(default=0.01, kw_only=True)

    def advance(self, x: Vector, g: Vector, state: AdaTAMState, now: Now) -> Advance:
        decay = 1 - now.alpha * now.numbers.scalar(self.weight_decay)
        return super().advance(decay * x, g, state, now)
