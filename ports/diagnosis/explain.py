"""The explanation of a port: the smallest set of departures that returns what the port returned, on every vector."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from momoracle.ports.departures.departure import compatible
from momoracle.ports.departures.registry import DEPARTURES, departure
from momoracle.ports.diagnosis.replay import Replay, Set, Table
from momoracle.ports.running.findings import Explanation, Names

Progress: TypeAlias = Callable[[str], None]

_MOST = 5  # departures in a set
_BEAM = 8  # sets of one size that are extended to the next: those that reproduce most vectors
LONG = 100  # steps; longer vectors confirm an explanation, but are too slow to guide the search for it


def explain(
    replay: Replay,
    seen: Sequence[Table],
    sound: Collection[str] = (),
    progress: Progress = lambda _: None,
    most: int = _MOST,
) -> Explanation:
    """Search single departures, then all pairs, then sets that extend the best of the smaller ones.

    ``seen`` has the table of each vector of ``replay``, in that order. ``sound`` names the buffers that the port shows
    and that never deviate: they are not kept in a narrower dtype. ``progress`` is called with each set that is tried.
    No set has more than ``most``.
    Where sets of one size agree on all these vectors all of them are named, the nearest first.
    """
    order = sorted(range(len(seen)), key=lambda i: _cost(replay, seen[i], i))
    beam = _Beam(replay, seen)
    for size in range(1, most + 1):
        tried = (
            list(_pairs(replay.algorithm)) if size == 2 else list(_extensions(replay.algorithm, beam.best(size - 1)))
        )
        found = [chosen for chosen in _told(tried, progress) if _reproduces(replay, seen, chosen, order)]
        if not found:  # up to the roundings that departures add
            narrow = (chosen for chosen in tried if _rounds(replay.algorithm, chosen, sound))
            found = [one for one in _told(narrow, progress) if _reproduces(replay, seen, one, order, shaken=True)]
        if found:
            near = {chosen: _reproduced(replay, seen, chosen, order) for chosen in found}
            first, *others = (tuple(sorted(one)) for one in sorted(found, key=lambda one: (-near[one], sorted(one))))
            return Explanation(first, tuple(others), (), len(seen), len(seen))
    beam.best(most)
    nearest = beam.nearest()
    return Explanation((), (), tuple(sorted(nearest)), _reproduced(replay, seen, nearest, order), len(seen))


class _Beam:
    """The sets that reproduce most vectors, by size; each size is looked at when it is first asked for."""

    def __init__(self, replay: Replay, seen: Sequence[Table]) -> None:
        self._replay, self._seen = replay, seen
        short = [i for i, vector in enumerate(replay.vectors) if len(vector.steps) <= LONG]
        exact = [i for i in short if replay.vectors[i].dtype == "float64"]  # float32 takes as long, and tells less
        self._quick = exact or short
        self._counts: dict[Set, int] = {}
        self._best = [self._counted([frozenset()])]

    def best(self, size: int) -> list[Set]:
        """Return the best sets of one size: those that extend the best of the size before."""
        while len(self._best) <= size:
            self._best.append(self._counted(_extensions(self._replay.algorithm, self._best[-1])))
        return self._best[size]

    def nearest(self) -> Set:
        """Return the smallest of the best among all that were looked at."""
        return min(self._counts, key=lambda chosen: (-self._counts[chosen], len(chosen), sorted(chosen)))

    def _counted(self, sets: Iterable[Set]) -> list[Set]:
        found = {chosen: _reproduced(self._replay, self._seen, chosen, self._quick) for chosen in sets}
        self._counts |= found
        return sorted(found, key=lambda chosen: (-found[chosen], sorted(chosen)))[:_BEAM]


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
