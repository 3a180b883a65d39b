"""The text of one step of an ensemble, recorded: a method's own, and the loss's of a linear model."""

from collections.abc import Sequence
from dataclasses import fields
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.engine.tile import at_cap, capped
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.problem import Problem
from momoracle.reference import Method
from momoracle.reference.method import Now
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.numbers.recorded import Leaf, Number, Recorded, StepNumber

_WIDE = np.float64


def _given(name: str, dtype: Any = _WIDE) -> Number:
    return Number("input", name, dtype=dtype)


class NotRecorded(Exception):  # noqa: N818 - carries the reason; `program_of` names the method and the problem
    """A method or a loss cannot be recorded, with the reason."""


class Recording(NamedTuple):
    """The text of one step after the first: formulas of what it computes."""

    loss: Number
    slope: Number
    results: dict[str, Vector]  # the parameters and the state's tensors
    scalars: dict[str, Any]  # of the state, the sum of the losses, and whether a cap bound
    trace: dict[str, Any]  # scalars of the trace
    measures: dict[str, Any]  # what certificates carry from step to step
    given: dict[str, str]  # hyperparameters of one number a replica, by the names of their inputs


def record(problem: Problem, method: Any, dtype: Any, certificates: Sequence[Certificate]) -> Recording:
    """Return the recorded step of a method on a problem in a dtype, and what certificates make of it.

    Raises:
        NotRecorded: the method, the problem or a certificate cannot be recorded.
    """
    model: Any = problem.sample_loss_and_grad
    if not isinstance(model, LinearModel):
        raise NotRecorded("its losses are not those of a LinearModel")
    if not isinstance(method, Method):
        raise NotRecorded(f"{type(method).__name__} has no text of one step")
    numbers, dtype = Recorded([]), np.dtype(dtype)
    try:
        loss, slope = model.loss(_given("product", dtype), _given("target", dtype))
        loss = (loss + model.constant if model.constant else loss).astype(_WIDE)
        held = {name: Leaf(name) if name in method.tensors else _given(name) for name in method.State._fields[2:]}
        alpha = _given("alpha") if callable(method.lr) else numbers.scalar(method.lr)
        step: Any = StepNumber()  # stands for the number of the step
        now = Now(step, alpha, loss, numbers)
        text = method.advance(Leaf("x"), Leaf("g"), method.State(step=1, replicas=None, **held), now)
        found = text.quantities
        trace = {name: found[name] for name in method.Trace._fields if not isinstance(found[name], Vector)}
        of_momo, of_losses = ([c for c in certificates if c.of == kind] for kind in ("momo", "losses"))
        measures = _measures(problem, dtype, method, alpha, numbers, loss, trace, of_momo) if of_momo else {}
        measures |= _losses(problem, dtype, loss, of_losses) if of_losses else {}
    except TypeError as error:
        raise NotRecorded(str(error)) from error
    scalars = {name: found[name] for name in held if name not in method.tensors} | {"total": _given("total") + loss}
    if capped(method):
        so_far: Any = _given("capped")
        scalars["capped"] = np.maximum(so_far, at_cap(found["step_size"], found["weight_sum"], alpha))
    return Recording(
        loss,
        slope,
        {"x": text.params} | {name: found[name] for name in held if name in method.tensors},
        scalars,
        trace,
        measures,
        {
            slot: next(o.name for o in fields(method) if getattr(method, o.name) is v)
            for slot, v in numbers.given.items()
        },
    )


def _measures(
    problem: Problem,
    dtype: Any,
    method: Any,
    alpha: Any,
    numbers: Recorded,
    loss: Number,
    trace: dict[str, Any],
    certificates: Sequence[Certificate],
) -> dict[str, Any]:
    """Return what a `Measurer` and ledgers carry, after one more step."""
    options = SimpleNamespace(lr=alpha, beta=numbers.scalar(method.beta), bias_correction=method.bias_correction)
    measurer = Measurer(problem, options, problem.start[None].astype(dtype))
    for name in Measurer.CARRIED:
        carried = _given(f"measured {name}")
        setattr(measurer, name, carried > 0 if getattr(measurer, name).dtype == bool else carried)
    k, squares = StepNumber(), (_given("gradient_norm_sq"), _given("distance_sq"))
    measured = measurer.step(loss, squares[0], SimpleNamespace(**trace), squares[1], k)  # type: ignore[arg-type]
    found: dict[str, Any] = {f"measured {name}": getattr(measurer, name) for name in Measurer.CARRIED}
    return found | _checked(certificates, measured, problem, k)


def _losses(problem: Problem, dtype: Any, loss: Number, certificates: Sequence[Certificate]) -> dict[str, Any]:
    """Return what a `LossMeasurer` and ledgers carry, after one more step."""
    measurer, k = LossMeasurer(problem, problem.start[None].astype(dtype)), StepNumber()
    for name in LossMeasurer.CARRIED:
        setattr(measurer, name, _given(f"measured {name}"))
    measured = measurer.step(loss, k)
    found: dict[str, Any] = {f"measured {name}": getattr(measurer, name) for name in LossMeasurer.CARRIED}
    return found | _checked(certificates, measured, problem, k)


def _checked(certificates: Sequence[Certificate], measured: Any, problem: Problem, k: StepNumber) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for certificate in certificates:
        ledger = Ledger(*(_given(f"{certificate.id} {part}") for part in Ledger._fields))
        ledger = ledger.after(certificate.sides(measured, problem), k, _given("alive") > 0)
        found |= {f"{certificate.id} {part}": value for part, value in ledger._asdict().items()}
    return found
