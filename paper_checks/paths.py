"""Run an optimizer step by step over any numbers: on prescribed gradients, or on a problem."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import arb, fmpq

from momoracle.paper_checks.claim import require
from momoracle.reference import Method


class TakenStep(NamedTuple):
    """One step of a run: the point x^k, gradient and loss there, and the next point, state and trace."""

    x: Any
    gradient: Any
    loss: Any
    after: Any
    state: Any
    trace: Any


class Inputs(NamedTuple):
    """The inputs of a run: the start, and the gradient and loss of each step."""

    start: Any
    gradients: Sequence[Any]
    losses: Sequence[Any]


def run(method: Method, inputs: Inputs) -> list[TakenStep]:
    """Return every step of a run on prescribed gradients and losses."""
    steps = iter(zip(inputs.gradients, inputs.losses, strict=True))
    return list(follow(method, inputs.start, lambda x: next(steps), len(inputs.losses)))


def follow(method: Method, start: Any, oracle: Callable[[Any], tuple[Any, Any]], count: int) -> Iterable[TakenStep]:
    """Yield ``count`` steps of a run whose gradients and losses come from ``oracle(x)``."""
    x, state = start, method.init(start)
    for _ in range(count):
        gradient, loss = oracle(x)
        after, state, trace = method.step(x, gradient, state, loss)
        yield TakenStep(x, gradient, loss, after, state, trace)
        x = after


def array(entries: Iterable[Any]) -> Any:
    """Return an object array of these entries, which need not be floats."""
    listed = list(entries)
    result = np.empty(len(listed), dtype=object)
    result[:] = listed
    return result


def ball(value: Any) -> arb:
    """Return a rational number, or a float exactly, as a ball."""
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def balls(entries: Iterable[Any]) -> Any:
    """Return rational entries as an array of balls."""
    return array(ball(entry) for entry in entries)


def dot(a: Any, b: Any) -> Any:
    """Return <a, b> over any numbers."""
    return sum((left * right for left, right in zip(a, b, strict=True)), start=0 * a[0])


def at_most(a: Any, b: Any) -> bool:
    """Tell whether a ≤ b; of balls, for every number in them, or, where the two may be equal, up to 10⁻³⁰."""
    if not isinstance(a, arb) and not isinstance(b, arb):
        return bool(a <= b)
    excess = a - b
    return bool(excess <= 0) or bool(excess.upper() <= arb("1e-30") * (1 + abs(b)))


def require_at_most(sides: tuple[Any, Any], inequality: str) -> None:
    """Raise `Falsified` with both sides unless the left is at most the right.

    Args:
        sides: left and right, as the functions of ``convergence.certificates.inequalities`` return them.
        inequality: what is checked and where, for the message.
    """
    left, right = sides
    holds = at_most(left, right)
    require(holds, inequality if holds else f"{inequality}: {_short(left)} > {_short(right)}")


def _short(value: Any) -> str:
    """Return a number in a few digits; a rational may have thousands of them."""
    try:
        return f"{float(value):.6g}"
    except OverflowError:
        return "a number beyond the range of float64"
