"""A port in its own process, with limits: whatever it does, and however busy the machine is, the check goes on."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import Any

from momoracle.ports.adapters.port_spec import PortError, PortSpec
from momoracle.ports.processes.child import LOADING_SECONDS, serve
from momoracle.ports.running.findings import Unmatched
from momoracle.ports.running.messages import (
    Answer,
    Done,
    Incident,
    Job,
    Kind,
    Missing,
    Outcome,
    Question,
    Ready,
    Request,
    WarmUp,
)

REAPING = Lock()  # multiprocessing reaps any child that has ended while it starts another, in whatever thread
GIVE_UP = 5  # requests lost in a row to hangs or crashes, after which the rest is not run
IDLE = 3.0  # times a limit on processor time: how long a port may wait for something without computing
WARMING = 6.0  # times the same: how long a port may take to load what it loads at its first step
BUSY = 30.0  # times the same: after so long a port that was never given the time for it is not run
SOON = 1.0  # seconds in which most answers come


@dataclass(frozen=True)
class Limits:
    """How long one request may take, in seconds.

    Attributes:
        processor: that the port computes; its own process ends it.
        idle: in which it neither computes nor waits for a processor: it sleeps, or waits for what never comes.
        wall: that pass at all; then the machine was too busy, which says nothing about the port.
    """

    processor: float
    idle: float
    wall: float

    @classmethod
    def of(cls, seconds: float) -> "Limits":
        """Return the limits of a request that may compute for so many seconds."""
        return cls(seconds, IDLE * seconds, BUSY * seconds)


class Lost(Exception):  # noqa: N818 - what became of a request, not an error in ours
    """The process hung or ended before it was done, or was not asked at all; ``kind`` says which."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Child:
    """A process that runs vectors of one dtype and checks of behaviours, started when needed and after every loss.

    Use it as a context manager.
    """

    def __init__(self, spec: PortSpec, algorithm: str, dtype: str, limits: Limits) -> None:
        self._arguments = (spec, algorithm, dtype)
        self._limits = limits
        self._process: Any = None
        self._connection: Any = None
        self._lost_in_a_row = 0
        self._warms_up = True
        self._is_cold = True
        self._is_cancelled = False
        self.versions: dict[str, str] = {}
        self.unmatched: tuple[Unmatched, ...] = ()
        self.unnamed: tuple[str, ...] = ()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def load(self) -> None:
        """Start the process, which loads the port, unless it runs. Raises `PortError` where that fails."""
        if self._process is None:
            self._start()

    def run(self, job: Job, limits: Limits | None = None) -> Outcome:
        """Run one vector. Raises `PortError` where the port cannot be loaded; anything else is in the outcome."""
        outcome = Outcome()
        try:
            for message in self._messages(job, "vectors", limits or self._limits):
                outcome.add(message)
        except Lost as loss:
            step = outcome.observed[-1].step if outcome.observed else 0
            where = f" after step {step}" if step else ""
            at = 0 if loss.kind == "not_run" else step + 1
            outcome.incidents.append(Incident(loss.kind, at, str(loss) + where, fatal=True))
        return outcome

    def ask(self, question: Question) -> Answer:
        """Carry out one check of a behaviour. Raises `PortError` where the port cannot be loaded."""
        try:
            (answer,) = self._messages(question, "checks", self._limits)
        except Lost as loss:
            return Answer("not_run" if loss.kind == "not_run" else "crashes", str(loss))
        assert isinstance(answer, Answer)
        return answer

    def forgive(self) -> None:
        """Forget how many requests in a row were lost: what comes next is of another kind."""
        self._lost_in_a_row = 0

    def cancel(self) -> None:
        """End the process, from another thread; a request that is under way is the last."""
        with REAPING:
            self._is_cancelled = True
            if self._process is not None:
                self._process.kill()

    def stop(self) -> None:
        """End the process; the next request starts another."""
        with REAPING:
            if self._process is not None:
                self._process.kill()  # a port may ignore anything milder
                self._process.join()
                self._process.close()
                self._connection.close()
                self._process = self._connection = None
                self._is_cold = self._warms_up

    def _messages(self, work: Job | Question, kind: str, limits: Limits) -> Iterator[Any]:
        """Yield what the process sends until it is done with ``work``; raises `Lost`."""
        if self._is_cancelled:
            raise CancelledError
        if self._lost_in_a_row >= GIVE_UP:
            raise Lost("not_run", f"not run: the {GIVE_UP} {kind} before it all hung or ended the process")
        self.load()
        if self._is_cold:
            self._warm_up(limits)
        has_run = True
        for message in self._exchange(work, limits):
            has_run = not isinstance(message, Missing)  # one that is not offered shows no sign of life
            yield message
        self._lost_in_a_row = 0 if has_run else self._lost_in_a_row

    def _warm_up(self, limits: Limits) -> None:
        """Have what a framework loads at its first step loaded now, on an account of its own.

        A port that is lost in it is started anew, and lost again in a vector, where it counts.
        """
        self._is_cold = False
        longer = Limits(WARMING * limits.processor, limits.idle, WARMING * limits.wall)
        try:
            for _ in self._exchange(WarmUp(), longer):
                pass
        except Lost:
            self._lost_in_a_row -= 1
            self._warms_up = False  # it would be lost in each
            self.load()

    def _exchange(self, work: Job | Question | WarmUp, limits: Limits) -> Iterator[Any]:
        """Send one request and yield its answers; raises `Lost`, after which the process is gone."""
        clock = _Clock(self._process.pid)
        try:
            self._connection.send(Request(work, limits.processor))
            while not isinstance(message := self._receive(clock, limits), Done):
                yield message
        except TimeoutError:
            raise self._lose("hang", f"no answer within {limits.idle:g} s") from None
        except _MachineBusyError:
            waited = f"in {limits.wall:g} s it could run for {clock.computed():.1f} s"
            raise self._lose("not_run", f"not run: the machine was too busy; {waited}") from None
        except (EOFError, OSError):
            if self._is_cancelled:
                raise CancelledError from None
            ending = self._ending()
            if ending == "signal SIGPROF":
                raise self._lose("hang", f"no answer within {limits.processor:g} s of processor time") from None
            raise self._lose("crash", f"the process ended with {ending}") from None

    def _lose(self, kind: Kind, message: str) -> Lost:
        self._lost_in_a_row += 1
        self.stop()
        return Lost(kind, message)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # forked copies of threaded frameworks deadlock
        self._connection, theirs = context.Pipe()
        with REAPING:
            self._process = context.Process(target=serve, args=(theirs, *self._arguments), daemon=True)
            self._process.start()
        theirs.close()
        name = self._arguments[0].text
        loading = Limits(LOADING_SECONDS, LOADING_SECONDS, BUSY * LOADING_SECONDS)
        try:
            answer = self._receive(_Clock(self._process.pid), loading)
        except (TimeoutError, _MachineBusyError):
            self.stop()
            limit = f"{LOADING_SECONDS:g} s"
            raise PortError(f"PORT={name!r}: it was not loaded within {limit}; see what it imports") from None
        except (EOFError, OSError):
            ending = self._ending()
            self.stop()
            raise PortError(f"PORT={name!r}: the process ended with {ending} while loading it") from None
        if not isinstance(answer, Ready):
            self.stop()
            raise PortError(str(answer))
        self.versions, self.unmatched, self.unnamed = answer.versions, answer.unmatched, answer.unnamed

    def _receive(self, clock: "_Clock", limits: Limits) -> Any:
        """Return the next message.

        Raises:
            EOFError: the process has ended.
            TimeoutError: it was idle for too long.
            _MachineBusyError: it did not have the time that it needs.
        """
        # Most answers come at once. Only where one does not is the system asked for the process's own time.
        left = min(SOON, limits.idle / 4)
        while True:
            # The sentinel too: a process that the port forked may hold the pipe open after its parent's death.
            ready = wait([self._connection, self._process.sentinel], max(0.0, left))
            if self._connection in ready:
                return self._connection.recv()
            if ready:
                raise EOFError
            left = min(limits.idle - clock.idle(), limits.wall - clock.wall())
            if left <= 0:
                raise TimeoutError if clock.idle() >= limits.idle else _MachineBusyError

    def _ending(self) -> str:
        with REAPING:
            self._process.join(1.0)
            code = self._process.exitcode
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit status {code}"


