"""Check that what a method's class declares and what its text returns fit together, and say what is missing."""

from collections.abc import Collection, Mapping
from typing import Any

from momoracle.reference.numbers.expressions import Vector

_FRAME = ("step", "replicas")  # the first fields of every state


def check_class(method: type) -> None:
    """Refuse a class of a method without State or Trace, or whose ``tensors`` are in neither.

    Raises:
        TypeError: the message says what to declare.
    """
    name = method.__name__
    for kind, holds in (("State", "step, replicas and what the method keeps"), ("Trace", "every quantity of a step")):
        fields = getattr(getattr(method, kind, None), "_fields", None)
        if fields is None:
            raise TypeError(
                f"{name} declares no {kind}; a NamedTuple class is needed, with {holds}: "
                f"write `{kind}: ClassVar[Any] = {name}{kind}`"
            )
        if kind == "State" and fields[:2] != _FRAME:
            raise TypeError(
                f"{name}.State has the fields {', '.join(fields) or 'none'}; the first two must be "
                "`step: int` and `replicas: int | None`"
            )
    tensors: Any = method.tensors  # type: ignore[attr-defined]
    known = {*method.State._fields, *method.Trace._fields}  # type: ignore[attr-defined]
    unknown = [tensor for tensor in tensors if tensor not in known]
    if isinstance(tensors, str) or unknown:
        raise TypeError(
            f"{name}.tensors is {tensors!r}; a tuple of names of fields is needed that State or Trace has: "
            f"{', '.join(sorted(known - {*_FRAME})) or 'none'}"
        )


def check_start(method: type, start: Mapping[str, Any], scalars: Collection[str]) -> None:
    """Refuse initial values that are not exactly those of the state's scalars."""
    missing = [name for name in scalars if name not in start]
    unknown = [name for name in start if name not in scalars]
    if missing:
        raise TypeError(
            f"{method.__name__}.start() gives no {', '.join(missing)}; State has it as a scalar: return its first "
            "value from start(), or name it in `tensors` where it holds one array a parameter tensor"
        )
    if unknown:
        raise TypeError(
            f"{method.__name__}.start() gives {', '.join(unknown)}; only scalars of State have a first value: "
            f"{', '.join(scalars) or 'there is none'}"
        )


def check_quantities(method: type, result: Any, tensors: Collection[str], declared: Collection[str]) -> None:
    """Refuse what ``advance`` returned where a declared quantity is missing, or is a scalar instead of a vector.

    Args:
        method: the class.
        result: what its ``advance`` returned.
        tensors: the quantities that hold one array a parameter tensor.
        declared: all quantities that State and Trace declare.

    Raises:
        TypeError: the message names the quantity.
    """
    name = f"{method.__name__}.advance"
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)):
        raise TypeError(f"{name} returned a {type(result).__name__}; return Advance(x, {{…}}), every quantity by name")
    params, quantities = result
    if not quantities.keys() >= declared:
        missing = ", ".join(sorted(declared - quantities.keys()))
        raise TypeError(
            f"{name} returned no {missing}, which State or Trace declares: "
            "put it into the dictionary that Advance takes, or leave it out of both"
        )
    if not isinstance(params, Vector):
        raise TypeError(f"{name} returned a scalar as the new parameters; return a formula of x, such as x - alpha * g")
    for quantity in declared:
        if isinstance(quantities[quantity], Vector) != (quantity in tensors):
            has, needs = ("a scalar", "a vector") if quantity in tensors else ("a vector", "a scalar")
            mend = "leave it out of" if quantity in tensors else "name it in"
            raise TypeError(
                f"{name} returned {has} as {quantity}, where {needs} is declared: "
                f"{mend} {method.__name__}.tensors, or return {needs}"
            )
