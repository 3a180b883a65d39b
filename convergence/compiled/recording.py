"""The text of one step of an ensemble, recorded: a method's own, and the loss's of a linear model."""

from collections.abc import Sequence
from dataclasses import fields
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.engine.replicas import has_cap, is_at_cap
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.problem import Problem
from momoracle.reference import Method
from momoracle.reference.frame.method import Now
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.numbers.recorded import Leaf, Number, Recorded, StepNumber

_WIDE = np.float64


def _input(name: str, dtype: Any = _WIDE) -> Number:
    return Number("input", name, dtype=dtype)


class NotRecorded(Exception):  # noqa: N818 - carries the reason; `code_of` names the method and the problem
    """A method or a loss cannot be recorded, with the reason."""


class Recording(NamedTuple):
    """The text of one step after the first: formulas of what it computes."""

    loss: Number
    slope: Number
    results: dict[str, Vector]  # the parameters and the state's tensors
    scalars: dict[str, Any]  # of the state, the sum of the losses, and whether a cap bound
    trace: dict[str, Any]  # scalars of the trace
    measures: dict[str, Any]  # what certificates carry from step to step
    hyperparameters: dict[str, str]  # of one number a replica, by the names of their inputs


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
        # The loss of a linear model depends on one number, the product <a_s, x>; so it is recorded on a number that
        # stands for it. The gradient is the row times the slope, and needs no recording.
        loss, slope = model.loss(_input("product", dtype), _input("target", dtype))
        loss = (loss + model.constant if model.constant else loss).astype(_WIDE)
        # Then the method's own text is executed once. Its numbers are no floats but symbols that write down what is
        # done to them: points and tensors are leaves, scalars of the state are inputs of their names.
        state = {name: Leaf(name) if name in method.tensors else _input(name) for name in method.State._fields[2:]}
        alpha = _input("alpha") if callable(method.lr) else numbers.scalar(method.lr)
        step: Any = StepNumber()  # stands for the number of the step
        now = Now(step, alpha, loss, numbers)
        text = method.advance(Leaf("x"), Leaf("g"), method.State(step=1, replicas=None, **state), now)
        quantities = text.quantities
        trace = {name: quantities[name] for name in method.Trace._fields if not isinstance(quantities[name], Vector)}
        # The certificates are NumPy code over arrays, which symbols go through too: one text for both engines.
        of_momo, of_losses = ([c for c in certificates if c.of == kind] for kind in ("momo", "losses"))
        measures = _record_momo(problem, dtype, method, alpha, numbers, loss, trace, of_momo) if of_momo else {}
        measures |= _record_losses(problem, dtype, loss, of_losses) if of_losses else {}
    except TypeError as error:  # the text asked a symbol for a value, say in an if
        raise NotRecorded(str(error)) from error
    scalars = {name: quantities[name] for name in state if name not in method.tensors}
    scalars["total"] = _input("total") + loss
    if has_cap(method):
        so_far: Any = _input("capped")
        scalars["capped"] = np.maximum(so_far, is_at_cap(quantities["step_size"], quantities["weight_sum"], alpha))
    return Recording(
        loss,
        slope,
        {"x": text.params} | {name: quantities[name] for name in state if name in method.tensors},
        scalars,
        trace,
        measures,
        {
            slot: next(o.name for o in fields(method) if getattr(method, o.name) is v)
            for slot, v in numbers.settings.items()
        },
    )


def _record_momo(
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
    measurer = Measurer(problem, options, problem.start_point[None].astype(dtype))
    for name in Measurer.CARRIED:
        carried = _input(f"measured {name}")
        setattr(measurer, name, carried > 0 if getattr(measurer, name).dtype == bool else carried)
    k, squares = StepNumber(), (_input("gradient_norm_sq"), _input("distance_sq"))
    measured = measurer.step(loss, squares[0], SimpleNamespace(**trace), squares[1], k)  # type: ignore[arg-type]
    measures: dict[str, Any] = {f"measured {name}": getattr(measurer, name) for name in Measurer.CARRIED}
    return measures | _record_ledgers(certificates, measured, problem, k)


def _record_losses(problem: Problem, dtype: Any, loss: Number, certificates: Sequence[Certificate]) -> dict[str, Any]:
    """Return what a `LossMeasurer` and ledgers carry, after one more step."""
    measurer, k = LossMeasurer(problem, problem.start_point[None].astype(dtype)), StepNumber()
    for name in LossMeasurer.CARRIED:
        setattr(measurer, name, _input(f"measured {name}"))
    measured = measurer.step(loss, k)
    measures: dict[str, Any] = {f"measured {name}": getattr(measurer, name) for name in LossMeasurer.CARRIED}
    return measures | _record_ledgers(certificates, measured, problem, k)


def _record_ledgers(
    certificates: Sequence[Certificate], measured: Any, problem: Problem, k: StepNumber
) -> dict[str, Any]:
    ledgers: dict[str, Any] = {}
    for certificate in certificates:
        ledger = Ledger(*(_input(f"{certificate.id} {part}") for part in Ledger._fields))
        ledger = ledger.after(certificate.sides(measured, problem), k, _input("alive") > 0)
        ledgers |= {f"{certificate.id} {part}": value for part, value in ledger._asdict().items()}
    return ledgers
