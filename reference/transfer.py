"""Learning-rate transfer: the rate at which TAM moves as far as SGDM does."""

from math import inf


def transfer_lr(lr: float, damping: float = 0.5) -> float:
    """Return the rate at which TAM's effective rate η d*/(1−β) is SGDM's η/(1−β).

        η_TAM = η_SGDM / d*

    Args:
        lr: η_SGDM > 0.
        damping: d* in (0, 1], TAM's stationary damping; ½ where successive gradients are uncorrelated.

    Raises:
        ValueError: lr is not a positive number, or damping is outside (0, 1].

    Source: a heuristic of TAM (arXiv 2412.18790); this form of it is derived.

    >>> transfer_lr(0.1)
    0.2
    """
    if not 0 < lr < inf:
        raise ValueError(f"lr is {lr}; allowed: 0 < lr < inf. It is the learning rate that suits SGDM")
    if not 0 < damping <= 1:
        raise ValueError(f"damping is {damping}; allowed: 0 < damping <= 1. It is TAM's stationary trace.damping")
    return lr / damping
