"""Make wrong optimizers for refutations: the reference's own text with a few places changed."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from momoracle.paper_checks.claim import Optimizers
from momoracle.reference import Method
from momoracle.reference.edited import edited


def wrong(algorithms: str, *edits: tuple[str, str]) -> Callable[[], Optimizers]:
    """Return a function that returns the optimizers, some of them with an edited text.

    Args:
        algorithms: the names of those that are edited, with spaces between.
        edits: what is changed, as in `momoracle.reference.edited.edited`.
    """

    def optimizers() -> Optimizers:
        changed: dict[str, Any] = {name.replace("-", "_"): _edited(name, edits) for name in algorithms.split()}
        return replace(Optimizers(), **changed)

    return optimizers


# Several claims refute the same wrong text: it is executed once.
@cache
def _edited(algorithm: str, edits: tuple[tuple[str, str], ...]) -> type[Method]:
    return edited(algorithm, edits, label="wrong")
