"""Make wrong optimizers for refutations: edit a method's text, or run it over wrong numbers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, replace
from functools import cache
from typing import Any
from unittest.mock import patch

from momoracle.paper_checks.claim import Optimizers
from momoracle.reference import Method
from momoracle.reference.frame.edited import edited


def wrong(algorithms: str, *edits: tuple[str, str]) -> Callable[[], Optimizers]:
    """Return a function that returns the optimizers, some of them with an edited text.

    Args:
        algorithms: the names of those that are edited, with spaces between.
        edits: what is changed, as in `momoracle.reference.frame.edited.edited`.
    """

    def optimizers() -> Optimizers:
        changed: dict[str, Any] = {name.replace("-", "_"): _edited(name, edits) for name in algorithms.split()}
        return replace(Optimizers(), **changed)

    return optimizers


# Several claims refute the same wrong text: it is executed once.
@cache
def _edited(algorithm: str, edits: tuple[tuple[str, str], ...]) -> type[Method]:
    return edited(algorithm, edits, label="wrong")


def wrong_frame(*patches: tuple[Any, str, Any]) -> Callable[[], Optimizers]:
    """Return a function that returns all optimizers, running over a wrong frame or wrong numbers.

    Args:
        patches: an object of the reference (a module or class), the name of an attribute, and what stands in its place
            while an optimizer runs.
    """

    def optimizers() -> Optimizers:
        usual = Optimizers()
        return replace(usual, **{each.name: _patched(getattr(usual, each.name), patches) for each in fields(usual)})

    return optimizers


def _patched(method: type[Method], patches: tuple[tuple[Any, str, Any], ...]) -> type[Method]:
    def under_patches(call: Any) -> Any:
        def run(self: Method, *arguments: Any, **named: Any) -> Any:
            with ExitStack() as stack:
                for owner, name, value in patches:
                    stack.enter_context(patch.object(owner, name, value))
                return call(self, *arguments, **named)

        return run

    return type(method.__name__, (method,), {name: under_patches(getattr(method, name)) for name in ("init", "step")})
