"""The explanation of a port: the smallest set of departures that returns what the port returned, on every vector."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from momoracle.ports.departure import compatible
from momoracle.ports.departures import DEPARTURES, departure
from momoracle.ports.findings import Explanation, Names
from momoracle.ports.replay import Replay, Set, Table

Progress: TypeAlias = Callable[[str], None]

_MOST = 4  # departures in a set
_BEAM = 8  # sets of one size that are extended to the next: those that reproduce most vectors
_LONG = 100  # steps; longer vectors confirm an explanation, but are too slow to guide the search for it


def explain(
    replay: Replay,
    seen: Sequence[Table],
    sound: Collection[str] = (),
    progress: Progress = lambda _: None,
) -> Explanation:
    """Search single departures, then all pairs, then sets that extend the best of the smaller ones.

    ``seen`` has the table of each vector of ``replay``, in that order. ``sound`` names the buffers that the port shows
    and that never deviate: they are not kept in a narrower dtype. ``progress`` is called with each set that is tried.
    Where sets of one size agree on all these vectors all of them are named, the nearest first.
    """
    quick = [i for i, vector in enumerate(replay.vectors) if len(vector.steps) <= _LONG]
    order = sorted(range(len(seen)), key=lambda i: _cost(replay, seen[i], i))
    best = [frozenset[str]()]
    counts = {best[0]: _reproduced(replay, seen, best[0], quick)}
    for size in range(1, _MOST + 1):
        extensions = list(_extensions(replay.algorithm, best))
        tried = list(_pairs(replay.algorithm)) if size == 2 else extensions
        found = [chosen for chosen in _told(tried, progress) if _reproduces(replay, seen, chosen, order)]
        if not found:  # up to the roundings that departures add
            narrow = (chosen for chosen in tried if _rounds(replay.algorithm, chosen, sound))
            found = [one for one in _told(narrow, progress) if _reproduces(replay, seen, one, order, shaken=True)]
        if found:
            near = {chosen: _reproduced(replay, seen, chosen, order) for chosen in found}
            first, *others = (tuple(sorted(one)) for one in sorted(found, key=lambda one: (-near[one], sorted(one))))
            return Explanation(first, tuple(others), (), len(seen), len(seen))
        counts |= {chosen: _reproduced(replay, seen, chosen, quick) for chosen in _told(extensions, progress)}
        best = sorted(extensions, key=lambda chosen: (-counts[chosen], sorted(chosen)))[:_BEAM]
    nearest = min(counts, key=lambda chosen: (-counts[chosen], len(chosen), sorted(chosen)))
    return Explanation((), (), tuple(sorted(nearest)), _reproduced(replay, seen, nearest, order), len(seen))


def smallest_subset(replay: Replay, seen: Table, i: int, departures: Names) -> Names | None:
    """Return the fewest of ``departures`` that reproduce vector ``i``, or None where not even all of them do."""
    for size in range(len(departures) + 1):
        for chosen in map(frozenset, combinations(departures, size)):
            if replay.roughly(seen, chosen, i) and replay.exactly(seen, chosen, i):
                return tuple(name for name in departures if name in chosen)
    return None


def _pairs(algorithm: str) -> Iterator[Set]:
    for one, other in combinations(DEPARTURES[algorithm], 2):
        if compatible(algorithm, one, other):
            yield frozenset({one.id, other.id})


def _extensions(algorithm: str, smaller: Iterable[Set]) -> Iterator[Set]:
    sets = (chosen | {one.id} for chosen in smaller for one in DEPARTURES[algorithm] if one.id not in chosen)
    for chosen in dict.fromkeys(sets):
        if compatible(algorithm, *(departure(algorithm, name) for name in chosen)):
            yield chosen


def _told(sets: Iterable[Set], progress: Progress) -> Iterator[Set]:
    for chosen in sets:
        progress(" + ".join(sorted(chosen)))
        yield chosen


def _cost(replay: Replay, seen: Table, i: int) -> tuple[int, bool, bool]:
    """Sort first what is out soonest: few steps, a vector that the method itself does not reproduce, float64."""
    vector = replay.vectors[i]
    return len(vector.steps) // 10, replay.roughly(seen, frozenset(), i), vector.dtype != "float64"


def _reproduces(replay: Replay, seen: Sequence[Table], chosen: Set, order: Sequence[int], shaken: bool = False) -> bool:
    return all(replay.roughly(seen[i], chosen, i, shaken) for i in order) and all(
        replay.exactly(seen[i], chosen, i, shaken) for i in order
    )


def _rounds(algorithm: str, chosen: Set, sound: Collection[str]) -> bool:
    """Tell whether a set adds roundings, none of them to a buffer that is seen to have none."""
    narrow = [one.quantity for name in chosen if (one := departure(algorithm, name)).rounds]
    return bool(narrow) and not any(name in sound or (name == "params" and sound) for name in narrow)


def _reproduced(replay: Replay, seen: Sequence[Table], chosen: Set, among: Sequence[int]) -> int:
    return sum(replay.roughly(seen[i], chosen, i) for i in among)
