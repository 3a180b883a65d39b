"""The child process: it loads one port and runs the vectors that it is sent, one by one."""

import contextlib
import os
import signal
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from momoracle.ports.adapters.argument_names import arguments_of, match
from momoracle.ports.adapters.loading import Factory, PortError, PortSpec, load
from momoracle.ports.adapters.versions import versions
from momoracle.ports.protocol import NotOffered, Port, Settable, plain
from momoracle.ports.running import unknown_names as unmatched
from momoracle.ports.running.findings import Held, Unmatched
from momoracle.reference.golden.vectors import FloatArray

Kind: TypeAlias = Literal[
    "hang", "crash", "exception", "wrong_shape", "dtype_change", "mutated_gradients", "nan", "not_run"
]


@dataclass(frozen=True)
class Job:
    """One vector to run, without what it expects; ``recorded`` says after which steps the results are wanted.

    Where there are ``resets``, the port goes on after each step from those parameters and not from its own.
    """

    params: tuple[FloatArray, ...]
    hyperparameters: dict[str, Any]
    losses: tuple[float, ...]
    grads: tuple[tuple[FloatArray, ...], ...]
    recorded: tuple[bool, ...]
    resets: tuple[tuple[FloatArray, ...], ...] = ()


@dataclass(frozen=True)
class Observed:
    """What a port returned after step ``step`` (from 1): parameters, and its buffers under momoracle's names."""

    step: int
    params: tuple[FloatArray, ...]
    buffers: dict[str, tuple[FloatArray, ...]]


@dataclass(frozen=True)
class Note:
    """Something that went wrong in step ``step`` (0 is ``start``); ``fatal`` ends the vector."""

    kind: Kind
    step: int
    message: str
    fatal: bool = False


@dataclass(frozen=True)
class Missing:
    """The port does not offer ``feature``."""

    feature: str


@dataclass(frozen=True)
class Ready:
    """The port is loaded, on these versions; ``unmatched`` are its arguments that no hyperparameter is passed as."""

    versions: dict[str, str]
    unmatched: tuple[Unmatched, ...] = ()


@dataclass(frozen=True)
class Done:
    """The vector, or the question, has ended, well or not."""


@dataclass(frozen=True)
class Question:
    """One check of a behaviour to carry out, by its id."""

    behaviour: str


@dataclass(frozen=True)
class Answer:
    """What came of a question; ``digest`` stands for the bytes that two processes are to agree on, if any."""

    outcome: Held
    evidence: str
    digest: str = ""


def serve(connection: Connection, spec: PortSpec, algorithm: str, dtype: str) -> None:
    """Load the port, answer `Ready` (or the text of a `PortError`), then run each `Job` that comes until None."""
    _silence()
    warnings.simplefilter("ignore")  # `python -W error` is inherited, and would make any framework's warning a crash
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends this process
    try:
        factory = load(spec, algorithm, dtype)
        connection.send(Ready(versions(spec), _unmatched(spec, factory, algorithm)))
    except PortError as error:
        connection.send(str(error))
        return
    except BaseException as error:
        connection.send(f"PORT={spec.text!r}: loading it failed with {text_of(error)}")
        return
    with contextlib.suppress(EOFError, KeyboardInterrupt):  # the parent has gone
        while (job := connection.recv()) is not None:
            if isinstance(job, Question):
                connection.send(_answered(spec, factory, algorithm, job))
            else:
                for message in _guarded(factory, algorithm, job):
                    connection.send(message)
            connection.send(Done())


def _unmatched(spec: PortSpec, factory: Factory, algorithm: str) -> tuple[Unmatched, ...]:
    port: Any = factory()
    function = port.matched if spec.adapter else port.start
    return unmatched.arguments(algorithm, function, of_framework=bool(spec.adapter))


def _answered(spec: PortSpec, factory: Factory, algorithm: str, question: Question) -> Answer:
    from momoracle.ports.behaviours.table import carry_out  # it builds on this module

    try:
        return carry_out(question.behaviour, spec, factory, algorithm)
    except BaseException as error:  # sys.exit in a port is an error like any other
        return Answer("broken", text_of(error))


def _silence() -> None:
    # The descriptors, not sys.stdout: compiled ports print too. Nothing reads it, so no amount of it can block.
    sink = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(sink, descriptor)
    os.close(sink)


