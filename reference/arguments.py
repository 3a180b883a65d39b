"""What a method accepts: parameters, gradients, losses and hyperparameters, and the errors for everything else."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from momoracle.reference.exact import Exact
from momoracle.reference.floats import Floats, Replicas, all_finite
from momoracle.reference.numbers import Numbers

Arrays: TypeAlias = Any  # one array, or a list of arrays: results come in the structure of the parameters


def arrays_of(value: Arrays, name: str) -> list[Any]:
    """Return one array or a sequence of arrays as a list of arrays of real floating point or object entries."""
    listed = isinstance(value, (list, tuple))
    arrays = list(value) if listed else [value]
    for i, array in enumerate(arrays):
        if isinstance(array, np.generic):
            arrays[i] = array = np.asarray(array)
        if not (isinstance(array, np.ndarray) or is_device_array(array)):
            label = f"{name}[{i}]" if listed else name
            raise TypeError(
                f"{label} is a {type(array).__module__}.{type(array).__qualname__}; a NumPy or CuPy array is needed: "
                f"pass numpy.asarray({label})"
            )
        if array.dtype.kind not in "fO":
            label = f"{name}[{i}]" if listed else name
            raise TypeError(
                f"{label} has dtype {array.dtype}; real floating point is needed (float16 to longdouble, or object "
                f"arrays of Fraction, flint.arb or SymPy numbers): pass {label}.astype(float)"
            )
    if not arrays:
        raise ValueError(f"{name} is empty; pass one array, or a list of at least one")
    return arrays


def is_device_array(value: Any) -> bool:
    """Tell a CuPy array without importing CuPy."""
    return not isinstance(value, np.ndarray) and type(value).__module__.split(".")[0] == "cupy"


def number_system(arrays: Sequence[Any], replicas: int | None) -> Numbers:
    """Return the number system that the parameters are written in."""
    if any(is_device_array(array) for array in arrays):
        from momoracle.reference.device import Device

        return Device(arrays)
    if all(array.dtype.kind == "f" for array in arrays):
        return Floats(arrays) if replicas is None else Replicas(arrays, replicas)
    entries = [entry for array in arrays if array.dtype == object for entry in array.flat]
    if replicas is not None:
        raise TypeError("replicas work on floating-point arrays only; run object arrays one at a time (replicas=None)")
    if all(isinstance(entry, (Fraction, int)) for entry in entries):
        return Exact(arrays)
    # The other systems are imported where they are met: they bring python-flint and SymPy.
    module = next(type(e).__module__.split(".")[0] for e in entries if not isinstance(e, (Fraction, int)))
    if module == "flint":
        from momoracle.reference.balls import Balls

        return Balls(arrays)
    if module == "sympy":
        from momoracle.reference.symbols import Symbols

        return Symbols(arrays)
    if module == "momoracle":
        from momoracle.reference.rounding import RoundedBalls

        return RoundedBalls(arrays)
    raise TypeError(
        f"params holds objects of {module}; allowed are floats, fractions.Fraction, flint.arb and SymPy expressions"
    )


def check_replicas(arrays: Sequence[Any], replicas: int | None) -> None:
    """Refuse a number of replicas that is not the leading axis of every array."""
    if replicas is None:
        return
    if not isinstance(replicas, int) or replicas < 1:
        raise ValueError(f"replicas is {replicas!r}; allowed: an integer >= 1, or None for a single run")
    for i, array in enumerate(arrays):
        if array.ndim == 0 or array.shape[0] != replicas:
            raise ValueError(
                f"params[{i}] has shape {array.shape}, but with replicas={replicas} its leading axis must have "
                f"{replicas} entries: stack the runs along axis 0"
            )


def same_shapes(arrays: Sequence[Any], like: Sequence[Any], name: str, model: str) -> None:
    """Refuse arrays that differ from ``like`` in number or shape."""
    if len(arrays) != len(like):
        raise ValueError(f"{name} has {len(arrays)} arrays where {model} has {len(like)}; pass one for each")
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        if array.shape != other.shape:
            raise ValueError(
                f"{name}[{i}] has shape {array.shape} where {model}[{i}] has {other.shape}; they must be equal"
            )


def matching(arrays: Sequence[Any], like: Sequence[Any], name: str, model: str) -> None:
    """Refuse arrays that differ from ``like`` in number, shape or dtype."""
    same_shapes(arrays, like, name, model)
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        if array.dtype != other.dtype:
            raise TypeError(
                f"{name}[{i}] has dtype {array.dtype} where {model}[{i}] has {other.dtype}; "
                f"pass {name}[{i}].astype({other.dtype})"
            )


def targets_of(out: tuple[Arrays, Any], x: Sequence[Any], old: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the arrays of ``out=(params, state)`` by quantity."""
    params, state = out
    targets = {"params": arrays_of(params, "out[0]")}
    matching(targets["params"], x, "out[0]", "params")
    for name in old:
        targets[name] = arrays_of(getattr(state, name), f"out[1].{name}")
        matching(targets[name], old[name], f"out[1].{name}", f"state.{name}")
    for name, arrays in targets.items():
        if not all(array.flags.c_contiguous and array.flags.writeable for array in arrays):
            raise ValueError(f"out has a {name} array that is read-only or not C-contiguous; both are needed to write")
    return targets


