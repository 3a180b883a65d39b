"""Check a property on inputs that Hypothesis draws; it shrinks a counterexample."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy


def for_all(holds: Callable[..., None], examples: int, **inputs: SearchStrategy[Any]) -> int:
    """Call ``holds`` on drawn inputs, the same in every run, and return their number.

    Raises:
        Falsified: what ``holds`` raised for the smallest counterexample.
    """
    calls = 0

    def counted(**drawn: Any) -> None:
        nonlocal calls
        calls += 1
        holds(**drawn)

    settled = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    settled(given(**inputs)(counted))()
    return calls
