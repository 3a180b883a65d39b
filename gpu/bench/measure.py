"""Measure how long steps take, and how long a device copy of as many bytes takes.

A time is the median of several rounds; nothing else runs meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import prod
from statistics import median
from time import perf_counter
from typing import Any, Protocol

from momoracle.gpu.bench.counts import Counts
from momoracle.gpu.bench.peer import Peer, Step
from momoracle.gpu.bench.peers import PEERS, make_peer
from momoracle.gpu.bench.shapes import Shapes
from momoracle.gpu.fused import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam

ROUNDS = 30
WARM_UP = 5
MOST_COPIES = 8  # of a small step's arrays: below a megabyte the launches take the time, not the memory
CALLS = 10  # between two waits, where only the host can tell the time

#: the fused steps by name: the method, whether it uses the recursion, and the bytes that it moves for each float32
#: parameter, as its kernel states
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
    """What the measurements need of a clock."""

    #: bytes of the cache: a step that moves twice as many finds nothing of the last one in it
    cache: int

    #: the device as PyTorch names it, and the stream that this clock times, for other packages
    device: str
    stream_pointer: int | None

    def seconds(self, step: Step) -> float:
        """Return how long one call takes on the device."""

    def copy(self, nbytes: int) -> Step:
        """Return a step that copies ``nbytes`` from device memory to device memory."""

    def graph(self, step: Step) -> Step:
        """Return the step as a CUDA graph; a step that waits for the device cannot be captured and raises."""


Counter = Callable[[Step], Counts | None]


@dataclass(frozen=True)
class Row:
    """One measurement; a column is None if it does not apply or was not counted."""

    workload: str
    name: str
    seconds: float
    timed_by: str  # "graph": device events around a captured step; "events": around a call; "host": the host's clock
    each: int | None = None  # bytes for each parameter
    moved: int | None = None  # bytes
    ceiling: float | None = None  # seconds of a copy that moves as many
    launches: int | None = None
    synchronisations: int | None = None

    @property
    def fraction(self) -> float | None:
        """The part of the copy's speed that the step reaches."""
        return None if self.ceiling is None else self.ceiling / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return the measurement and its fraction as JSON."""
        return {**asdict(self), "fraction": self.fraction}


def make_rotation(make: Callable[[], Any], moved: int, cache: int) -> list[Any]:
    """Return equal steps on arrays of their own, to be taken in turn.

    Together they move twice what the cache holds, so that each step reads memory and not the cache; at most
    `MOST_COPIES`.
    """
    copies = -(-2 * cache // moved)  # rounded up
    return [make() for _ in range(min(MOST_COPIES, max(1, copies)))]


def median_seconds(steps: Sequence[Step], clock: Clock, rounds: int = ROUNDS) -> float:
    """Return the median seconds of a step by the clock; the steps are taken in turn after a warm-up."""
    for i in range(max(WARM_UP, len(steps))):
        steps[i % len(steps)]()
    return median(clock.seconds(steps[i % len(steps)]) for i in range(rounds))


def median_host_seconds(peers: Sequence[Peer], rounds: int = ROUNDS, now: Callable[[], float] = perf_counter) -> float:
    """Return the median seconds of a call by the host's clock.

    A round is `CALLS` calls and the wait for all of them: a single wait would be longer than a call.
    """

    def take_round() -> None:
        for i in range(CALLS):
            peers[i % len(peers)].step()
        for peer in peers:
            if peer.wait is not None:
                peer.wait()

    take_round()
    taken = []
    for _ in range(rounds):
        start = now()
        take_round()
        taken.append((now() - start) / CALLS)
    return median(taken)


def bind_step(name: str, shapes: Shapes, machine: Machine) -> Any:
    """Return one of `FUSED` bound to fresh float32 arrays."""
    method, recursion, _ = FUSED[name]
    x, g = ([machine.full(shape, value, "float32") for shape in shapes] for value in (0.5, 0.25))
    fused = Fused(method, recursion=recursion, machine=machine)
    return fused.bind(x, g, fused.init(x), machine.full((), 1.0, "float32"), machine.full((), 1e-3, "float32"))


class Bench:
    """Measure the steps of one workload; a copy is timed once for each number of bytes."""

    def __init__(
        self, workload: str, shapes: Shapes, machine: Machine, clock: Clock, count: Counter, rounds: int = ROUNDS
    ) -> None:
        self._workload, self._shapes, self._machine, self._clock = workload, shapes, machine, clock
        self._count, self._rounds, self._n = count, rounds, sum(map(prod, shapes))
        self._copies: dict[int, float] = {}

    def copies(self) -> Iterator[Row]:
        """Yield the copies that have been timed so far."""
        for each, seconds in self._copies.items():
            yield Row(self._workload, f"device copy, {each} bytes a parameter", seconds, "events", each, self._n * each)

    def fused(self, name: str) -> Row:
        """Measure one of `FUSED`, captured in a CUDA graph."""
        each = FUSED[name][2]
        moved = self._n * each
        step = bind_step(name, self._shapes, self._machine)
        counts = self._count(step) or Counts(step.launches, 0)  # 0: a step that waits cannot be captured below
        del step
        ceiling = self._ceiling(each)
        steps = make_rotation(self._capture(name), moved, self._clock.cache)
        seconds = median_seconds(steps, self._clock, self._rounds)
        return Row(self._workload, name, seconds, "graph", each, moved, ceiling, *counts)

    def peer(self, name: str) -> Row:
        """Measure one of `PEERS`, called the way its users call it."""
        each = PEERS[name].each
        least = 12 * self._n  # bytes of any float32 step: it reads parameters and gradients and writes parameters
        make = partial(make_peer, name, self._shapes, self._clock.device, self._clock.stream_pointer)
        peers = make_rotation(make, least, self._clock.cache)
        by_host = peers[0].wait is not None
        if by_host:
            seconds = median_host_seconds(peers, self._rounds)
        else:
            seconds = median_seconds([peer.step for peer in peers], self._clock, self._rounds)
        ceiling = None if each is None else self._ceiling(each)
        launches, waits = self._count(peers[0].step_and_wait) or (None, None)
        return Row(
            self._workload,
            name,
            seconds,
            "host" if by_host else "events",
            each,
            None if each is None else self._n * each,
            ceiling,
            launches,
            None if by_host else waits,  # the trace does not see JAX's waits
        )

    def _capture(self, name: str) -> Callable[[], Step]:
        return lambda: self._clock.graph(bind_step(name, self._shapes, self._machine))

    def _ceiling(self, each: int) -> float:
        if each not in self._copies:
            moved = self._n * each
            steps = make_rotation(partial(self._clock.copy, moved // 2), moved, self._clock.cache)
            self._copies[each] = median_seconds(steps, self._clock, self._rounds)
        return self._copies[each]
