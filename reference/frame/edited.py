"""A method's text with places changed, executed as another method.

An edit is a pair ``(old, new)``. ``old`` is a piece of the text, and the part of it between ‹ and › is replaced by
``new``; without these marks all of ``old`` is. Edits whose parts do not overlap can be taken together, and an edit that
no longer finds its place is an error.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from momoracle.reference.frame.method import Method
from momoracle.reference.frame.registry import method_of

Edit: TypeAlias = tuple[str, str]
Span: TypeAlias = tuple[int, int]


@cache
def method_source(algorithm: str) -> str:
    """Return the text that computes a method: its file, after those of momoracle that it builds on.

    The files stand one after another, without the imports among them.
    """
    method = method_of(algorithm)
    files = _files_of(method.__module__)
    # Annotations become real objects again, for they declare ranges, and a name is looked up where the text runs.
    names = "|".join(map(re.escape, [*files, "__future__"]))
    imports = re.compile(rf"^from ({names}) import .*$", re.MULTILINE)
    return "\n".join(imports.sub("", _text_of(module)) for module in files)


def places_of(algorithm: str, edits: Sequence[Edit]) -> tuple[tuple[Span, str], ...]:
    """Return the spans of the method's text that the edits replace, each with its new text.

    Raises:
        LookupError: an edit does not find its place.
    """
    text = method_source(algorithm)
    places: list[tuple[Span, str]] = []
    for old, new in edits:
        spans = list(_spans(text, old))
        if not spans:
            raise LookupError(f"the text of {algorithm} has no {old!r}")
        places += [(span, new) for span in spans]
    return tuple(places)


def overlapping(spans: Sequence[Span]) -> bool:
    """Tell whether two of the spans have a part in common; two insertions at one place have no order, so they do."""
    return any(second[0] < first[1] or first == second for first, second in pairwise(sorted(spans)))


def edited(
    algorithm: str, edits: Sequence[Edit], *, label: str = "edited", names: Mapping[str, Any] | None = None
) -> type[Method]:
    """Return the method whose text has these edits; with none it is the same text, executed once more.

    Args:
        algorithm: the method's name.
        edits: pairs of a piece of the text and what replaces it.
        label: what tracebacks call the text.
        names: what the new text may use beside the method's own imports.

    Raises:
        LookupError: an edit does not find its place in the text.
        ValueError: two edits change the same place.

    >>> edited("sgd", [("x - now.alpha", "x + now.alpha")]).__name__
    'SGD'
    """
    text = method_source(algorithm)
    places = sorted(places_of(algorithm, edits))
    if overlapping([span for span, _ in places]):
        raise ValueError(f"two edits change the same place in {algorithm}'s text: {[old for old, _ in edits]}")
    for (start, end), new in reversed(places):  # from the end on, so that the spans before stay right
        text = text[:start] + new + text[end:]
    module = f"{__name__}.{re.sub('[^0-9a-zA-Z]', '_', algorithm)}"  # dataclasses look their own module up
    namespace: dict[str, Any] = {"__name__": module, "np": np, **(names or {})}
    exec(compile(text, f"<{algorithm}, {label}>", "exec"), namespace)
    method: type[Method] = namespace[method_of(algorithm).__name__]
    return method


def _files_of(module: str) -> list[str]:
    """Return the modules whose text a method is made of: what it imports from momoracle beside frame and numbers."""
    files: list[str] = []
    for name in _imports_of(module):
        if name.rpartition(".")[0] == "momoracle.reference":  # a room below has what none computes with
            files += [file for file in _files_of(name) if file not in files]
    return [*files, module]


def _imports_of(module: str) -> Iterator[str]:
    for node in ast.parse(_text_of(module)).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@cache
def _text_of(module: str) -> str:
    file = sys.modules[module].__file__
    assert file is not None  # a method is written in a file
    return Path(file).read_text(encoding="utf-8")


def _spans(text: str, old: str) -> Iterator[Span]:
    if "‹" not in old:
        old = f"‹{old}›"
    before, part, _ = re.split("[‹›]", old)
    for match in re.finditer(re.escape(re.sub("[‹›]", "", old)), text):
        start = match.start() + len(before)
        yield start, start + len(part)
