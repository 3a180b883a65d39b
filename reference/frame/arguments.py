"""What a method accepts: parameters, gradients, losses and hyperparameters, and the errors for everything else."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from momoracle.reference.frame.ranges import Range, declarations_of
from momoracle.reference.numbers.base import Numbers
from momoracle.reference.numbers.exact import Exact
from momoracle.reference.numbers.floats import Floats, Replicas, all_finite, working_dtype

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


def number_system(arrays: Sequence[Any], replicas: int | None, name: str = "params") -> Numbers:
    """Return the number system that the arrays are written in."""
    if any(is_device_array(array) for array in arrays):
        from momoracle.reference.numbers.device import Device

        return Device(arrays)
    if all(array.dtype.kind == "f" for array in arrays):
        return Floats(arrays) if replicas is None else Replicas(arrays, replicas)
    if any(array.dtype.kind == "f" for array in arrays):
        raise TypeError(f"{name} holds both floats and objects; one number system for all arrays is needed")
    entries = [entry for array in arrays for entry in array.flat]
    if replicas is not None:
        raise TypeError("replicas work on floating-point arrays only; run object arrays one at a time (replicas=None)")
    if all(isinstance(entry, (Fraction, int)) for entry in entries):
        return Exact(arrays)
    # The other systems are imported where they are met: they bring python-flint and SymPy.
    modules = {type(e).__module__.split(".")[0] for e in entries if not isinstance(e, (Fraction, int))}
    if modules == {"flint"}:
        from momoracle.reference.numbers.balls import Balls

        return Balls(arrays)
    if modules == {"sympy"}:
        from momoracle.reference.numbers.symbols import Symbols

        return Symbols(arrays)
    if modules == {"momoracle"}:
        from momoracle.reference.numbers.rounded_balls import RoundedBalls

        return RoundedBalls(arrays)
    raise TypeError(
        f"{name} holds objects of {', '.join(sorted(modules))}; allowed is one of fractions.Fraction, flint.arb and "
        "SymPy expressions, or arrays of floats"
    )


def check_same_numbers(arrays: Sequence[Any], numbers: Numbers, name: str) -> None:
    """Refuse objects of another number system than that of the parameters."""
    if arrays[0].dtype == object and type(number_system(arrays, None, name)) is not type(numbers):
        raise TypeError(f"{name} holds other numbers than params; one number system for both is needed")


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


def check_same_structure(value: Any, params: Arrays, name: str) -> None:
    """Refuse one array where there is a list of them, and the other way round."""
    listed = isinstance(params, (list, tuple))
    if isinstance(value, (list, tuple)) != listed:
        has, needs = ("one", "a list of them") if listed else ("a list", "one array")
        raise TypeError(f"{name} is {has} where params is {needs}; pass them in the same structure, from init on")


def check_same_shapes(arrays: Sequence[Any], like: Sequence[Any], name: str, model: str) -> None:
    """Refuse arrays that differ from ``like`` in number or shape."""
    if len(arrays) != len(like):
        raise ValueError(f"{name} has {len(arrays)} arrays where {model} has {len(like)}; pass one for each")
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        if array.shape != other.shape:
            raise ValueError(
                f"{name}[{i}] has shape {array.shape} where {model}[{i}] has {other.shape}; they must be equal"
            )


def check_matching(arrays: Sequence[Any], like: Sequence[Any], name: str, model: str) -> None:
    """Refuse arrays that differ from ``like`` in number, shape or dtype."""
    check_same_shapes(arrays, like, name, model)
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        if array.dtype != other.dtype:
            raise TypeError(
                f"{name}[{i}] has dtype {array.dtype} where {model}[{i}] has {other.dtype}; "
                f"pass {name}[{i}].astype({other.dtype})"
            )


def check_state_dtypes(arrays: Sequence[Any], like: Sequence[Any], name: str) -> None:
    """Refuse state tensors of another dtype than ``init`` gives for these parameters."""
    for i, (array, other) in enumerate(zip(arrays, like, strict=True)):
        needed = working_dtype(other.dtype) if other.dtype.kind == "f" else other.dtype
        if array.dtype != needed:
            raise TypeError(
                f"{name}[{i}] has dtype {array.dtype}; params[{i}] of {other.dtype} needs {needed}: pass a state that "
                "init made for these parameters"
            )


def check_not_nan(value: Any, name: str) -> None:
    """Refuse state scalars that are NaN; exact numbers have none."""
    for number in value if isinstance(value, list) else [value]:
        if (type(number) is float and number != number) or (isinstance(number, np.ndarray) and np.isnan(number).any()):
            raise ValueError(f"{name} is NaN; pass a state as init or a step returned it")


def check_state_scalar(value: Any, name: str, may_be_infinite: Callable[[], bool]) -> None:
    """Refuse a scalar of a state that is NaN or infinite; exact numbers are neither.

    Args:
        value: the scalar, or a list of them, one a tensor.
        name: what messages call it.
        may_be_infinite: tells whether −inf is allowed; it is asked only where it matters.
    """
    check_not_nan(value, name)
    for number in value if isinstance(value, list) else [value]:
        if has_infinity(number) and (np.max(number) == np.inf or not may_be_infinite()):
            raise ValueError(f"{name} is {number}; it must be finite: pass a state as init or a step returned it")


def has_infinity(value: Any) -> bool:
    """Tell whether a scalar, or one of several replicas, is a float that is infinite."""
    return math.isinf(value) if type(value) is float else isinstance(value, np.ndarray) and bool(np.isinf(value).any())


def check_state_arrays(tensors: dict[str, list[Any]]) -> None:
    """Refuse arrays of a state that have NaN or infinite entries."""
    for name, arrays in tensors.items():
        for i, array in enumerate(arrays):
            if array.dtype.kind == "f" and not all_finite(array):
                bad = array.size - int(float(np.isfinite(array).sum()))
                raise ValueError(
                    f"state.{name}[{i}] has {bad} entries that are NaN or infinite; every entry must be finite: "
                    "pass a state as init or a step returned it"
                )


def targets_of(
    out: Any, x: Sequence[Any], g: Sequence[Any], old: dict[str, list[Any]], kind: type
) -> dict[str, list[Any]]:
    """Return the arrays of ``out=(params, state)`` by quantity."""
    if not isinstance(out, tuple) or len(out) != 2 or not isinstance(out[1], kind):
        raise TypeError(f"out is a {type(out).__name__}; a pair (params, state) is needed, the state a {kind.__name__}")
    targets = {"params": arrays_of(out[0], "out[0]")}
    check_matching(targets["params"], x, "out[0]", "params")
    for name in old:
        targets[name] = arrays_of(getattr(out[1], name), f"out[1].{name}")
        check_matching(targets[name], old[name], f"out[1].{name}", f"state.{name}")
    for name, arrays in targets.items():
        if not all(array.flags.c_contiguous and array.flags.writeable for array in arrays):
            raise ValueError(f"out has a {name} array that is read-only or not C-contiguous; both are needed to write")
        for inputs in (x, g, *old.values()):
            _refuse_partial_overlap(arrays, inputs, name)
    _refuse_shared_targets(targets)
    return targets


def _refuse_shared_targets(targets: dict[str, list[Any]]) -> None:
    """Refuse two targets with a byte in common: what is written to one of them would spoil the other."""
    spans = sorted(
        (start, start + array.nbytes, f"{name}[{i}]")
        for name, arrays in targets.items()
        for i, array in enumerate(arrays)
        if array.nbytes
        for start in [array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr]
    )
    for (_, end, first), (start, _, second) in pairwise(spans):  # in order, so that neighbours tell
        if start < end:
            raise ValueError(f"out has {first} and {second} that overlap; pass an array of its own for each")


def _refuse_partial_overlap(arrays: Sequence[Any], inputs: Sequence[Any], name: str) -> None:
    # The same array is fine, entry by entry; a shifted one would be read after it was written.
    for i, array in enumerate(arrays):
        for j, other in enumerate(inputs):
            if isinstance(array, np.ndarray) and np.may_share_memory(array, other):
                same = array.ctypes.data == other.ctypes.data and array.strides == other.strides
                if not (i == j and same):
                    raise ValueError(
                        f"out has a {name} array that overlaps an input; pass that array itself, or another"
                    )


def check_finite_arrays(arrays: Sequence[Any], name: str) -> None:
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
    if isinstance(loss, (int, float, np.generic, np.ndarray, list, tuple)):
        try:
            value = np.asarray(loss)
            if value.dtype.kind in "bcSU":
                raise TypeError
            value = value.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(f"loss is {loss!r}; a real number is needed, or one a replica") from None
        allowed = [()] if numbers.replicas is None else [(), (numbers.replicas,)]
        if value.shape not in allowed:
            raise ValueError(f"loss has shape {value.shape}; allowed: {' or '.join(map(str, allowed))}")
        if not np.isfinite(value).all():
            raise ValueError(f"loss is {loss}; it must be finite: skip the step. Nothing was changed")
        return numbers.scalar(value if value.shape else loss if isinstance(loss, (int, float)) else float(value))
    if isinstance(numbers, Floats) or (not isinstance(loss, Fraction) and _module(loss) not in EXACT):
        raise TypeError(f"loss is {loss!r}; a real number is needed, or one a replica")
    return numbers.scalar(loss)


EXACT = ("flint", "sympy", "momoracle")  # whose numbers stand for reals that no float holds


def _module(value: Any) -> str:
    return type(value).__module__.split(".")[0]


def check_range(name: str, value: Any, interval: Range, allowed: str | None = None) -> None:
    """Refuse a hyperparameter outside its range; ``allowed`` says the range in other words than its own.

    Symbols and balls are taken as they are: their range is the caller's assumption.
    """
    allowed = allowed or interval.allowed(name)
    real = isinstance(value, (int, float, Fraction, np.integer, np.floating, np.ndarray))
    if isinstance(value, (bool, np.bool_)) or not real or getattr(value, "dtype", np.dtype(float)).kind not in "iuf":
        if _module(value) in EXACT and hasattr(value, "__mul__"):  # a number, and not an optimizer, say
            return
        raise TypeError(f"{name} is {value!r}; a real number is needed: {allowed}")
    if not np.all(interval.contains(value)):
        raise ValueError(f"{name} is {value}; allowed: {allowed}")


def check_as_floats(method: type, hyperparameters: dict[str, Any]) -> None:
    """Refuse exact hyperparameters that leave their range as float64, as 1 − 10^-30 does: it is 1.

    What float64 holds was checked when the method was made.
    """
    exact = {name: value for name, value in hyperparameters.items() if not _is_plain(value)}
    for declared in declarations_of(method) if exact else ():
        if declared.name in exact and declared.range is not None:
            check_as_float(declared.name, exact[declared.name], declared.range)


def check_as_float(name: str, value: Any, interval: Range, allowed: str | None = None) -> None:
    """Refuse one number that leaves its range as float64."""
    if not isinstance(value, (int, Fraction, np.generic, np.ndarray)):
        return  # a schedule, or a number whose range is the caller's assumption
    exact: Any = value
    try:
        number: Any = exact.astype(np.float64) if isinstance(value, (np.ndarray, np.generic)) else float(exact)
    except OverflowError:
        number = math.inf if exact > 0 else -math.inf
    if not np.all(interval.contains(number)):
        text = f"an integer of {value.bit_length()} bits" if isinstance(value, int) else f"{value}"
        text = text if len(text) < 80 else f"a {type(value).__name__}"
        allowed = allowed or interval.allowed(name)
        raise ValueError(f"{name} is {text}, which is {number} in float64; allowed: {allowed}")


def _is_plain(value: Any) -> bool:
    """Tell whether float64 holds a hyperparameter exactly, at a glance."""
    kind = type(value)
    return kind is float or kind is bool or (kind is int and -(2**53) < value < 2**53)


def check_one_a_replica(hyperparameters: dict[str, Any], replicas: int | None) -> None:
    """Refuse hyperparameters that are arrays of another shape than one number a replica."""
    for name, value in hyperparameters.items():
        if isinstance(value, np.ndarray) and value.shape not in ((), (replicas,)):
            allowed = "() or (replicas,)" if replicas is None else f"() or ({replicas},)"
            raise ValueError(f"{name} has shape {value.shape} with replicas={replicas}; allowed: {allowed}")


def check_switch(name: str, value: Any) -> None:
    """Refuse anything but True and False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}; allowed: True or False")
