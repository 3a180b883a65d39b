"""Pack the tables that describe one step into one block of the machine's memory.

Every kernel gets one pointer, to the table ``Job`` at the start of that block. ``job.cuh`` declares the same tables for
the kernels, field by field.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momoracle.gpu.machine import Array, Machine
from momoracle.gpu.plan import DOTS, DTYPES, JOB, SCALARS, TENSOR, Plan

ALIGNMENT = 16  # bytes of a vectorised access


class DeviceNumber(NamedTuple):
    """A number that the kernels read: ``value`` as the host knows it, or ``array``, one number on the device."""

    value: float
    array: Array | None = None


class Operands(NamedTuple):
    """The arrays of a step, each a list with one array for each parameter tensor.

    ``states`` has one such list for each tensor of the method's state.
    """

    x: Sequence[Array]
    g: Sequence[Array]
    states: Sequence[Sequence[Array]]
    new_x: Sequence[Array]
    new_states: Sequence[Sequence[Array]]


class Scalars(NamedTuple):
    """The scalars of a step: int64 arrays for the step numbers, float64 arrays for the others.

    ``trace`` has one row for each scalar of the trace, one column for each segment.
    """

    step: Array
    new_step: Array
    scalars: Sequence[Array]
    new_scalars: Sequence[Array]
    trace: Array
    loss: DeviceNumber
    lr: DeviceNumber


class Job(NamedTuple):
    """The packed tables, what the kernels report in them, and everything that must live as long as they are used."""

    tables: Array
    faults: Array  # how many results of each chunk are NaN or infinite
    before: Array  # one row for each segment: the step number and the state's scalars before the step
    kept_alive: tuple[Any, ...]


def write_job(plan: Plan, operands: Operands, scalars: Scalars, settings: Sequence[float], machine: Machine) -> Job:
    """Pack the tables of a step and copy them to the machine.

    Args:
        plan: how the tensors are cut into chunks and segments.
        operands: the arrays that the step reads and writes.
        scalars: its scalars.
        settings: the hyperparameters, in the order of the kernel.
        machine: where the arrays lie.
    """
    # 1. Reserve the work memory of the kernels: the sums that the first pass leaves for the second, a counter of
    #    faults for each chunk, and a copy of the scalars, so that the second pass may overwrite them in place.
    chunks, segments = len(plan.chunks), len(plan.segments)
    partials = machine.empty((chunks * DOTS * plan.bins,), "float64")
    faults = machine.full((chunks,), 0.0, "float64")
    before = machine.full((segments, SCALARS + 1), 0.0, "float64")

    # 2. Lay out the tables one behind the other. One allocation and one copy serve all of them: a step has hundreds of
    #    tensors, and a copy for each table would take longer than the step.
    parts = {
        "job": np.zeros(1, JOB),
        "numbers": np.array([scalars.loss.value, scalars.lr.value]),
        "tensors": _tensor_table(operands, machine),
        "chunks": plan.chunks,
        "segments": plan.segments,
    }
    sizes = [part.nbytes for part in parts.values()]
    offsets = dict(zip(parts, np.cumsum([0, *sizes]).tolist(), strict=False))
    tables = machine.empty((sum(sizes),), "uint8")
    base = machine.pointer(tables)

    # 3. Fill the top table with addresses. Those of the other tables are known now: the block's start plus the offset.
    top = parts["job"][0]
    for name in ("tensors", "chunks", "segments"):
        top[name] = base + offsets[name]
    for name, array in (("partials", partials), ("faults", faults), ("before", before)):
        top[name] = machine.pointer(array)
    top["step"], top["new_step"] = machine.pointer(scalars.step), machine.pointer(scalars.new_step)
    for i, (old, new) in enumerate(zip(scalars.scalars, scalars.new_scalars, strict=True)):
        top["scalars"][i], top["new_scalars"][i] = machine.pointer(old), machine.pointer(new)
    top["trace"], top["trace_stride"] = machine.pointer(scalars.trace), segments

    # 4. Point to the loss and the learning rate. The kernels always read them through a pointer and a code for the
    #    dtype: either the caller's array, which may change between calls, or the float64 copy in the table "numbers".
    for i, name in enumerate(("loss", "lr")):
        number: DeviceNumber = getattr(scalars, name)
        if number.array is None:
            top[name], top[f"{name}_type"] = base + offsets["numbers"] + 8 * i, DTYPES.index("float64")
        else:
            top[name], top[f"{name}_type"] = machine.pointer(number.array), DTYPES.index(str(number.array.dtype))
    top["settings"][: len(settings)] = settings

    # 5. Copy everything at once. The kernels hold bare addresses, so the arrays must be kept alive from here on.
    machine.write(tables, np.concatenate([part.view(np.uint8) for part in parts.values()]))
    return Job(tables, faults, before, (partials, operands, scalars))


def _tensor_table(operands: Operands, machine: Machine) -> NDArray[Any]:
    """Return the table of addresses with one row for each parameter tensor."""
    table = np.zeros(len(operands.x), TENSOR)
    columns = {"x": operands.x, "g": operands.g, "new_x": operands.new_x}
    for name, old, new in zip("ab", operands.states, operands.new_states, strict=False):
        columns |= {name: old, f"new_{name}": new}
    for name, arrays in columns.items():
        table[name] = [machine.pointer(array) for array in arrays]
    # A kernel loads 16 bytes at a time if all arrays of the tensor start at a multiple of 16, else entry by entry.
    starts = np.stack([table[name] for name in columns])
    table["aligned"] = np.all(starts % ALIGNMENT == 0, axis=0)
    return table
