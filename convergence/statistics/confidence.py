"""An upper confidence bound on a mean, without any assumption but a range."""

from math import inf, log

__all__ = [
    "upper_bound",
]


def upper_bound(mean: float, count: int, largest: float, risk: float) -> float:
    """Return u with P(E X ≤ u) ≥ 1 − δ, from the mean of n independent values in [0, b].

        u = b max{ q : n kl(p, q) ≤ ln(1/δ) },   p = X̄/b
        kl(p, q) = p ln(p/q) + (1−p) ln((1−p)/(1−q))

    The bound of Chernoff and Hoeffding in its relative-entropy form. It holds for every n, not just in the limit, and
    is never above Hoeffding's X̄ + b √(ln(1/δ)/(2n)).

    Args:
        mean: X̄, the mean of the values, in their unit.
        count: n ≥ 1.
        largest: b ≥ 0, the end of the range of every value.
        risk: δ in (0, 1), the probability with which the bound may fail.

    Raises:
        ValueError: the mean is outside the range, or an argument is not positive.

    Source: Hoeffding 1963, theorem 1, inequality (2.1).

    >>> upper_bound(mean=0.0, count=100, largest=1.0, risk=0.01)  # 1 − 0.01^(1/100)
    0.0450...
    """
    if not (count >= 1 and 0 < risk < 1 and 0 <= largest < inf):
        raise ValueError(
            f"count {count}, risk {risk}, largest {largest}; allowed: count >= 1, 0 < risk < 1, largest >= 0"
        )
    if not 0 <= mean <= largest * (1 + 1e-12):
        raise ValueError(f"mean is {mean}; allowed: 0 <= mean <= {largest}, the range of every value")
    if mean >= largest:
        return largest
    p, level = mean / largest, log(1 / risk) / count

    def excess(q: float) -> float:
        first = p * log(p / q) if p > 0 else 0.0
        return first + (1 - p) * log((1 - p) / (1 - q)) - level

    from scipy.optimize import brentq  # here, for it takes half a second to load

    highest = 1 - 1e-16
    if excess(highest) <= 0:
        return largest
    root: float = brentq(excess, p, highest, xtol=1e-15)
    # The root is approached to within its tolerance: step over it, so that rounding does not make the bound too small.
    return largest * min(1.0, root + 4e-15)
