"""Learning-rate transfer: the rate at which TAM moves as far as SGDM does."""

from math import inf
from numbers import Real
from typing import Any


def transfer_lr(lr: float, damping: float = 0.5) -> float:
    """Return the rate at which TAM's effective rate η d*/(1−β) is SGDM's η/(1−β).

        η_TAM = η_SGDM / d*

    Args:
        lr: η_SGDM > 0.
        damping: d* in (0, 1], TAM's stationary damping; ½ where successive gradients are uncorrelated.

    Raises:
        TypeError: lr or damping is no number, but an optimizer, say.
        ValueError: lr is not positive and finite, or damping is outside (0, 1].

    Source: a heuristic of TAM (arXiv 2412.18790); this form of it is derived.

    >>> transfer_lr(0.1)
    0.2
    """
    rate = "allowed: 0 < lr < inf. It is the learning rate that suits SGDM"
    stationary = "allowed: 0 < damping <= 1. It is TAM's stationary trace.damping"
    arguments: tuple[tuple[str, Any, str], ...] = (("lr", lr, rate), ("damping", damping, stationary))
    for name, value, allowed in arguments:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} is {value!r}; a number is needed, {allowed}")
    if not 0 < lr < inf:
        raise ValueError(f"lr is {lr}; {rate}")
    if not 0 < damping <= 1:
        raise ValueError(f"damping is {damping}; {stationary}")
    return lr / damping
