"""A departure from a method: one thing that a port may do differently, as an edit of the reference's own text.

An edit is written as a piece of that text with the part to be replaced between ‹ and ›, so that departures whose
parts do not overlap can be taken together, and an edit that no longer finds its place is an error.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.departures.narrowing import Narrowing
from momoracle.reference import ALGORITHMS, Method

Around: TypeAlias = Callable[[type[Method]], type[Method]]
Span: TypeAlias = tuple[int, int]

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
class Departure:
    """One departure from a method.

    Args:
        id: its name, in words with hyphens.
        meaning: what is computed instead, in one line.
        quantity: the quantity whose equation is broken, a key of ``equations.EQUATIONS[algorithm]``.
        edits: pairs of a piece of the text with ‹the part to be replaced›, and what replaces it.
        around: a class around the method, for what is no line of its text (a stale schedule, a narrower buffer).
        shaken: the same around the method, with the roundings that it adds moved; two ports may differ by as much.
        rounds: it adds roundings of its own, which ``variant(…, shaken=True)`` moves.
        slot: departures around a method that share a slot exclude each other.
        link: a public place where it was seen or is discussed.
    """

    id: str
    meaning: str
    quantity: str
    edits: tuple[tuple[str, str], ...] = ()
    around: Around | None = None
    shaken: Around | None = None
    rounds: bool = False
    slot: str = ""
    link: str = ""


def edit(name: str, quantity: str, meaning: str, *edits: tuple[str, str], link: str = "") -> Departure:
    """Return a departure that edits the text."""
    return Departure(name, meaning, quantity, edits, link=link)


def variant(algorithm: str, *departures: Departure, shaken: bool = False) -> type[Method]:
    """Return the method with these departures; with none it is the reference's text, executed once more.

    With ``shaken`` the roundings that departures add are moved at random.

    Raises:
        LookupError: an edit does not find its place in the text.
        ValueError: two departures change the same place.
    """
    text = text_of(algorithm)
    replacements = sorted(place for departure in departures for place in places(algorithm, departure))
    for (one, _), (other, _) in pairwise(replacements):
        if _overlap(one, other):
            raise ValueError(f"{', '.join(d.id for d in departures)} change the same place in {algorithm}'s text")
    for (start, end), new in reversed(replacements):
        text = text[:start] + new + text[end:]
    if departures:  # a port does not hold rounding to T1, whose bounds are not those of another rule besides
        text = text.replace("n.bounded(", "unbounded(")
    namespace: dict[str, Any] = {"__name__": f"{__name__}.{algorithm.replace('-', '_')}", "np": np}
    namespace["unbounded"] = lambda z, low, high: z
    namespace["float32"] = Narrowing("float32", shaken)
    name = f"<{algorithm} with {', '.join(d.id for d in departures) or 'no departure'}>"
    exec(compile(text, name, "exec"), namespace)
    method: type[Method] = namespace[ALGORITHMS[algorithm].__name__]
    for departure in departures:
        around = departure.shaken if shaken and departure.shaken is not None else departure.around
        method = around(method) if around is not None else method
    return method


def compatible(algorithm: str, *departures: Departure) -> bool:
    """Tell whether no two of these departures change the same place or share a slot."""
    spans = sorted(span for departure in departures for span, _ in places(algorithm, departure))
    slots = [departure.slot for departure in departures if departure.slot]
    apart = not any(_overlap(one, other) for one, other in pairwise(spans))
    return apart and len(set(slots)) == len(slots)


@cache
def text_of(algorithm: str) -> str:
    """Return the reference's text of a method: its files one after another, without imports among them."""
    names = SOURCES[algorithm]
    folder = files("momoracle.reference")
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    return re.sub(rf"^from momoracle\.reference\.({'|'.join(names)}) import .*$", "", text, flags=re.MULTILINE)


@cache
def places(algorithm: str, departure: Departure) -> tuple[tuple[Span, str], ...]:
    """Return the parts of the text that a departure replaces, and by what; raises `LookupError`."""
    found = tuple(place for old, new in departure.edits for place in _places(text_of(algorithm), old, new))
    if len(found) < len(departure.edits):
        raise LookupError(f"departure {departure.id}: a place of its edits is not in the text of {algorithm}")
    return found


def _places(text: str, old: str, new: str) -> Iterator[tuple[Span, str]]:
    before, part, _ = re.split("[‹›]", old)
    for match in re.finditer(re.escape(re.sub("[‹›]", "", old)), text):
        start = match.start() + len(before)
        yield (start, start + len(part)), new


def _overlap(one: Span, other: Span) -> bool:
    """Tell whether two spans, in order, have a part in common; two insertions at one place have no order."""
    return other[0] < one[1] or one == other
