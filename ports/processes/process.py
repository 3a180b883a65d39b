"""A port in its own process, with a time limit: whatever it does, the check goes on."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from threading import Lock
from typing import Any

from momoracle.ports.adapters.loading import PortError, PortSpec
from momoracle.ports.processes.child import Answer, Done, Job, Kind, Missing, Note, Observed, Question, Ready, serve
from momoracle.ports.running.findings import Unmatched

START_LIMIT = 120.0  # seconds; importing a framework on a busy machine
REAPING = Lock()  # multiprocessing reaps any child that has ended while it starts another, in whatever thread
GIVE_UP = 5  # vectors or checks lost to hangs or crashes in a row, after which the rest is not run


@dataclass
class Outcome:
    """What came of one vector: the results after its recorded steps until it ended, and what went wrong."""

    observed: list[Observed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    missing: str | None = None

    def add(self, message: Any) -> None:
        """File one message of a worker."""
        if isinstance(message, Observed):
            self.observed.append(message)
        elif isinstance(message, Missing):
            self.missing = message.feature
        elif isinstance(message, Note):
            self.notes.append(message)


class Lost(Exception):  # noqa: N818 - what became of a request, not an error in ours
    """The process hung or ended before it was done, or was not asked at all; ``kind`` says which."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Child:
    """A process that runs vectors of one dtype, or checks of behaviours, started when needed and after every loss.

    Use it as a context manager. Times are in seconds; another ``time_limit`` holds from the next request on.
    """

    def __init__(self, spec: PortSpec, algorithm: str, dtype: str, *, time_limit: float = 10.0) -> None:
        self._arguments = (spec, algorithm, dtype)
        self.time_limit = time_limit
        self._process: Any = None
        self._connection: Any = None
        self._lost = 0
        self._cancelled = False
        self.versions: dict[str, str] = {}
        self.unmatched: tuple[Unmatched, ...] = ()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def load(self) -> None:
        """Start the process, which loads the port, unless it runs. Raises `PortError` where that fails."""
        if self._process is None:
            self._start()

    def run(self, job: Job) -> Outcome:
        """Run one vector. Raises `PortError` where the port cannot be loaded; anything else is in the outcome."""
        outcome = Outcome()
        try:
            for message in self._messages(job, "vectors"):
                outcome.add(message)
        except Lost as loss:
            step = outcome.observed[-1].step if outcome.observed else 0
            where = f" after step {step}" if step else ""
            at = 0 if loss.kind == "not_run" else step + 1
            outcome.notes.append(Note(loss.kind, at, str(loss) + where, fatal=True))
        return outcome

    def ask(self, question: Question) -> Answer:
        """Carry out one check of a behaviour. Raises `PortError` where the port cannot be loaded."""
        try:
            (answer,) = self._messages(question, "checks")
        except Lost as loss:
            return Answer("crashes", str(loss))
        assert isinstance(answer, Answer)
        return answer

    def cancel(self) -> None:
        """End the process, from another thread; a `run` that is under way is the last."""
        with REAPING:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def _messages(self, request: Job | Question, kind: str) -> Iterator[Any]:
        """Yield what the process sends until it is done with ``request``; raises `Lost`."""
        if self._cancelled:
            raise CancelledError
        if self._lost >= GIVE_UP:
            raise Lost("not_run", f"not run: the {GIVE_UP} {kind} before it all hung or ended the process")
        self.load()
        end = time.monotonic() + self.time_limit
        try:
            self._connection.send(request)
            ran = True
            while not isinstance(message := self._receive(end), Done):
                ran = not isinstance(message, Missing)  # one that is not offered shows no sign of life
                yield message
            self._lost = 0 if ran else self._lost
        except TimeoutError:
            raise self._lose("hang", f"no answer within {self.time_limit:g} s") from None
        except (EOFError, OSError):
            raise self._lose("crash", f"the process ended with {self._ending()}") from None

    def _lose(self, kind: Kind, message: str) -> "Lost":
        self._lost += 1
        self._stop()
        return Lost(kind, message)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # forked copies of threaded frameworks deadlock
        self._connection, theirs = context.Pipe()
        with REAPING:
            self._process = context.Process(target=serve, args=(theirs, *self._arguments), daemon=True)
            self._process.start()
        theirs.close()
        name = self._arguments[0].text
        try:
            answer = self._receive(time.monotonic() + START_LIMIT)
        except TimeoutError:
            self._stop()
            raise PortError(f"PORT={name!r}: it was not loaded within {START_LIMIT:g} s; see what it imports") from None
        except (EOFError, OSError):
            ending = self._ending()
            self._stop()
            raise PortError(f"PORT={name!r}: the process ended with {ending} while loading it") from None
        if not isinstance(answer, Ready):
            self._stop()
            raise PortError(str(answer))
        self.versions, self.unmatched = answer.versions, answer.unmatched

    def _receive(self, end: float) -> Any:
        # The sentinel too: a process that the port forked may hold the pipe open after its parent's death.
        ready = wait([self._connection, self._process.sentinel], max(0.0, end - time.monotonic()))
        if self._connection in ready:
            return self._connection.recv()
        raise EOFError if ready else TimeoutError

    def _ending(self) -> str:
        with REAPING:
            self._process.join(1.0)
            code = self._process.exitcode
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit status {code}"

    def _stop(self) -> None:
        with REAPING:
            if self._process is not None:
                self._process.kill()  # a port may ignore anything milder
                self._process.join()
                self._process.close()
                self._connection.close()
                self._process = self._connection = None
