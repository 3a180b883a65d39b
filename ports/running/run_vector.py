"""Run one vector on a port in this process, and note what is wrong with what it returns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from momoracle.common.user_code import error_text
from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.adapters.port_arguments import PortArguments
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.protocol import NotOffered, Port, Schedule, Settable, plain
from momoracle.ports.running.messages import Incident, Job, Missing, Observed
from momoracle.reference.golden.vectors import FloatArray

CHANGING_RATE = "lr(k)"  # the feature of ports that take a learning rate which changes
_HOW_TO_OFFER = {CHANGING_RATE: "to offer it, take lr(k) as the learning rate of step k = 1, 2, … where lr is callable"}


@dataclass(frozen=True)
class WatchedSchedule(Schedule):
    """A schedule that remembers which steps it was asked for."""

    asked: list[int] = field(default_factory=list, compare=False)

    def __call__(self, k: int) -> float:
        """Return the learning rate of step ``k``."""
        self.asked.append(k)
        return super().__call__(k)


def run_vector(port: Port, arguments: PortArguments, job: Job, at: list[int]) -> Iterator[Observed | Incident]:
    """Yield what a port returns on a vector, and what is wrong with it; ``at[0]`` is the step that it is in.

    Raises:
        NotOffered: the port lacks a feature that the vector needs.
        Exception: whatever the port raises.
    """
    settings = plain(job.hyperparameters)
    schedule = WatchedSchedule(settings["lr"].values) if isinstance(settings["lr"], Schedule) else None
    if schedule is not None:
        settings["lr"] = schedule
    try:
        yield from _run(port, arguments, settings, job, at)
    except NotOffered:
        raise
    except Exception as error:
        # A port that fails without ever having asked for a rate, and runs well at a fixed one, took the schedule for a
        # number: it has no changing rates. Any other fails for a reason of its own.
        if schedule is None or schedule.asked:
            raise
        if not _runs(port, arguments, {**settings, "lr": schedule.values[0]}, job):
            raise
        raise NotOffered(CHANGING_RATE) from error


def _runs(port: Port, arguments: PortArguments, settings: Mapping[str, Any], job: Job) -> bool:
    """Tell whether a port gets through a job without an error."""
    try:
        for _ in _run(port, arguments, settings, job, [0]):
            pass
    except Exception:
        return False
    return True


def missing_of(error: NotOffered) -> Missing:
    """Return the message that a feature is missing, with how to offer it where there is more to say."""
    refusal = f"start refuses it: {error_text(error.__cause__)}" if error.__cause__ is not None else ""
    return Missing(error.feature, _HOW_TO_OFFER.get(error.feature, refusal))


def choose_arguments(port: Port, arguments: PortArguments, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters under the names that the port's ``start`` has for them; raises `NotOffered`."""
    settings = plain(hyperparameters)
    try:
        accepted, others = arguments_of(port.start)
    except (TypeError, ValueError):  # compiled code may hide its signature
        return {**settings, **dict(arguments.settings)}
    return arguments.choose(settings, accepted - {"params"}, others=others)


def _run(
    port: Port, arguments: PortArguments, settings: Mapping[str, Any], job: Job, at: list[int]
) -> Iterator[Observed | Incident]:
    _start(port, arguments, settings, job)
    state = getattr(port, "state", None)
    noted: set[str] = set()
    for index, (loss, prescribed, is_wanted) in enumerate(zip(job.losses, job.grads, job.recorded, strict=True)):
        at[0] = index + 1
        grads = copy_arrays(prescribed)
        params = port.step(grads, loss)
        incidents = [*_find_mutated(prescribed, grads, at[0]), *_find_malformed(job.params, params, at[0])]
        for incident in incidents:
            if incident.kind not in noted:  # the first time says it
                noted.add(incident.kind)
                yield incident
        is_over = any(incident.fatal for incident in incidents)
        if is_over and not _is_comparable(params):
            return
        if is_wanted:
            buffers = state() if callable(state) else {}
            yield Observed(at[0], _as_arrays(params), {name: _as_arrays(held) for name, held in buffers.items()})
        if is_over:
            return
        if job.resets:
            if not isinstance(port, Settable):
                raise NotOffered("set_params")
            port.set_params(copy_arrays(job.resets[index]))


def _start(port: Port, arguments: PortArguments, settings: Mapping[str, Any], job: Job) -> None:
    """Start the port; raises `NotOffered` where it refuses these hyperparameters, and whatever else it raises.

    A port may refuse a value, as torch's SGD does Nesterov's momentum of 0. That is a refusal if the port starts with
    the same parameters once all hyperparameters are the method's defaults; else the error is the port's own.
    """
    try:
        port.start(copy_arrays(job.params), **choose_arguments(port, arguments, settings))
    except (ValueError, NotImplementedError) as error:
        defaults = facts_of(arguments.algorithm).defaults
        unusual = [name for name, value in settings.items() if name != "lr" and value != defaults.get(name)]
        if not unusual:
            raise
        try:
            port.start(copy_arrays(job.params), **choose_arguments(port, arguments, {"lr": settings["lr"]}))
        except Exception:
            raise error from None
        raise NotOffered(", ".join(f"{name}={settings[name]:g}" for name in unusual)) from error


def _find_mutated(prescribed: Sequence[FloatArray], grads: Sequence[FloatArray], step: int) -> Iterator[Incident]:
    for i, (before, after) in enumerate(zip(prescribed, grads, strict=True)):
        if before.shape != after.shape or before.tobytes() != after.tobytes():
            yield Incident("mutated_gradients", step, f"step changed the gradients that it was given (tensor {i})")
            return


def _find_malformed(expected: Sequence[FloatArray], params: Any, step: int) -> list[Incident]:
    """Return what is wrong with the form of the new parameters; where their shape is, that alone."""

    def fatal(kind: Any, message: str) -> list[Incident]:
        return [Incident(kind, step, message, fatal=True)]

    if not isinstance(params, list | tuple):
        return fatal("wrong_shape", f"step returned {type(params).__name__}; it must return a list of arrays")
    if len(params) != len(expected):
        return fatal("wrong_shape", f"step returned {len(params)} arrays; there are {len(expected)} tensors")
    incidents: list[Incident] = []
    for i, (want, got) in enumerate(zip(expected, map(np.asarray, params), strict=True)):
        if got.shape != want.shape:
            return fatal("wrong_shape", f"tensor {i}: step returned shape {got.shape}; it is {want.shape}")
        other_dtype = f"tensor {i}: step returned dtype {got.dtype}; it is {want.dtype}"
        if got.dtype.kind not in "fiu":
            return fatal("dtype_change", other_dtype)
        if got.dtype != want.dtype:
            incidents.append(Incident("dtype_change", step, other_dtype))
        if np.isnan(got).any():
            incidents.append(Incident("nan", step, f"tensor {i}: step returned NaN"))
    return incidents


def _is_comparable(params: Any) -> bool:
    return isinstance(params, list | tuple) and all(np.asarray(part).dtype.kind in "fiu" for part in params)


def copy_arrays(arrays: Sequence[Any]) -> list[FloatArray]:
    """Return the arrays, copied."""
    return [np.array(array) for array in arrays]


def _as_arrays(held: Any) -> tuple[FloatArray, ...]:
    return tuple(copy_arrays(held if isinstance(held, list | tuple) else [held]))
