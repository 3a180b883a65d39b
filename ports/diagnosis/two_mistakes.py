"""Two departures at once, searched in seconds: a classroom does not wait for all pairs as `propose` tries them."""

from collections.abc import Sequence

import numpy as np

from momoracle.ports.departures.departure import compatible
from momoracle.ports.departures.registry import departure, departures_of
from momoracle.ports.diagnosis.replay import Replay, Set, Table
from momoracle.ports.running.findings import Names

_FIRST = 6  # departures that alone reproduce most, which are paired with all others


def two_mistakes(replay: Replay, seen: Sequence[Table]) -> Names:
    """Return two departures that together return ``seen`` on every vector, or none.

    Departures that add roundings, or change nothing on these vectors, are not tried.
    """
    places = range(len(seen))
    active = [
        known.id
        for known in departures_of(replay.algorithm)
        if not known.rounds and any(_differs(replay, frozenset({known.id}), i) for i in places)
    ]
    alone = {name: sum(replay.is_near(seen[i], frozenset({name}), i) for i in places) for name in active}
    deviating = sorted(places, key=lambda i: (replay.is_near(seen[i], frozenset(), i), i))
    for first in sorted(active, key=lambda name: -alone[name])[:_FIRST]:
        for second in active:
            if second != first and compatible(
                replay.algorithm, *(departure(replay.algorithm, n) for n in (first, second))
            ):
                chosen = frozenset({first, second})
                if _reproduces(replay, seen, chosen, deviating):
                    return first, second
    return ()


def _reproduces(replay: Replay, seen: Sequence[Table], chosen: Set, among: Sequence[int]) -> bool:
    """Tell whether no vector contradicts a set, and at least one has numbers that agree with it."""
    is_reproduced = False
    for i in among:
        answer = replay.compare(seen[i], chosen, i) if replay.is_near(seen[i], chosen, i) else "differs"
        if answer == "differs":
            return False
        is_reproduced |= answer == "agrees"
    return is_reproduced


def _differs(replay: Replay, chosen: Set, i: int) -> bool:
    return not np.array_equal(replay.table(chosen, i), replay.table(frozenset(), i), equal_nan=True)
