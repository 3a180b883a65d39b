"""How long steps take, beside a device copy of as many bytes: medians over rounds, one measurement at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import prod
from statistics import median
from time import perf_counter
from typing import Any, Protocol

from momoracle.gpu.bench.counts import Counts
from momoracle.gpu.bench.peers import PEERS, Peer, peer
from momoracle.gpu.bench.shapes import Shapes
from momoracle.gpu.fused import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam

Step = Callable[[], Any]
ROUNDS = 30
WARM_UP = 5
MOST_COPIES = 8  # of a small step's arrays: below a megabyte the launches take the time, not the memory
CALLS = 10  # between two waits, where only the host can tell the time

#: the fused steps by name, and the bytes a float32 parameter that each moves (stated in its kernel)
FUSED: dict[str, tuple[Any, bool, int]] = {
    "MoMo": (MoMo(lr=1e-3), False, 28),
    "MoMo, recursion": (MoMo(lr=1e-3), True, 24),
    "MoMo-Adam": (MoMoAdam(lr=1e-3), False, 40),
    "MoMo-Adam, recursion": (MoMoAdam(lr=1e-3), True, 36),
    "TAM": (TAM(lr=1e-3), False, 28),
    "AdaTAM": (AdaTAM(lr=1e-3), False, 36),
    "AdaTAMW": (AdaTAMW(lr=1e-3), False, 36),
}


class Clock(Protocol):
    """Times what is enqueued on a machine."""

    #: bytes that are read and written before anything is met in the cache again
    cache: int

    #: where other packages find what this clock times: the device as PyTorch names it, and its stream
    device: str
    stream_pointer: int | None

    def seconds(self, step: Step) -> float:
        """Return how long one call takes on the device."""

    def copy(self, nbytes: int) -> Step:
        """Return a copy of so many bytes from device memory to device memory."""

    def graph(self, step: Step) -> Step:
        """Return the step captured in a graph; whatever waits for the device in it cannot be captured."""


Counter = Callable[[Step], Counts | None]


@dataclass(frozen=True)
class Row:
    """One measurement; ``None`` where a column does not apply or was not counted."""

    workload: str
    name: str
    seconds: float
    timed_by: str  # "graph": device events around a captured step; "events": around a call; "host": the host's clock
    each: int | None = None  # bytes a parameter
    moved: int | None = None  # bytes
    ceiling: float | None = None  # seconds of a copy that moves as many
    launches: int | None = None
    synchronisations: int | None = None

    @property
    def fraction(self) -> float | None:
        """The part of the copy's speed that the step reaches."""
        return None if self.ceiling is None else self.ceiling / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return what was measured and what follows from it, as JSON has it."""
        return {**asdict(self), "fraction": self.fraction}


def rotating(make: Callable[[], Any], moved: int, cache: int) -> list[Any]:
    """Return equal steps on arrays of their own, which move twice what the cache holds, or `MOST_COPIES`."""
    return [make() for _ in range(min(MOST_COPIES, max(1, -(-2 * cache // moved))))]


def timed(steps: Sequence[Step], clock: Clock, rounds: int = ROUNDS) -> float:
    """Return the median of ``rounds`` timings in seconds; the steps take turns, and have been warmed up."""
    for i in range(max(WARM_UP, len(steps))):
        steps[i % len(steps)]()
    return median(clock.seconds(steps[i % len(steps)]) for i in range(rounds))


def awaited(peers: Sequence[Peer], rounds: int = ROUNDS, now: Callable[[], float] = perf_counter) -> float:
    """Return the median seconds of a call by the host's clock: of `CALLS` calls, all of which it then waits for."""

    def some() -> None:
        for i in range(CALLS):
            peers[i % len(peers)].step()
        for one in peers:
            if one.wait is not None:
                one.wait()

    some()
    taken = []
    for _ in range(rounds):
        start = now()
        some()
        taken.append((now() - start) / CALLS)
    return median(taken)


def bound(name: str, shapes: Shapes, machine: Machine) -> Any:
    """Return a step bound to fresh float32 arrays."""
    method, recursion, _ = FUSED[name]
    x, g = ([machine.full(shape, value, "float32") for shape in shapes] for value in (0.5, 0.25))
    fused = Fused(method, recursion=recursion, machine=machine)
    return fused.bind(x, g, fused.init(x), machine.full((), 1.0, "float32"), machine.full((), 1e-3, "float32"))


class Bench:
    """Measurements of one workload; copies of as many bytes are timed once."""

    def __init__(
        self, workload: str, shapes: Shapes, machine: Machine, clock: Clock, count: Counter, rounds: int = ROUNDS
    ) -> None:
        self._workload, self._shapes, self._machine, self._clock = workload, shapes, machine, clock
        self._count, self._rounds, self._n = count, rounds, sum(map(prod, shapes))
        self._copies: dict[int, float] = {}

    def copies(self) -> Iterator[Row]:
        """Return the copies so far, which are the ceilings."""
        for each, seconds in self._copies.items():
            yield Row(self._workload, f"device copy, {each} bytes a parameter", seconds, "events", each, self._n * each)

    def fused(self, name: str) -> Row:
        """Measure one of `FUSED`, captured in a graph."""
        each = FUSED[name][2]
        moved = self._n * each
        step = bound(name, self._shapes, self._machine)
        counts = self._count(step) or Counts(step.launches, 0)  # 0: a step that waits cannot be captured below
        del step
        ceiling = self._ceiling(each)
        steps = rotating(self._captured(name), moved, self._clock.cache)
        seconds = timed(steps, self._clock, self._rounds)
        return Row(self._workload, name, seconds, "graph", each, moved, ceiling, *counts)

    def peer(self, name: str) -> Row:
        """Measure one of `PEERS`, called as its users call it."""
        each = PEERS[name].each
        least = 12 * self._n  # bytes: parameters and gradients read, parameters written
        make = partial(peer, name, self._shapes, self._clock.device, self._clock.stream_pointer)
        peers = rotating(make, least, self._clock.cache)
        by_host = peers[0].wait is not None
        if by_host:
            seconds = awaited(peers, self._rounds)
        else:
            seconds = timed([one.step for one in peers], self._clock, self._rounds)
        ceiling = None if each is None else self._ceiling(each)
        launches, waits = self._count(peers[0].awaited) or (None, None)
        return Row(
            self._workload,
            name,
            seconds,
            "host" if by_host else "events",
            each,
            None if each is None else self._n * each,
            ceiling,
            launches,
            None if by_host else waits,  # the trace lacks the driver's waits
        )

    def _captured(self, name: str) -> Callable[[], Step]:
        return lambda: self._clock.graph(bound(name, self._shapes, self._machine))

    def _ceiling(self, each: int) -> float:
        if each not in self._copies:
            moved = self._n * each
            steps = rotating(partial(self._clock.copy, moved // 2), moved, self._clock.cache)
            self._copies[each] = timed(steps, self._clock, self._rounds)
        return self._copies[each]
