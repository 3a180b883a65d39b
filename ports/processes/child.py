"""The main function of a port's process: load the port, then carry out one request after another."""

import contextlib
import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from momoracle.common.user_code import error_report
from momoracle.ports.adapters.loading import Factory, load
from momoracle.ports.adapters.port_arguments import own_arguments, start_arguments
from momoracle.ports.adapters.port_spec import PortError, PortSpec
from momoracle.ports.adapters.versions import versions
from momoracle.ports.behaviours.table import carry_out
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Answer, Done, Incident, Job, Missing, Observed, Question, Ready
from momoracle.ports.running.run_vector import choose_arguments, missing_of, run_vector
from momoracle.ports.running.unknown_names import find_unknown_arguments, find_unnamed_switches

LOADING_SECONDS = 120.0  # of processor time, for importing a framework and for its first step


def serve(connection: Connection, spec: PortSpec, algorithm: str, dtype: str) -> None:
    """Load the port, answer `Ready` (or the text of a `PortError`), then carry out each `Request` until None."""
    _silence()
    warnings.simplefilter("ignore")  # `python -W error` is inherited, and would make any framework's warning a crash
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends this process
    try:
        with limited_processor_time(LOADING_SECONDS):
            factory = load(spec, algorithm, dtype)
            connection.send(_ready(spec, factory, algorithm))
    except PortError as error:
        connection.send(str(error))
        return
    except BaseException as error:
        connection.send(f"PORT={spec.text!r}: loading it failed with {error_report(error, in_libraries=True)}")
        return
    with contextlib.suppress(EOFError, KeyboardInterrupt):  # the parent has gone
        while (request := connection.recv()) is not None:
            with limited_processor_time(request.processor_seconds):
                for message in _carry_out(spec, factory, algorithm, dtype, request.work):
                    connection.send(message)
            connection.send(Done())


@contextmanager
def limited_processor_time(seconds: float) -> Iterator[None]:
    """End this process by SIGPROF if the block takes more processor time than this.

    The kernel counts what all threads of the process compute, and nothing else: neither a busy machine nor a sleep
    takes of it. It ends the process without Python's help, so that compiled code which holds the interpreter is
    ended too. Where the system has no such timer (Windows), the parent's limits alone hold.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # a port may have set a handler of its own
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def warm_up(spec: PortSpec, factory: Factory, algorithm: str, dtype: str) -> None:
    """Build a port, step it once and throw it away; whatever goes wrong will go wrong again in a vector."""
    with contextlib.suppress(Exception):
        port = factory()
        port.start([np.ones(2, dtype=dtype)], **choose_arguments(port, start_arguments(spec, algorithm), {"lr": 0.001}))
        port.step([np.ones(2, dtype=dtype)], 1.0)


def _silence() -> None:
    # The descriptors, not sys.stdout: compiled ports print too. Nothing reads it, so no amount of it can block.
    sink = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(sink, descriptor)
    os.close(sink)


def _ready(spec: PortSpec, factory: Factory, algorithm: str) -> Ready:
    port: Any = factory()
    function = port.matched if spec.adapter else port.start
    own = own_arguments(spec, algorithm)
    own.check(function)
    unmatched = find_unknown_arguments(own, function, of_framework=bool(spec.adapter))
    unnamed = () if spec.adapter else find_unnamed_switches(algorithm, function)
    return Ready(versions(spec), unmatched, unnamed)


def _carry_out(spec: PortSpec, factory: Factory, algorithm: str, dtype: str, work: Any) -> Iterator[Any]:
    if isinstance(work, Job):
        yield from _run_job(spec, factory, algorithm, work)
    elif isinstance(work, Question):
        yield _answer(spec, factory, algorithm, work)
    else:
        warm_up(spec, factory, algorithm, dtype)


def _run_job(spec: PortSpec, factory: Factory, algorithm: str, job: Job) -> Iterator[Observed | Incident | Missing]:
    at = [0]
    try:
        yield from run_vector(factory(), start_arguments(spec, algorithm), job, at)
    except NotOffered as error:
        yield missing_of(error)
    except BaseException as error:  # sys.exit in a port is an error like any other
        yield Incident("exception", at[0], error_report(error, in_libraries=True), fatal=True)


def _answer(spec: PortSpec, factory: Factory, algorithm: str, question: Question) -> Answer:
    try:
        return carry_out(question.behaviour, spec, factory, algorithm)
    except BaseException as error:
        return Answer("broken", error_report(error, in_libraries=True))
