r"""S5: the transferred learning rate is SGDM's rate divided by the stationary damping.

Status: derived.

Statement. ``transfer_lr(η, d)`` · d = η for every η > 0 and d in (0, 1], up to one rounding; with d = ½, the default,
it is 2 η. A formula that only agrees at d = ½ and d = 1, such as η (3 − 2d), is another one. Other arguments
are refused.
"""

from collections.abc import Callable
from functools import partial
from math import inf, nan
from typing import Any

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.reference import transfer_lr

#: what is no rate or no damping, and the kind of error
REFUSED: tuple[tuple[Any, Any, type[Exception]], ...] = (
    *((lr, 0.5, TypeError) for lr in (True, "0.1", None, 1j)),
    *((0.1, damping, TypeError) for damping in (True, "0.5", None)),
    *((lr, 0.5, ValueError) for lr in (0.0, -1.0, inf, nan)),
    *((0.1, damping, ValueError) for damping in (0.0, -0.5, 1.0 + 2.0**-52, 2.0, nan)),
)


def check_transfer(
    optimizers: Optimizers, effort: Effort, transfer: Callable[[float, float], float] = transfer_lr
) -> Evidence:
    """Multiply the transferred rate by the damping, for rates over eleven decades and 99 dampings."""
    count = 0
    for exponent in range(-8, 3):
        for percent in range(1, 101):
            lr, damping = 3.0 * 10.0**exponent, percent / 100
            rate = transfer(lr, damping)
            require(abs(rate * damping - lr) <= 2.0**-51 * lr, f"η = {lr}, d = {damping}: {rate} times d is not η")
            count += 1
    default = transfer_lr(0.1)
    require(default == 0.2, f"with the default damping, η = 0.1 is transferred to {default}, not 0.2")
    for lr, damping, error in REFUSED:
        require(is_refused(transfer, lr, damping, error), f"η = {lr!r}, d = {damping!r} is not refused")
    return Evidence(f"{count} pairs of rate and damping, the default, and {len(REFUSED)} refusals")


def is_refused(transfer: Callable[[Any, Any], float], lr: Any, damping: Any, error: type[Exception]) -> bool:
    """Tell whether the arguments are refused with this kind of error."""
    try:
        transfer(lr, damping)
    except error:
        return True
    return False


CLAIM = Claim(
    id="S5",
    title="The transferred rate is η/d*",
    source="TAM's heuristic; this form of it is derived",
    status="derived",
    kind="identity",
    statement=r"\eta_{\mathrm{TAM}}\, d^* = \eta_{\mathrm{SGDM}}",
    methods=(CheckMethod("property", "the product with the damping", check_transfer),),
    refutations=(
        Refutation(
            "η (3 − 2d), which agrees at ½ and 1", (partial(check_transfer, transfer=lambda lr, d: lr * (3 - 2 * d)),)
        ),
    ),
)