class _MachineBusyError(Exception):
    """The process was not given the time that it needs."""


class _Clock:
    """What a process has done since now, in seconds: how long it computed, and how long it wanted nothing.

    Linux counts for every thread how long it ran and how long it waited for a processor. What is left of the time on
    the wall is idle. Where the system does not say (no ``/proc``), all of it counts as idle.
    """

    def __init__(self, pid: int) -> None:
        self._threads = Path(f"/proc/{pid}/task")
        self._begin = time.monotonic()
        self._before: tuple[float, float] | None = None

    def wall(self) -> float:
        """Return the seconds that have passed."""
        return time.monotonic() - self._begin

    def computed(self) -> float:
        """Return the seconds in which the process ran; until the first call of `computed` or `idle` it did nothing."""
        return self._since()[0]

    def idle(self) -> float:
        """Return the seconds in which the process neither ran nor waited for a processor."""
        return self.wall() - sum(self._since())

    def _since(self) -> tuple[float, float]:
        ran, waited = self._totals()
        if self._before is None:
            self._before = ran, waited
        return max(0.0, ran - self._before[0]), max(0.0, waited - self._before[1])

    def _totals(self) -> tuple[float, float]:
        """Return how long all threads ran, and how long they waited."""
        ran = waited = 0.0
        try:
            for thread in self._threads.iterdir():
                counts = (thread / "schedstat").read_text().split()
                ran, waited = ran + int(counts[0]) * 1e-9, waited + int(counts[1]) * 1e-9
        except (OSError, IndexError, ValueError):  # no such file here, or a thread that has just ended
            pass
        return ran, waited