def finite_arrays(arrays: Sequence[Any], name: str) -> None:
    """Refuse NaN and infinite entries."""
    for i, array in enumerate(arrays):
        if array.dtype.kind == "f" and not all_finite(array):
            bad = array.size - int(float(np.isfinite(array).sum()))
            raise ValueError(
                f"{name}[{i}] has {bad} entries that are NaN or infinite; every entry must be finite: "
                "skip the step or lower the loss scale. Nothing was changed"
            )


def loss_of(loss: Any, numbers: Numbers, needed_by: str | None) -> Any:
    """Return the loss as a scalar of the number system: a finite number, or one a replica."""
    if loss is None:
        if needed_by is None:
            return None
        raise TypeError(
            f"loss is missing; {needed_by} computes its step size from the loss at params: pass loss=f(params)"
        )
    if type(loss) is float and math.isfinite(loss):
        return numbers.scalar(loss)
    if isinstance(numbers, Floats):
        value = np.asarray(loss, dtype=np.float64)
        allowed = [()] if numbers.replicas is None else [(), (numbers.replicas,)]
        if value.shape not in allowed:
            raise ValueError(f"loss has shape {value.shape}; allowed: {' or '.join(map(str, allowed))}")
        if not np.isfinite(value).all():
            raise ValueError(f"loss is {loss}; it must be finite: skip the step. Nothing was changed")
        loss = value if value.shape else float(value)
    return numbers.scalar(loss)


def in_range(name: str, value: Any, low: float, high: float, allowed: str) -> None:
    """Refuse a hyperparameter outside [low, high), or (low, high) where ``allowed`` excludes low.

    Symbols and balls are taken as they are: their range is the caller's assumption.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, Fraction, np.ndarray, np.generic)):
        if type(value).__module__.split(".")[0] in ("sympy", "flint", "momoracle"):
            return
        raise TypeError(f"{name} is {value!r}; a real number is needed: {allowed}")
    number: Any = value
    inside = (number > low if allowed.startswith(f"{low} < ") else number >= low) & (number < high)
    if not np.all(inside):
        raise ValueError(f"{name} is {value}; allowed: {allowed}")


def fraction(name: str, value: Any) -> None:
    """Refuse an averaging weight outside [0, 1)."""
    in_range(name, value, 0, 1, f"0 <= {name} < 1")


def nonnegative(name: str, value: Any) -> None:
    """Refuse a hyperparameter below 0."""
    in_range(name, value, 0, np.inf, f"0 <= {name} < inf")
