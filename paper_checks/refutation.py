"""Wrong optimizers for refutations: the reference's own text with a few places changed."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from momoracle.paper_checks.claim import Optimizers
from momoracle.reference import ALGORITHMS, Method

#: the files of each method's text, each before those that use it
_TEXT: dict[str, tuple[str, ...]] = {
    "sgdm": ("sgdm",),
    "adam": ("adam",),
    "momo": ("momentum_model", "momo"),
    "momo-adam": ("momentum_model", "momo_adam"),
    "tam": ("torque", "tam"),
    "adatam": ("torque", "adatam"),
    "adatamw": ("torque", "adatam", "adatamw"),
}


def wrong(algorithms: str, *edits: tuple[str, str]) -> Callable[[], Optimizers]:
    """Return a function that returns the optimizers with these ones, named with spaces between, `edited`."""

    def optimizers() -> Optimizers:
        changed: dict[str, Any] = {name.replace("-", "_"): edited(name, edits) for name in algorithms.split()}
        return replace(Optimizers(), **changed)

    return optimizers


@cache
def edited(algorithm: str, edits: tuple[tuple[str, str], ...]) -> type[Method]:
    """Return the method whose text has each ``old`` replaced by ``new``.

    Raises:
        LookupError: an ``old`` is not in the reference's text.
    """
    names = _TEXT[algorithm]
    folder = files("momoracle.reference")
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    text = re.sub(rf"^from momoracle\.reference\.({'|'.join(names)}) import .*$", "", text, flags=re.MULTILINE)
    for old, new in edits:
        if old not in text:
            raise LookupError(f"the reference's text of {algorithm} has no {old!r}")
        text = text.replace(old, new)
    namespace: dict[str, Any] = {"__name__": f"{__name__}.{algorithm.replace('-', '_')}"}
    exec(compile(text, f"<{algorithm}, wrong>", "exec"), namespace)
    method: type[Method] = namespace[ALGORITHMS[algorithm].__name__]
    return method
