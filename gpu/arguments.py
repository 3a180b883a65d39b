"""Check the arguments of a fused step; a mistake that the reference knows gets the reference's message."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.gpu.machine import Array, Machine
from momoracle.gpu.plan import DTYPES
from momoracle.reference.frame import arguments
from momoracle.reference.frame.ranges import CHANGING_RATE
from momoracle.reference.numbers.floats import Floats

_ON_DEVICE = ", or an array of one number on the device"


def as_arrays(value: Any, name: str, machine: Machine) -> list[Array]:
    """Return one array, or a list of arrays, as a list of the machine's arrays; refuse dtypes without kernels."""
    listed = isinstance(value, (list, tuple))
    values = list(value) if listed else [value]
    if not values:
        raise ValueError(f"{name} is empty; pass one array, or a list of at least one")
    labels = [f"{name}[{i}]" if listed else name for i in range(len(values))]
    arrays = [machine.array(item, label) for item, label in zip(values, labels, strict=True)]
    for array, label in zip(arrays, labels, strict=True):
        if str(array.dtype) not in DTYPES:
            raise TypeError(
                f"{label} has dtype {array.dtype}; real floating point is needed ({', '.join(sorted(DTYPES))}): "
                f"pass {label}.astype('float32')"
            )
    return arrays


def refuse_argument(name: str, value: Any, instead: str) -> None:
    """Refuse an argument that the reference has and the kernels do not."""
    if value is not None:
        raise TypeError(f"{name} is a {type(value).__name__}; a fused step has no {name}: leave it out; {instead}")


def state_dtype(dtype: Any) -> str:
    """Return the dtype of state and arithmetic, which is the reference's: that of the parameters, at least float32."""
    return "float64" if str(dtype) == "float64" else "float32"


def require_same_place(arrays: Sequence[Array], like: Array, name: str, machine: Machine) -> None:
    """Refuse arrays that are not in the memory of the first parameter."""
    for i, array in enumerate(arrays):
        if machine.place(array) != machine.place(like):
            raise ValueError(
                f"{name}[{i}] is on {machine.place(array)} where params[0] is on {machine.place(like)}; "
                "all arrays of a step must be on one device: copy it there"
            )


def require_state_tensors(arrays: Sequence[Array], like: Sequence[Array], name: str) -> None:
    """Refuse state tensors whose shapes or dtypes are not those that ``init`` makes for these parameters."""
    arguments.check_same_shapes(arrays, like, name, "params")
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        needed = state_dtype(other.dtype)
        if str(array.dtype) != needed:
            raise TypeError(
                f"{name}[{i}] has dtype {array.dtype}; params[{i}] of {other.dtype} needs {needed}: pass a state that "
                "init made for these parameters"
            )


def as_state_scalar(array: Any, shape: tuple[int, ...], dtype: str, name: str, machine: Machine) -> Array:
    """Return a scalar of the state (or one a tensor) as the machine's array; refuse another shape or dtype."""
    array = machine.array(array, name)
    if array.shape != shape or str(array.dtype) != dtype:
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype} where {shape} and {dtype} are needed: pass what "
            "init or the last step returned"
        )
    return array


def require_writable(value: Any, name: str) -> None:
    """Refuse arrays that must not be written: NumPy's read-only arrays, and all arrays of JAX."""
    listed = isinstance(value, (list, tuple))
    for i, array in enumerate(value if listed else [value]):
        label, jax = f"{name}[{i}]" if listed else name, sys.modules.get("jax")
        read_only = not getattr(getattr(array, "flags", None), "writeable", True)
        if read_only or (jax is not None and isinstance(array, jax.Array)):
            raise ValueError(
                f"{label} is a {type(array).__module__}.{type(array).__qualname__} that must not be written, and a "
                "bound step writes it: pass a copy in an array of CuPy's, or use step"
            )


def require_separate_memory(written: dict[str, Array], read: dict[str, Array], machine: Machine) -> None:
    """Refuse arrays that a step in place cannot use: not C-contiguous, or sharing memory with one that is written."""
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
    # Go through the arrays by address. An array overlaps an earlier one if it starts before the furthest end so far.
    # Two arrays that are only read may overlap, so there is one furthest end for these and one for the written arrays.
    furthest: dict[bool, tuple[int, int, str, bool]] = {}
    for span in sorted(spans):
        start, end, label, only_read = span
        for other in furthest.values():
            if start < other[1] and not (only_read and other[3]):
                raise ValueError(f"{label} overlaps {other[2]} in memory; a bound step needs separate arrays")
        if only_read not in furthest or end > furthest[only_read][1]:
            furthest[only_read] = span


def as_device_scalar(value: Any, name: str, machine: Machine) -> Array | None:
    """Return an array of one number on the device; None if the number is the host's."""
    if isinstance(value, (int, float, np.generic, np.ndarray, list, tuple)) or not hasattr(value, "dtype"):
        return None
    array = machine.array(value, name)
    if array.size != 1 or str(array.dtype) not in DTYPES:
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; allowed: one number of {', '.join(DTYPES)}"
        )
    return array


def check_loss(value: Any, needed_by: str | None) -> float:
    """Return a loss of the host as a float; refuse what the reference refuses."""
    loss = arguments.loss_of(value, Floats([np.empty(0)]), needed_by)
    return 0.0 if loss is None else float(loss if isinstance(loss, float) else loss.to_float())


def check_lr(value: Any, name: str) -> float:
    """Return a learning rate of the host as a float; refuse what the reference refuses."""
    arguments.check_range(name, value, CHANGING_RATE)
    if np.ndim(value):
        raise ValueError(f"{name} has shape {np.shape(value)}; allowed: one number" + _ON_DEVICE * (name == "lr"))
    return float(value)
