"""A port in its own process, with a time limit: whatever it does, the check goes on."""

import multiprocessing
import signal
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from threading import Lock
from typing import Any

from momoracle.ports.loading import PortError, PortSpec
from momoracle.ports.worker import Done, Job, Missing, Note, Observed, Ready, serve

START_LIMIT = 120.0  # seconds; importing a framework on a busy machine
REAPING = Lock()  # multiprocessing reaps any child that has ended while it starts another, in whatever thread
GIVE_UP = 5  # vectors lost to hangs or crashes in a row, after which the rest is not run


@dataclass
class Outcome:
    """What came of one vector: the results after its recorded steps until it ended, and what went wrong."""

    observed: list[Observed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    missing: str | None = None


class Child:
    """A process that runs vectors of one dtype; it is started when needed, and again after a hang or a crash.

    Use it as a context manager. Times are in seconds.
    """

    def __init__(self, spec: PortSpec, algorithm: str, dtype: str, *, time_limit: float = 10.0) -> None:
        self._arguments = (spec, algorithm, dtype)
        self._time_limit = time_limit
        self._process: Any = None
        self._connection: Any = None
        self._lost = 0
        self._cancelled = False
        self.versions: dict[str, str] = {}

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def run(self, job: Job) -> Outcome:
        """Run one vector. Raises `PortError` where the port cannot be loaded; anything else is in the outcome."""
        outcome = Outcome()
        if self._cancelled:
            raise CancelledError
        if self._lost >= GIVE_UP:
            reason = f"not run: the {GIVE_UP} vectors before it all hung or ended the process"
            outcome.notes.append(Note("not_run", 0, reason, fatal=True))
            return outcome
        self._start()
        end = time.monotonic() + self._time_limit
        try:
            self._connection.send(job)
            while not isinstance(message := self._receive(end), Done):
                if isinstance(message, Observed):
                    outcome.observed.append(message)
                elif isinstance(message, Missing):
                    outcome.missing = message.feature
                elif isinstance(message, Note):
                    outcome.notes.append(message)
            self._lost = 0
        except TimeoutError:
            self._lose(outcome, f"no answer within {self._time_limit:g} s", crash=False)
        except (EOFError, OSError):
            self._lose(outcome, f"the process ended with {self._ending()}", crash=True)
        return outcome

    def cancel(self) -> None:
        """End the process, from another thread; a `run` that is under way is the last."""
        with REAPING:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def _lose(self, outcome: Outcome, message: str, *, crash: bool) -> None:
        self._lost += 1
        step = outcome.observed[-1].step if outcome.observed else 0
        where = f" after step {step}" if step else ""
        outcome.notes.append(Note("crash" if crash else "hang", step + 1, message + where, fatal=True))
        self._stop()

    def _start(self) -> None:
        if self._process is not None:
            return
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
        self.versions = answer.versions

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
