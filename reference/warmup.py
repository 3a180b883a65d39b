"""TAM as a warm-up for SGDM: the first steps with TAM, the others from the same momentum."""

from dataclasses import dataclass
from typing import Any

from momoracle.reference.frame.arguments import Arrays
from momoracle.reference.sgdm import SGDM, SGDMState
from momoracle.reference.tam import TAM, TAMState


@dataclass(frozen=True)
class WarmUp:
    """Run TAM for the first ``steps`` steps, then SGDM from TAM's momentum buffer.

        m_k = β m_{k−1} + (ε + d_k) g_k  for k ≤ T_w,   m_k = β m_{k−1} + g_k  for k > T_w
        x^{k+1} = x^k − α m_k

    without weight decay; d_k is the damping of `TAM`, and each method has its own α and β.

    Args:
        tam: the method of the first steps.
        sgdm: the method of all later steps; `transfer_lr` relates the two learning rates.
        steps: T_w ≥ 0, how many steps TAM takes.

    Raises:
        TypeError: ``tam`` or ``sgdm`` is another method.
        ValueError: ``steps`` is not an integer ≥ 0.

    Source: TAM (arXiv 2412.18790), the warm-up experiments.

    >>> import numpy as np
    >>> x, opt = np.array([1.0]), WarmUp(TAM(lr=1.0, eps=0.0), SGDM(lr=1.0), steps=1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state, trace = opt.step(x, np.array([1.0]), state)
    >>> trace.momentum  # 0.9 · ½ + 1
    array([1.45])
    """

    tam: TAM
    sgdm: SGDM
    steps: int

    def __post_init__(self) -> None:
        for name, method, kind in (("tam", self.tam, TAM), ("sgdm", self.sgdm, SGDM)):
            if not isinstance(method, kind):
                raise TypeError(f"{name} is a {type(method).__name__}; a {kind.__name__} is needed")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 0:
            raise ValueError(f"steps is {self.steps!r}; allowed: an integer >= 0, the number of TAM's steps")

    def init(self, params: Arrays, replicas: int | None = None) -> TAMState:
        """Return TAM's initial state of ``params`` (and ``replicas``), whose momentum goes through both phases."""
        state: TAMState = self.tam.init(params, replicas)
        return state

    def step(self, params: Arrays, grads: Arrays, state: TAMState, loss: Any = None) -> tuple[Any, TAMState, Any]:
        """Take one step, as `TAM.step` or `SGDM.step` would; the trace is that method's.

        Args:
            params: x^k, in the structure given to ``init``.
            grads: g_k, of the same structure, shapes and dtypes.
            state: what ``init`` or the last step returned.
            loss: not needed.
        """
        if state.step < self.steps:
            result: tuple[Any, TAMState, Any] = self.tam.step(params, grads, state, loss)
            return result
        heavy = SGDMState(state.step, state.replicas, state.momentum)
        params, heavy, trace = self.sgdm.step(params, grads, heavy, loss)
        return params, state._replace(step=heavy.step, momentum=heavy.momentum), trace
