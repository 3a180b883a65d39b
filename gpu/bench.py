"""How long fused steps take, beside a device copy of as many bytes: medians over rounds of device events."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from statistics import median
from typing import Any, Protocol

from momoracle.gpu.bench_peers import peer, peers
from momoracle.gpu.bench_shapes import Shapes
from momoracle.gpu.fused import Fused
from momoracle.gpu.machine import Machine
from momoracle.reference import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam

Step = Callable[[], Any]
ROUNDS = 30
WARM_UP = 5

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


@dataclass(frozen=True)
class Row:
    """One measurement; ``None`` where a column does not apply."""

    workload: str
    name: str
    seconds: float
    moved: int | None = None  # bytes
    ceiling: float | None = None  # seconds of a copy that moves as many
    launches: int | None = None

    @property
    def fraction(self) -> float | None:
        """The part of the copy's speed that the step reaches."""
        return None if self.ceiling is None else self.ceiling / self.seconds


def rotating(make: Callable[[], Step], moved: int, cache: int) -> list[Step]:
    """Return equal steps, each on arrays of its own, which together move at least twice what the cache holds."""
    return [make() for _ in range(-(-2 * cache // moved))] if moved < 2 * cache else [make()]


def timed(steps: Sequence[Step], clock: Clock, rounds: int = ROUNDS) -> float:
    """Return the median of ``rounds`` timings in seconds; the steps take turns, and have been warmed up."""
    for i in range(max(WARM_UP, len(steps))):
        steps[i % len(steps)]()
    return median(clock.seconds(steps[i % len(steps)]) for i in range(rounds))


def bound(name: str, shapes: Shapes, machine: Machine) -> Any:
    """Return a step bound to fresh float32 arrays."""
    method, recursion, _ = FUSED[name]
    x, g = ([machine.full(shape, value, "float32") for shape in shapes] for value in (0.5, 0.25))
    fused = Fused(method, recursion=recursion, machine=machine)
    return fused.bind(x, g, fused.init(x), machine.full((), 1.0, "float32"), machine.full((), 1e-3, "float32"))


def fused_rows(workload: str, shapes: Shapes, machine: Machine, clock: Clock, rounds: int = ROUNDS) -> Iterator[Row]:
    """Measure every fused step on one workload, captured in a graph, and the copies of as many bytes."""
    n = sum(map(prod, shapes))
    copies: dict[int, float] = {}
    for name, (_, _, each) in FUSED.items():
        moved = n * each
        if moved not in copies:
            copy = rotating(partial(clock.copy, moved // 2), moved, clock.cache)
            copies[moved] = timed(copy, clock, rounds)
            yield Row(workload, f"device copy, {each} bytes a parameter", copies[moved], moved)
        launches = bound(name, shapes, machine).launches
        steps = rotating(partial(_captured, name, shapes, machine, clock), moved, clock.cache)
        yield Row(workload, name, timed(steps, clock, rounds), moved, copies[moved], launches)


def peer_rows(workload: str, shapes: Shapes, clock: Clock, rounds: int = ROUNDS) -> Iterator[Row]:
    """Measure the installed optimizers of other packages on one workload, called as their users call them."""
    least = 12 * sum(map(prod, shapes))  # bytes: parameters and gradients read, parameters written
    for name in peers():
        make = partial(peer, name, shapes, clock.device, clock.stream_pointer)
        yield Row(workload, name, timed(rotating(make, least, clock.cache), clock, rounds))


def _captured(name: str, shapes: Shapes, machine: Machine, clock: Clock) -> Step:
    return clock.graph(bound(name, shapes, machine))
