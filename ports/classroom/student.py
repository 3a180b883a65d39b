"""Run a class from a notebook on vectors in this process, for no other process can import it.

What it raises is caught, with its own line. An endless loop is stopped where Python can be interrupted: in the main
thread of a system with alarms, between two instructions of Python.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TypeAlias

import numpy as np

from momoracle.common.user_code import error_place, error_text
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.protocol import NotOffered, Port
from momoracle.ports.running.messages import Incident, Outcome, job_of
from momoracle.ports.running.run_vector import missing_of, run_vector
from momoracle.reference.golden.vectors import GoldenVector

Factory: TypeAlias = Callable[[], Port]


class TooLong(BaseException):
    """The time is over; not an `Exception`, so that a student's ``except Exception`` does not take it."""


@dataclass(frozen=True)
class Raised:
    """An error of the student's code: what Python says, and the line of the student's where it was."""

    vector: str
    step: int  # 0 is start
    message: str
    line: int = 0  # of the cell or file, 0 where no line of the student's was involved
    source: str = ""
    endless: bool = False


def run_student(
    factory: Factory, algorithm: str, vector: GoldenVector, seconds: float
) -> tuple[Outcome, Raised | None]:
    """Return what the class returned on a vector, and the error that ended it."""
    outcome, at = Outcome(), [0]
    try:
        with np.errstate(all="ignore"), time_limit(seconds):
            for message in run_vector(factory(), PortArguments(algorithm), job_of(vector), at):
                outcome.add(message)
    except NotOffered as error:
        outcome.add(missing_of(error))
    except (Exception, SystemExit, TooLong) as error:
        endless = isinstance(error, TooLong)
        raised = raised_by(error, vector.id, at[0])
        if endless:
            raised = replace(raised, message=f"it had not come back after {seconds:g} s", endless=True)
        outcome.add(Incident("hang" if endless else "exception", at[0], raised.message, fatal=True))
        return outcome, raised
    return outcome, None


def raised_by(error: BaseException, vector: str, step: int) -> Raised:
    """Return an error with the last line of the student's own code on its way."""
    place = error_place(error)
    message = error_text(error)
    return Raised(vector, step, message) if place is None else Raised(vector, step, message, place.line, place.source)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the block after this time, where the system and the thread allow it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
