"""Deliberately wrong variants: each is the reference's own text with one edit, and the vectors must catch it.

An edit that no longer finds its place in the text is an error, so that canaries follow the reference.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from momoracle.reference import ALGORITHMS, Method

#: the files of each method's text, each before those that use it
SOURCES: dict[str, tuple[str, ...]] = {
    "sgd": ("sgd",),
    "sgdm": ("sgdm",),
    "adam": ("adam",),
    "adamw": ("adam", "adamw"),
    "momo": ("momentum_model", "momo"),
    "momo-adam": ("momentum_model", "momo_adam"),
    "tam": ("torque", "tam"),
    "adatam": ("torque", "adatam"),
    "adatamw": ("torque", "adatam", "adatamw"),
}


@dataclass(frozen=True)
class Canary:
    """One mistake: in words, and as an edit of the reference's text."""

    id: str
    meaning: str
    old: str
    new: str


def variant(algorithm: str, *edits: Canary) -> type[Method]:
    """Return the method whose text has been edited; without edits it is the reference's text, executed once more.

    Raises:
        LookupError: an edit does not find its place in the text, or finds several.
    """
    names = SOURCES[algorithm]
    folder = files("momoracle.reference")
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    text = re.sub(rf"^from momoracle\.reference\.({'|'.join(names)}) import .*$", "", text, flags=re.MULTILINE)
    for edit in edits:
        if edit.old not in text:
            raise LookupError(f"canary {edit.id} of {algorithm}: its place {edit.old!r} is not in the reference's text")
        text = text.replace(edit.old, edit.new)
    namespace: dict[str, Any] = {"__name__": f"{__name__}.{algorithm.replace('-', '_')}"}
    exec(compile(text, f"<{algorithm} with {', '.join(e.id for e in edits) or 'no edit'}>", "exec"), namespace)
    method: type[Method] = namespace[ALGORITHMS[algorithm].__name__]
    return method
