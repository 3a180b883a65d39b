"""A departure from a method: one thing that a port may do differently, as an edit of the reference's own text.

Departures whose edits do not overlap can be taken together, and an edit that no longer finds its place is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from momoracle.ports.departures.narrowing import Narrowing
from momoracle.reference import Method
from momoracle.reference.frame.edited import Edit, edited, overlapping, places_of

Around: TypeAlias = Callable[[type[Method]], type[Method]]


@dataclass(frozen=True)
class Departure:
    """One departure from a method.

    Args:
        id: its name, in words with hyphens.
        meaning: what is computed instead, in one line.
        quantity: the quantity whose equation is broken, one of ``facts_of(algorithm).quantities``.
        edits: pairs of a piece of the text with ‹the part to be replaced›, and what replaces it.
        around: a class around the method, for what is no line of its text (a stale schedule, a narrower buffer).
        perturbed: the same around the method, with the roundings that it adds moved; two ports may differ by as much.
        rounds: it adds roundings of its own, which ``variant(…, perturbed=True)`` moves.
        narrow: the buffer that it keeps in a narrower dtype, and that dtype: ``("momentum", "float32")``.
        slot: departures around a method that share a slot exclude each other.
        link: a public place where it was seen or is discussed.
    """

    id: str
    meaning: str
    quantity: str
    edits: tuple[Edit, ...] = ()
    around: Around | None = None
    perturbed: Around | None = None
    rounds: bool = False
    narrow: tuple[str, str] | None = None
    slot: str = ""
    link: str = ""


def edit(name: str, quantity: str, meaning: str, *edits: Edit, link: str = "") -> Departure:
    """Return a departure that edits the text."""
    return Departure(name, meaning, quantity, edits, link=link)


def variant(
    algorithm: str, *departures: Departure, perturbed: bool = False, narrowing: Narrowing | None = None
) -> type[Method]:
    """Return the method with these departures; with none it is the reference's text, executed once more.

    With ``perturbed`` the roundings that departures add are moved at random; ``narrowing`` makes those of edits.

    Raises:
        LookupError: an edit does not find its place in the text.
        ValueError: two departures change the same place.
    """
    names = ", ".join(departure.id for departure in departures) or "no departure"
    if overlapping(_spans(algorithm, departures)):
        raise ValueError(f"{names} change the same place in {algorithm}'s text")
    edits = [edit for departure in departures for edit in departure.edits]
    rounding = narrowing or Narrowing("float32", perturbed)
    method = edited(algorithm, edits, label=f"with {names}", names={"float32": rounding})
    if departures:
        method = _unbounded(method)
    for departure in departures:
        around = departure.perturbed if perturbed and departure.perturbed is not None else departure.around
        method = around(method) if around is not None else method
    return method


def compatible(algorithm: str, *departures: Departure) -> bool:
    """Tell whether no two of these departures change the same place or share a slot."""
    slots = [departure.slot for departure in departures if departure.slot]
    return not overlapping(_spans(algorithm, departures)) and len(set(slots)) == len(slots)


def _spans(algorithm: str, departures: tuple[Departure, ...]) -> list[tuple[int, int]]:
    return [span for departure in departures for span in _spans_of(algorithm, departure)]


def _spans_of(algorithm: str, departure: Departure) -> list[tuple[int, int]]:
    try:
        return [span for span, _ in places_of(algorithm, departure.edits)]
    except LookupError as error:
        raise LookupError(
            f"departure {departure.id}: a place of its edits is not in the text of {algorithm}: {error}"
        ) from None


def _unbounded(method: type[Method]) -> type[Method]:
    """Return a method whose numbers are held to no bounds: T1's are theorems about the method, not about another."""

    class Unbounded(method):  # type: ignore[misc, valid-type]
        def advance(self, x: Any, g: Any, state: Any, now: Any) -> Any:
            return super().advance(x, g, state, now._replace(numbers=_Unbounded(now.numbers)))

    return Unbounded


class _Unbounded:
    """A number system whose ``bounded`` lets every number through."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def bounded(self, z: Any, low: Any, high: Any) -> Any:
        return z

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numbers, name)
