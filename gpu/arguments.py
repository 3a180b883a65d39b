"""What a fused step accepts, in the words of the reference wherever the reference knows the mistake."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.gpu.machine import Array, Machine
from momoracle.gpu.plan import DTYPES
from momoracle.reference import arguments
from momoracle.reference.numbers.floats import Floats
from momoracle.reference.ranges import CHANGING_RATE

_ON_DEVICE = ", or an array of one number on the device"


def arrays_of(value: Any, name: str, machine: Machine) -> list[Array]:
    """Return one array or a list of arrays as the machine's own, of a dtype that the kernels have."""
    listed = isinstance(value, (list, tuple))
    given = list(value) if listed else [value]
    if not given:
        raise ValueError(f"{name} is empty; pass one array, or a list of at least one")
    labels = [f"{name}[{i}]" if listed else name for i in range(len(given))]
    arrays = [machine.array(one, label) for one, label in zip(given, labels, strict=True)]
    for array, label in zip(arrays, labels, strict=True):
        if str(array.dtype) not in DTYPES:
            raise TypeError(
                f"{label} has dtype {array.dtype}; real floating point is needed ({', '.join(sorted(DTYPES))}): "
                f"pass {label}.astype('float32')"
            )
    return arrays


def not_offered(name: str, value: Any, instead: str) -> None:
    """Refuse an argument of the reference's that the kernels do not have."""
    if value is not None:
        raise TypeError(f"{name} is a {type(value).__name__}; a fused step has no {name}: leave it out; {instead}")


def state_dtype(dtype: Any) -> str:
    """Return the dtype of state and arithmetic, as the reference has it: that of the parameters, at least float32."""
    return "float64" if str(dtype) == "float64" else "float32"


def same_place(arrays: Sequence[Array], like: Array, name: str, machine: Machine) -> None:
    """Refuse arrays that lie in another memory than the first parameter."""
    for i, array in enumerate(arrays):
        if machine.place(array) != machine.place(like):
            raise ValueError(
                f"{name}[{i}] is on {machine.place(array)} where params[0] is on {machine.place(like)}; "
                "all arrays of a step must be on one device: copy it there"
            )


def state_tensors(arrays: Sequence[Array], like: Sequence[Array], name: str) -> None:
    """Refuse state tensors of another shape or dtype than ``init`` gives for these parameters."""
    arguments.same_shapes(arrays, like, name, "params")
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        needed = state_dtype(other.dtype)
        if str(array.dtype) != needed:
            raise TypeError(
                f"{name}[{i}] has dtype {array.dtype}; params[{i}] of {other.dtype} needs {needed}: pass a state that "
                "init made for these parameters"
            )


def state_scalar(array: Any, shape: tuple[int, ...], dtype: str, name: str, machine: Machine) -> Array:
    """Return a scalar of the state (or one a tensor) as the machine's array; refuse another shape or dtype."""
    array = machine.array(array, name)
    if array.shape != shape or str(array.dtype) != dtype:
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype} where {shape} and {dtype} are needed: pass what "
            "init or the last step returned"
        )
    return array


def writable(value: Any, name: str) -> None:
    """Refuse what its owner does not let others write: NumPy's read-only arrays, and all of JAX's."""
    listed = isinstance(value, (list, tuple))
    for i, one in enumerate(value if listed else [value]):
        label, jax = f"{name}[{i}]" if listed else name, sys.modules.get("jax")
        read_only = not getattr(getattr(one, "flags", None), "writeable", True)
        if read_only or (jax is not None and isinstance(one, jax.Array)):
            raise ValueError(
                f"{label} is a {type(one).__module__}.{type(one).__qualname__} that must not be written, and a bound "
                "step writes it: pass a copy in an array of CuPy's, or use step"
            )


def in_place(written: dict[str, Array], read: dict[str, Array], machine: Machine) -> None:
    """Refuse arrays that cannot be used where they are: not C-contiguous, or in memory of one that is written."""
    spans = []
    for label, array in {**written, **read}.items():
        if machine.contiguous(array) is not array:
            raise ValueError(
                f"{label} is not C-contiguous, and a bound step works on the memory itself: pass a contiguous array, "
                "or use step"
            )
        if array.size:
            start = machine.pointer(array)
            spans.append((start, start + array.size * array.dtype.itemsize, label, label in read))
    furthest: dict[bool, tuple[int, int, str, bool]] = {}  # so far, among those that are only read and the others
    for span in sorted(spans):
        start, end, label, kept = span
        for other in furthest.values():
            if start < other[1] and not (kept and other[3]):
                raise ValueError(f"{label} overlaps {other[2]} in memory; a bound step needs separate arrays")
        if kept not in furthest or end > furthest[kept][1]:
            furthest[kept] = span


def scalar_of(value: Any, name: str, machine: Machine) -> Array | None:
    """Return an array of one number on the device, or None for a number of the host."""
    if isinstance(value, (int, float, np.generic, np.ndarray, list, tuple)) or not hasattr(value, "dtype"):
        return None
    array = machine.array(value, name)
    if array.size != 1 or str(array.dtype) not in DTYPES:
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; allowed: one number of {', '.join(DTYPES)}"
        )
    return array


def host_loss(value: Any, needed_by: str | None) -> float:
    """Return a loss that the host knows as a float; refuse what the reference refuses."""
    loss = arguments.loss_of(value, Floats([np.empty(0)]), needed_by)
    return 0.0 if loss is None else float(loss if isinstance(loss, float) else loss.to_float())


def host_lr(value: Any, name: str) -> float:
    """Return a learning rate that the host knows; refuse what the reference refuses."""
    arguments.check_range(name, value, CHANGING_RATE)
    if np.ndim(value):
        raise ValueError(f"{name} has shape {np.shape(value)}; allowed: one number" + _ON_DEVICE * (name == "lr"))
    return float(value)
