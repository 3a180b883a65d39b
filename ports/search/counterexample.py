"""What makes a case a counterexample: the first thing that a port got wrong in it."""

from dataclasses import dataclass

from momoracle.ports.processes.child import Note, Observed
from momoracle.ports.processes.process import Outcome
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.report import number
from momoracle.ports.search.script import deviation_script, incident_script
from momoracle.reference.golden.cases import Case
from momoracle.reference.golden.vectors import Vector

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


def refused(outcome: Outcome) -> bool:
    """Tell whether the port takes no such hyperparameter: its start said so."""
    return any(
        note.kind == "exception" and note.step == 0 and note.message.startswith(_REFUSALS) for note in outcome.notes
    )


def failure_of(case: Case, port: str, vector: Vector, outcome: Outcome) -> Failure | None:
    """Return what came first: a deviation of the parameters, or an incident; None where all is well."""
    bare = [Observed(one.step, one.params, {}) for one in outcome.observed]  # parameters alone accuse
    deviation = first_deviation(vector, bare)
    note: Note | None = next(iter(outcome.notes), None)
    if (
        deviation is not None
        and not isinstance(deviation.observed, str)
        and (note is None or deviation.step <= note.step)
    ):
        expected = float(deviation.expected)
        place = (deviation.tensor, deviation.index)
        script = deviation_script(case, port, deviation.step, place, expected, deviation.tolerance)
        return Failure(
            case, "params", deviation.step, number(deviation.observed), expected, deviation.tolerance, script
        )
    if note is None:
        return None
    script = incident_script(case, port, note.step, note.kind)
    return Failure(case, note.kind, note.step, note.message, "the protocol of ports", 0.0, script)
