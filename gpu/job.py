"""The tables of one step in the memory of the machine: what every kernel is told through one pointer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momoracle.gpu.machine import Array, Machine
from momoracle.gpu.plan import DOTS, DTYPES, JOB, SCALARS, TENSOR, Plan

ALIGNMENT = 16  # bytes of a vectorised access


class Number(NamedTuple):
    """A scalar that the kernels read: a number of the host, or an array of one number on the device."""

    value: float
    array: Array | None = None


class Operands(NamedTuple):
    """The arrays of a step, each a list with one array a tensor; ``states`` has one list a tensor of the state."""

    x: Sequence[Array]
    g: Sequence[Array]
    states: Sequence[Sequence[Array]]
    new_x: Sequence[Array]
    new_states: Sequence[Sequence[Array]]


class Scalars(NamedTuple):
    """The scalars of a step, all float64 arrays but the steps, which are int64; a row of the trace is one of them."""

    step: Array
    new_step: Array
    scalars: Sequence[Array]
    new_scalars: Sequence[Array]
    trace: Array
    loss: Number
    lr: Number


class Job(NamedTuple):
    """The tables, and everything that must live as long as they are used."""

    tables: Array
    faults: Array  # how many results of every chunk are NaN or infinite
    before: Array  # one row a segment: the steps and the scalars of the state, before the step
    keeps: tuple[Any, ...]


def job(plan: Plan, operands: Operands, scalars: Scalars, settings: Sequence[float], machine: Machine) -> Job:
    """Write the tables of a step."""
    chunks, segments = len(plan.chunks), len(plan.segments)
    partials = machine.empty((chunks * DOTS * plan.bins,), "float64")
    faults, before = (machine.full(shape, 0.0, "float64") for shape in ((chunks,), (segments, SCALARS + 1)))
    tensors = _tensors(operands, machine)
    parts = {
        "job": np.zeros(1, JOB),
        "numbers": np.array([scalars.loss.value, scalars.lr.value]),
        "tensors": tensors,
        "chunks": plan.chunks,
        "segments": plan.segments,
    }
    places = dict(zip(parts, np.cumsum([0, *(part.nbytes for part in parts.values())]).tolist(), strict=False))
    tables = machine.empty((sum(part.nbytes for part in parts.values()),), "uint8")
    base = machine.pointer(tables)

    top = parts["job"][0]
    for name in ("tensors", "chunks", "segments"):
        top[name] = base + places[name]
    for name, array in (("partials", partials), ("faults", faults), ("before", before)):
        top[name] = machine.pointer(array)
    top["step"], top["new_step"] = machine.pointer(scalars.step), machine.pointer(scalars.new_step)
    for i, (old, new) in enumerate(zip(scalars.scalars, scalars.new_scalars, strict=True)):
        top["scalars"][i], top["new_scalars"][i] = machine.pointer(old), machine.pointer(new)
    top["trace"], top["trace_stride"] = machine.pointer(scalars.trace), segments
    for i, name in enumerate(("loss", "lr")):
        number: Number = getattr(scalars, name)
        on_device = number.array is not None
        top[name] = machine.pointer(number.array) if on_device else base + places["numbers"] + 8 * i
        top[f"{name}_type"] = DTYPES.index(str(number.array.dtype)) if number.array is not None else 0
    top["settings"][: len(settings)] = settings
    machine.write(tables, np.concatenate([part.view(np.uint8) for part in parts.values()]))
    return Job(tables, faults, before, (partials, operands, scalars))


def _tensors(operands: Operands, machine: Machine) -> NDArray[Any]:
    table = np.zeros(len(operands.x), TENSOR)
    columns = {"x": operands.x, "g": operands.g, "new_x": operands.new_x}
    for name, old, new in zip("ab", operands.states, operands.new_states, strict=False):
        columns |= {name: old, f"new_{name}": new}
    for name, arrays in columns.items():
        table[name] = [machine.pointer(array) for array in arrays]
    starts = np.stack([table[name] for name in columns])
    table["aligned"] = np.all(starts % ALIGNMENT == 0, axis=0)
    return table
