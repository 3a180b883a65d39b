"""The damping of torque-aware momentum: from the angle between gradient and momentum to the weight of the gradient."""

from typing import NamedTuple

from momoracle.reference.numbers.base import Numbers
from momoracle.reference.numbers.expressions import Scalar, Vector


class Torque(NamedTuple):
    """The scalars of one vector's damping; none has a unit."""

    cosine: Scalar  # s
    cosine_average: Scalar  # ŝ
    damping: Scalar  # d


def torque(m: Vector, g: Vector, average: Scalar, gamma: Scalar, k: int, n: Numbers) -> Torque:
    """Return s_k, ŝ_k and d_k from the momentum m_{k−1}, the gradient g_k and the average ŝ_{k−1}.

        s = <m, g> / (‖m‖ ‖g‖), 0 where a norm is 0;   ŝ = γ ŝ + (1−γ) s;   d = (1 + ŝ)/2

    The bounds are theorems: |s| ≤ 1, |ŝ| ≤ 1 − γ^k, γ^k/2 ≤ d ≤ 1 − γ^k/2 (T1); rounding is held to them.
    Source: TAM (arXiv 2412.18790), section 2.1.
    """
    mg, mm, gg = n.dots((m, g), (m, m), (g, g))
    s = n.bounded(n.quotient(mg, n.sqrt(mm) * n.sqrt(gg)), n.scalar(-1), n.scalar(1))
    fading = gamma**k
    s_hat = n.bounded(gamma * average + (1 - gamma) * s, fading - 1, 1 - fading)
    d = n.bounded((1 + s_hat) / 2, fading / 2, 1 - fading / 2)
    return Torque(s, s_hat, d)
