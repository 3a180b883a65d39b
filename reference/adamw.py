"""AdamW: Adam with decoupled weight decay."""

from dataclasses import dataclass

from momoracle.reference.adam import Adam, AdamState
from momoracle.reference.frame.method import Advance, Now
from momoracle.reference.frame.ranges import Nonnegative
from momoracle.reference.numbers.expressions import Vector


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay.

        x^{k+1} = (1 − αλ) x^k − α (m_k / (1−β₁^k)) / (√(v_k / (1−β₂^k)) + ε)

    with m_k and v_k from the plain gradients; symbols as in `Adam`.

    Args:
        weight_decay: λ ≥ 0, the decay.

    Raises:
        TypeError: a hyperparameter is no real number.
        ValueError: a hyperparameter is outside its range.

    Source: Loshchilov & Hutter 2019, algorithm 2; conventions of ``torch.optim.AdamW``.

    >>> import numpy as np
    >>> x, opt = np.array([2.0]), AdamW(lr=0.5, weight_decay=0.5)
    >>> x, state, trace = opt.step(x, np.array([0.0]), opt.init(x))
    >>> x  # without a gradient only the decay acts
    array([1.5])
    """

    weight_decay: Nonnegative = 0.01

    def advance(self, x: Vector, g: Vector, state: AdamState, now: Now) -> Advance:
        decay = 1 - now.alpha * now.numbers.scalar(self.weight_decay)
        return self.moments_step(decay * x, g, state, now)
