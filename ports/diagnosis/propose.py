"""Step 3, propose: the smallest set of departures that returns what the port returned, on every vector."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from math import exp, log
from typing import TypeAlias

import numpy as np

from momoracle.ports.departures.departure import compatible
from momoracle.ports.departures.registry import departure, departures_of
from momoracle.ports.diagnosis.grid import are_seen_narrow, lies_on_grid
from momoracle.ports.diagnosis.replay import Replay, Set, Table
from momoracle.ports.running.findings import Explanation, Names

Progress: TypeAlias = Callable[[str], None]

LONG = 100  # steps; longer vectors confirm an explanation, but are too slow to guide the search for it
NEARER = 4.0  # times: so much nearer to the port than anything simpler must an explanation be
_MOST = 5  # departures in a set
_ALWAYS = 2  # sets of so many departures are always tried; larger ones where the last departure brought a vector nearer
_BEAM = 8  # sets of one size that are extended to the next: those that reproduce most vectors
_FINEST = 0.125  # of a vector's tolerance: nearer than this is rounding, and tells nothing
_FARTHEST = 1e12  # times nearer: a rival without a number counts as this far away
_GUIDES = 16  # vectors that guide the search for sets
_NEAREST = 12  # sets whose vectors are counted exactly, to say which comes nearest


def propose(
    replay: Replay,
    seen: Sequence[Table],
    sound: Collection[str] = (),
    progress: Progress = lambda _: None,
    most: int = _MOST,
    narrow: Collection[str] = (),
) -> Explanation:
    """Search single departures, then all pairs, then sets that extend the best of the smaller ones.

    A set is proposed if it reproduces every vector within the tolerance derived for it, and if it is `NEARER` times
    nearer to the port than the method and than every simpler set, on the vectors that those do not reproduce.

    Args:
        replay: the vectors.
        seen: the table of each vector, in that order.
        sound: buffers that the port shows and that never deviate: they are not kept in a narrower dtype.
        progress: called with each set that is tried.
        most: departures in a set, at most.
        narrow: buffers that the port shows and that hold float32 numbers alone.

    Returns:
        The sets of the smallest size that are proposed, the nearest first. Where there are none, the set that comes
        nearest, and how many vectors it reproduces.
    """
    search = _Search(replay, seen, sound, narrow)
    if not search.can_be_explained:
        return Explanation((), (), (), search.count(frozenset()), len(seen))
    size = 0
    for size in range(1, most + 1):
        if size > _ALWAYS and not search.has_gained(size - 1):
            break
        sets = search.pairs() if size == 2 else search.extensions(search.best(size - 1))
        proposed = search.proposed(list(sets), progress)
        if proposed:
            first, *others = (tuple(sorted(chosen)) for chosen in proposed)
            return Explanation(first, tuple(others), (), len(seen), len(seen))
    search.best(min(size, _ALWAYS))
    nearest, count = search.nearest()
    return Explanation((), (), tuple(sorted(nearest)), count, len(seen))


def smallest_subset(replay: Replay, seen: Table, i: int, departures: Names) -> Names | None:
    """Return the fewest of ``departures`` that reproduce vector ``i``, or None where not even all of them do."""
    for size in range(len(departures) + 1):
        for chosen in map(frozenset, combinations(departures, size)):
            if replay.is_near(seen, chosen, i) and replay.compare(seen, chosen, i) != "differs":
                return tuple(name for name in departures if name in chosen)
    return None


class _Search:
    """The sets of departures by how much of what was seen they reproduce."""

    def __init__(self, replay: Replay, seen: Sequence[Table], sound: Collection[str], narrow: Collection[str]) -> None:
        self._replay, self._seen, self._sound, self._narrow = replay, seen, sound, narrow
        self._algorithm = replay.algorithm
        every = range(len(seen))
        self.deviating = [i for i in every if replay.distance(seen[i], frozenset(), i) > 1]
        # A wrong set is to be found out soon: few steps first, and vectors that the method itself does not reproduce.
        self._order = sorted(every, key=self._cost)
        short = [i for i in every if len(replay.vectors[i].steps) <= LONG]
        exact = [i for i in short if replay.vectors[i].dtype == "float64"]  # float32 takes as long, and tells less
        self._exact = exact or short
        self._quick = self._diverse(self._exact)
        self._counts: dict[Set, int] = {}
        self._best: list[list[Set]] = []

    @property
    def can_be_explained(self) -> bool:
        """Whether a vector deviates whose numbers a set could give: NaN is explained by nothing."""
        return any(np.isfinite(self._seen[i]).all() for i in self.deviating)

    def pairs(self) -> Iterator[Set]:
        for first, second in combinations(departures_of(self._algorithm), 2):
            if compatible(self._algorithm, first, second):
                yield frozenset({first.id, second.id})

    def extensions(self, smaller: Iterable[Set]) -> Iterator[Set]:
        known = departures_of(self._algorithm)
        sets = (chosen | {more.id} for chosen in smaller for more in known if more.id not in chosen)
        for chosen in dict.fromkeys(sets):
            if compatible(self._algorithm, *(departure(self._algorithm, name) for name in chosen)):
                yield chosen

    def proposed(self, sets: Sequence[Set], progress: Progress) -> list[Set]:
        """Return those of the sets that explain the port, the nearest first."""
        reproducing = []
        for chosen in sets:
            progress(" + ".join(sorted(chosen)))
            if self._reproduces(chosen):
                reproducing.append(chosen)
        proposed = [chosen for chosen in reproducing if self._is_nearer(chosen)]
        if not proposed:
            # Second pass: some departures round to float32 themselves; allow the spread that those roundings cause.
            # That spread hides any small mistake, so the port's own numbers must show the rounding.
            narrow = (chosen for chosen in sets if self._rounds(chosen))
            proposed = [
                chosen for chosen in narrow if self._reproduces(chosen, perturbed=True) and self._is_narrow(chosen)
            ]
        near = {chosen: self._count_near(chosen, self._order) for chosen in proposed}
        return sorted(proposed, key=lambda chosen: (-near[chosen], sorted(chosen)))

    def best(self, size: int) -> list[Set]:
        """Return the best sets of one size: those that extend the best of the size before."""
        while len(self._best) <= size:
            sets = self.extensions(self._best[-1]) if self._best else [frozenset[str]()]
            counts = {chosen: self._count_near(chosen, self._quick) for chosen in sets}
            self._counts |= counts
            self._best.append(sorted(counts, key=lambda chosen: (-counts[chosen], sorted(chosen)))[:_BEAM])
        return self._best[size]

    def has_gained(self, size: int) -> bool:
        """Tell whether the best set of a size brings more vectors near than the best of the size before."""
        now, before = (max((self._counts[chosen] for chosen in self.best(n)), default=0) for n in (size, size - 1))
        return now > before

    def nearest(self) -> tuple[Set, int]:
        """Return the smallest of the sets that reproduce most vectors, and how many those are, counted exactly."""
        rough = sorted(self._counts, key=lambda chosen: (-self._counts[chosen], len(chosen), sorted(chosen)))
        exact = {chosen: self.count(chosen) for chosen in (frozenset[str](), *rough[:_NEAREST])}
        best = min(exact, key=lambda chosen: (-exact[chosen], len(chosen), sorted(chosen)))
        return best, exact[best]

    def count(self, chosen: Set) -> int:
        """Return how many vectors a set reproduces within the tolerance derived for it."""
        return sum(
            self._replay.is_near(table, chosen, i) and self._replay.compare(table, chosen, i) == "agrees"
            for i, table in enumerate(self._seen)
        )

    def _count_near(self, chosen: Set, among: Sequence[int]) -> int:
        return sum(self._replay.is_near(self._seen[i], chosen, i) for i in among)

    def _cost(self, i: int) -> tuple[int, bool, bool]:
        vector = self._replay.vectors[i]
        return len(vector.steps) // 10, self._replay.is_near(self._seen[i], frozenset(), i), vector.dtype != "float64"

    def _reproduces(self, chosen: Set, perturbed: bool = False) -> bool:
        """Tell whether nothing contradicts a set, and a vector that the method does not reproduce speaks for it."""
        speaks = False
        for i in self._order:
            # A rough comparison first: to derive a tolerance takes several runs.
            if not self._replay.is_near(self._seen[i], chosen, i, perturbed):
                return False
            answer = self._replay.compare(self._seen[i], chosen, i, perturbed)
            if answer == "differs":
                return False
            speaks |= answer == "agrees" and i in self.deviating
        return speaks

    def _is_nearer(self, chosen: Set, *, on_grid: bool = False) -> bool:
        """Tell whether a set is `NEARER` times nearer to the port than everything simpler.

        Simpler are the method, all parts of the set, and the best sets that have a departure less. With ``on_grid`` the
        set reproduces each step by itself, and the distance that its roundings bring is not counted.
        """
        parts = (frozenset(part) for n in range(len(chosen)) for part in combinations(sorted(chosen), n))
        for rival in dict.fromkeys((*parts, *(self.best(len(chosen) - 1) if len(chosen) > 1 else ()))):
            ratios = []
            for i in self._quick_deviating():
                theirs = self._replay.distance(self._seen[i], rival, i)
                # Only what the rival does not reproduce tells the two apart.
                if theirs > 1 and self._replay.compare(self._seen[i], rival, i) == "differs":
                    ours = 1.0 if on_grid else self._replay.distance(self._seen[i], chosen, i)
                    ratios.append(log(min(theirs / max(ours, _FINEST), _FARTHEST)))
            if ratios and exp(sum(ratios) / len(ratios)) < NEARER:
                return False
        return True

    def _quick_deviating(self) -> list[int]:
        return [i for i in self.deviating if i in self._exact] or self.deviating

    def _diverse(self, among: Sequence[int]) -> list[int]:
        """Return vectors to guide the search: those that deviate first, and of each kind one before the next."""
        turns: Counter[tuple[str, ...]] = Counter()
        ranked = []
        for i in sorted(among, key=lambda i: i not in self.deviating):
            flags = self._replay.vectors[i].flags
            ranked.append((turns[flags], i not in self.deviating, i))
            turns[flags] += 1
        return [i for _, _, i in sorted(ranked)[:_GUIDES]]

    def _rounds(self, chosen: Set) -> bool:
        """Tell whether a set adds roundings, none of them to a buffer that is seen to have none."""
        narrow = [known.quantity for name in chosen if (known := departure(self._algorithm, name)).rounds]
        is_sound = any(name in self._sound or (name == "params" and self._sound) for name in narrow)
        return bool(narrow) and not is_sound

    def _is_narrow(self, chosen: Set) -> bool:
        if are_seen_narrow(self._algorithm, chosen, self._narrow):
            return self._is_nearer(chosen, on_grid=True)
        exact = [i for i in self._quick_deviating() if self._replay.vectors[i].dtype == "float64"]
        shows = lies_on_grid(self._replay, [(i, self._seen[i]) for i in exact], chosen)
        return self._is_nearer(chosen) if shows is None else shows and self._is_nearer(chosen, on_grid=True)
