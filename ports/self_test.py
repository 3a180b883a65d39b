"""Show that the checker can fail: plant every departure, and pairs of them, as a port and check it.

A planted port is the reference's text with its departures, run with fused multiply-add: it rounds in other places than
the replays that must recognise it. Pairs do without the one vector of each algorithm that is as long as all others
together. Beside them stand ports that are right, which must not be accused.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Literal, TypeAlias

from momoracle.common.processes import map_in_processes
from momoracle.ports.departures.departure import compatible
from momoracle.ports.departures.registry import departures_of
from momoracle.ports.diagnosis.propose import LONG, propose
from momoracle.ports.diagnosis.replay import Replay, table
from momoracle.ports.roundings import ROUNDINGS, fused
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.findings import Names
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.golden.files import load
from momoracle.reference.golden.vectors import GoldenVector

PlantedOutcome: TypeAlias = Literal["exact", "equivalent", "unexplained", "missed"]

CHUNK = 24  # planted ports that a process takes at a time
SAMPLE = 12  # pairs of each algorithm, where not every pair is planted
EXPLAINED = {1: 0.98, 2: 0.90}  # by the number of departures, the least share that must be explained


@dataclass(frozen=True)
class Planted:
    """One set of departures planted as a port, and what the checker made of it.

    ``exact``: explained by these departures, alone or beside others of as many. ``equivalent``: explained by others,
    which are as many or fewer and return the same on every vector. ``unexplained``: noticed, but nothing reproduces
    it. ``missed``: within tolerance on every core vector.
    """

    algorithm: str
    departures: Names
    outcome: PlantedOutcome
    explanation: Names


@dataclass(frozen=True)
class RightPort:
    """The reference with its roundings made elsewhere, and the vectors that accuse it: there must be none."""

    algorithm: str
    rounding: str
    accused: Names


def right_ports(algorithm: str) -> Iterator[RightPort]:
    """Check the reference as it is, with sums in another order, and with fused multiply-add, in each dtype."""
    method = ALGORITHMS[algorithm]
    ports = {"as it is": method, **{name: moved(method) for name, moved in ROUNDINGS.items()}}
    for name, port in ports.items():
        for dtype in ("float64", "float32"):
            core = [vector for vector in _core(algorithm) if vector.dtype == dtype]
            accused = tuple(vector.id for vector in core if _run(port, vector)[1])
            yield RightPort(algorithm, f"{name}, {dtype}", accused)


def plantable(algorithm: str, *, every_pair: bool = False) -> list[Names]:
    """Return every single departure, and pairs that can be taken together: a sample of `SAMPLE`, or every pair."""
    departures = departures_of(algorithm)
    pairs = [(a.id, b.id) for a, b in combinations(departures, 2) if compatible(algorithm, a, b)]
    if not every_pair and len(pairs) > SAMPLE:
        pairs = random.Random(algorithm).sample(pairs, SAMPLE)  # the same in every run
    return [*((departure.id,) for departure in departures), *pairs]


def plant(algorithm: str, names: Names) -> Planted:
    """Plant one set of departures, and see what the checker makes of it."""
    replay = _replay(algorithm, long=len(names) == 1)
    port = fused(replay.method(frozenset(names)))
    results = [_run(port, vector) for vector in replay.vectors]
    if not any(noticed for _, noticed in results):
        return Planted(algorithm, names, "missed", ())
    seen = [table(vector, outcome) for vector, (outcome, _) in zip(replay.vectors, results, strict=True)]
    explanation = propose(replay, seen)
    sets = [set(ids) for ids in (explanation.departures, *explanation.others) if ids]
    outcome: PlantedOutcome = "exact" if set(names) in sets else "equivalent" if sets else "unexplained"
    return Planted(algorithm, names, outcome, explanation.departures)


def self_test(
    algorithms: list[str],
    processes: int = 2,
    progress: Callable[[int], None] = lambda _: None,
    *,
    every_pair: bool = False,
) -> tuple[list[RightPort], list[Planted]]:
    """Plant what is `plantable`, in several processes; ``progress`` is called with how many more have been planted."""
    right = [port for algorithm in algorithms for port in right_ports(algorithm)]
    chunks = [
        (algorithm, sets[start : start + CHUNK])
        for algorithm in algorithms
        for sets in [plantable(algorithm, every_pair=every_pair)]
        for start in range(0, len(sets), CHUNK)
    ]
    outcomes: dict[int, list[Planted]] = {}
    for (i, _), planted in map_in_processes(_chunk, list(enumerate(chunks)), processes):
        outcomes[i] = planted
        progress(len(planted))
    return right, [planted for i in sorted(outcomes) for planted in outcomes[i]]


def explained_share(planted: Sequence[Planted]) -> float:
    """Return the share of what was noticed that was explained, exactly or as an equivalent."""
    noticed = [port for port in planted if port.outcome != "missed"]
    return sum(port.outcome != "unexplained" for port in noticed) / max(1, len(noticed))


def is_sound(right: Sequence[RightPort], planted: Sequence[Planted]) -> bool:
    """Tell whether nothing right is accused, all that is wrong is noticed, and enough of it is explained."""
    enough = all(
        explained_share([port for port in planted if len(port.departures) == size]) >= least
        for size, least in EXPLAINED.items()
    )
    noticed = all(port.outcome != "missed" for port in planted)
    return not any(port.accused for port in right) and noticed and enough


def _chunk(numbered: tuple[int, tuple[str, list[Names]]]) -> list[Planted]:
    _, (algorithm, sets) = numbered
    return [plant(algorithm, names) for names in sets]


@cache
def _core(algorithm: str) -> tuple[GoldenVector, ...]:
    content = load(algorithm)
    return tuple(vector for vector in content.vectors if content.kind(vector) == "core")


@cache
def _replay(algorithm: str, long: bool) -> Replay:
    core = _core(algorithm)
    return Replay(algorithm, core if long else [vector for vector in core if len(vector.steps) <= LONG])


def _run(method: type[Method], vector: GoldenVector) -> tuple[list[Observed], bool]:
    """Return what a method gives on a vector until it raises, and whether that is noticed."""
    outcome: list[Observed] = []
    try:
        for result in observe(MethodPort(method), vector, buffers=False):
            outcome.append(result)
    except (ArithmeticError, ValueError):  # not finite, for one
        return outcome, True
    return outcome, first_deviation(vector, outcome) is not None
