"""Decide whether a case is a counterexample: find the first thing that a port got wrong in it."""

from dataclasses import dataclass

from momoracle.ports.adapters.port_spec import PortSpec
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.messages import Observed, Outcome
from momoracle.ports.running.report import as_number
from momoracle.ports.search.script import deviation_script, incident_script
from momoracle.reference.golden.cases import Case
from momoracle.reference.golden.vectors import GoldenVector

_REFUSALS = ("ValueError", "TypeError", "NotImplementedError")  # in ``start``: the port takes no such value


@dataclass(frozen=True)
class Failure:
    """A case that a port fails: what was off after which step, and the script that shows it.

    ``quantity`` is ``params``, or the kind of an incident, whose message is then ``observed``.
    """

    case: Case
    quantity: str
    step: int
    observed: float | str
    expected: float | str
    tolerance: float
    script: str


def is_refused(outcome: Outcome) -> bool:
    """Tell whether the port takes no such hyperparameter: its start said so."""
    return any(
        incident.kind == "exception" and incident.step == 0 and incident.message.startswith(_REFUSALS)
        for incident in outcome.incidents
    )


def failure_of(case: Case, spec: PortSpec, vector: GoldenVector, outcome: Outcome) -> Failure | None:
    """Return what came first: a deviation of the parameters, or an incident; None where all is well."""
    without_buffers = [Observed(result.step, result.params, {}) for result in outcome.observed]
    deviation = first_deviation(vector, without_buffers)  # parameters alone accuse
    incident = next(iter(outcome.incidents), None)
    if (
        deviation is not None
        and not isinstance(deviation.observed, str)
        and (incident is None or deviation.step <= incident.step)
    ):
        expected = float(deviation.expected)
        place = (deviation.tensor, deviation.index)
        script = deviation_script(case, spec, deviation.step, place, expected, deviation.tolerance)
        observed = as_number(deviation.observed)
        return Failure(case, "params", deviation.step, observed, expected, deviation.tolerance, script)
    if incident is None:
        return None
    script = incident_script(case, spec, incident.step, incident.kind)
    return Failure(case, incident.kind, incident.step, incident.message, "the protocol of ports", 0.0, script)