def _guarded(factory: Factory, algorithm: str, job: Job) -> Any:
    at = [0]
    try:
        yield from run(factory(), algorithm, job, at)
    except NotOffered as error:
        yield Missing(error.feature)
    except BaseException as error:
        # sys.exit in a port is an error like any other
        yield Note("exception", at[0], text_of(error), fatal=True)


def run(port: Port, algorithm: str, job: Job, at: list[int]) -> Iterator[Observed | Note]:
    """Yield what a port returns on a vector, and what is wrong with it; ``at[0]`` is the step that it is in."""
    port.start([np.array(array) for array in job.params], **arguments(port, algorithm, job.hyperparameters))
    state = getattr(port, "state", None)
    noted: set[str] = set()
    for index, (loss, given, wanted) in enumerate(zip(job.losses, job.grads, job.recorded, strict=True)):
        at[0] = index + 1
        grads = [np.array(array) for array in given]
        params = port.step(grads, loss)
        notes = [*_mutated(given, grads), *_malformed(job.params, params)]
        for kind, message, fatal in notes:
            if kind not in noted:  # the first time says it
                noted.add(kind)
                yield Note(kind, at[0], message, fatal)
        fatal = any(end for _, _, end in notes)
        if fatal and not _comparable(params):
            return
        if wanted:
            buffers = state() if callable(state) else {}
            yield Observed(at[0], _copies(params), {name: _copies(arrays) for name, arrays in buffers.items()})
        if fatal:
            return
        if job.resets:
            if not isinstance(port, Settable):
                raise NotOffered("set_params")
            port.set_params([np.array(array) for array in job.resets[index]])


def arguments(port: Port, algorithm: str, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters under the names that the port's ``start`` has for them."""
    given = plain(hyperparameters)
    try:
        accepted, others = arguments_of(port.start)
    except (TypeError, ValueError):  # compiled code may hide its signature
        return given
    return match(algorithm, given, accepted - {"params"}, others=others)


def _mutated(given: Sequence[FloatArray], grads: Sequence[FloatArray]) -> list[tuple[Kind, str, bool]]:
    changed = [
        i for i, (a, b) in enumerate(zip(given, grads, strict=True)) if a.shape != b.shape or a.tobytes() != b.tobytes()
    ]
    message = f"step changed the gradients that it was given (tensor {changed[0]})" if changed else ""
    return [("mutated_gradients", message, False)] if changed else []


def _malformed(expected: Sequence[FloatArray], params: Any) -> list[tuple[Kind, str, bool]]:
    if not isinstance(params, list | tuple):
        return [("wrong_shape", f"step returned {type(params).__name__}; it must return a list of arrays", True)]
    if len(params) != len(expected):
        return [("wrong_shape", f"step returned {len(params)} arrays; there are {len(expected)} tensors", True)]
    notes: list[tuple[Kind, str, bool]] = []
    for i, (want, got) in enumerate(zip(expected, map(np.asarray, params), strict=True)):
        if got.shape != want.shape:
            return [("wrong_shape", f"tensor {i}: step returned shape {got.shape}; it is {want.shape}", True)]
        if got.dtype.kind not in "fiu":
            return [("dtype_change", f"tensor {i}: step returned dtype {got.dtype}; it is {want.dtype}", True)]
        if got.dtype != want.dtype:
            notes.append(("dtype_change", f"tensor {i}: step returned dtype {got.dtype}; it is {want.dtype}", False))
        if np.isnan(got).any():
            notes.append(("nan", f"tensor {i}: step returned NaN", False))
    return notes


def _comparable(params: Any) -> bool:
    return isinstance(params, list | tuple) and all(np.asarray(part).dtype.kind in "fiu" for part in params)


def _copies(arrays: Any) -> tuple[FloatArray, ...]:
    parts = arrays if isinstance(arrays, list | tuple) else [arrays]
    return tuple(np.array(part) for part in parts)


def text_of(error: BaseException) -> str:
    """Return an error's type, message and last line of the port, without folders: reports are the same everywhere."""
    own = {path.resolve() for path in Path(__file__).parent.glob("*.py")}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() not in own]
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}{where}"
