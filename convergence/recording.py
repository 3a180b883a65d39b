"""The text of one step of an ensemble, recorded: a method's own, and the loss's of a linear model."""

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.linear_model import LinearModel
from momoracle.convergence.tile import at_cap, capped
from momoracle.reference import Method
from momoracle.reference.expressions import Vector
from momoracle.reference.method import Now
from momoracle.reference.recorded import Leaf, Number, Recorded, StepNumber

_WIDE = np.float64


class NotRecorded(Exception):  # noqa: N818 - carries the reason; `program_of` names the method and the problem
    """A method or a loss cannot be recorded, with the reason."""


class Recording(NamedTuple):
    """The text of one step after the first: formulas of what it computes."""

    loss: Number
    slope: Number
    results: dict[str, Vector]  # the parameters and the state's tensors
    scalars: dict[str, Any]  # of the state, the sum of the losses, and whether a cap bound
    trace: dict[str, Any]  # scalars of the trace
    given: dict[str, str]  # hyperparameters of one number a replica, by the names of their inputs


def record(method: Any, model: Any, dtype: Any) -> Recording:
    """Return the recorded step of a method on a linear model.

    Raises:
        NotRecorded: the method or the model cannot be recorded.
    """
    if not isinstance(model, LinearModel):
        raise NotRecorded("its losses are not those of a LinearModel")
    if not isinstance(method, Method):
        raise NotRecorded(f"{type(method).__name__} has no text of one step")
    numbers, first = Recorded([]), lambda name, kind=_WIDE: Number("input", name, dtype=kind)
    try:
        loss, slope = model.loss(first("product", dtype), first("target", dtype))
        loss = (loss + model.constant if model.constant else loss).astype(_WIDE)
        held = {name: Leaf(name) if name in method.tensors else first(name) for name in method.State._fields[2:]}
        alpha = first("alpha") if callable(method.lr) else numbers.scalar(method.lr)
        now = Now(StepNumber(), alpha, loss, numbers)
        text = method.advance(Leaf("x"), Leaf("g"), method.State(step=1, replicas=None, **held), now)
    except TypeError as error:
        raise NotRecorded(str(error)) from error
    found = text.quantities
    scalars = {name: found[name] for name in held if name not in method.tensors} | {"total": first("total") + loss}
    if capped(method):
        scalars["capped"] = np.maximum(first("capped"), at_cap(found["step_size"], found["weight_sum"], alpha))
    return Recording(
        loss,
        slope,
        {"x": text.params} | {name: found[name] for name in held if name in method.tensors},
        scalars,
        {name: found[name] for name in method.Trace._fields if name in found and not isinstance(found[name], Vector)},
        {
            slot: next(o.name for o in fields(method) if getattr(method, o.name) is v)
            for slot, v in numbers.given.items()
        },
    )
