"""The result of a check: what agreed, what deviated and where, the verdict that follows, and the JSON of it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from momoracle.ports.adapters.port_spec import Setting
from momoracle.ports.running.findings import Behaviour, Counterexample, Explanation, Location, Unmatched, as_json
from momoracle.ports.running.messages import Incident, Observed
from momoracle.reference.golden.vectors import Flag, FlagClass

Status: TypeAlias = Literal["agrees", "deviates", "crashes", "not_offered", "not_run"]
Verdict: TypeAlias = Literal["conforms", "deviates", "crashes", "undecided"]
Number: TypeAlias = float | str

CRASHES = ("hang", "crash", "exception")
BREACHES = ("wrong_shape", "dtype_change", "mutated_gradients")  # of the protocol of ports
DEVIATES = (*BREACHES, "nan")
NOT_RUN = "not_run"  # lost to the machine, or not tried: it says nothing about the port
DECIDING_BEHAVIOURS = ("gradients-left-alone",)  # what the protocol of ports demands

_DECISIONS: dict[str, Status] = {"broken": "deviates", "not_run": "not_run"}
EXIT_STATUS: dict[Verdict, int] = {"conforms": 0, "deviates": 1, "crashes": 1, "undecided": 3}


@dataclass(frozen=True)
class Deviation:
    """The first quantity of a vector that is off, at its worst element: |observed − expected| > tolerance.

    ``observed`` and ``expected`` are numbers, or the shapes where those differ (``error`` and ``tolerance`` are NaN
    then). ``tensor`` and ``index`` say which element. Where the quantity is a buffer, ``then`` is the first deviation
    of the parameters, None if they never deviate: that buffer is not the paper's then, but the iterates are.

    Args:
        vector: the vector's id.
        flags: which mistakes the vector catches.
        step: k = 1, 2, …
        quantity: ``params``, or a buffer's name.
        equation: of the paper, that gives it.
        observed: what the port gave.
        expected: what the method gives.
        error: |observed − expected|.
        tolerance: what rounding may do.
        tensor: which array.
        index: which entry of it.
        then: the first deviation of the parameters, for a buffer.
        explanation: the departure that reproduces it, where one was found.
    """

    vector: str
    flags: tuple[str, ...]
    step: int
    quantity: str
    equation: str
    observed: Number
    expected: Number
    error: float
    tolerance: float
    tensor: int
    index: tuple[int, ...]
    then: "Deviation | None" = None
    explanation: str | None = None

    @property
    def in_params(self) -> "Deviation | None":
        """The first deviation of the parameters."""
        return self if self.quantity == "params" else self.then


@dataclass(frozen=True)
class VectorResult:
    """What came of one vector; ``observed`` is all that the port returned, for a diagnosis to look at.

    Args:
        vector: its id.
        kind: the class of the vector, ``core``, ``robustness`` or ``precision``.
        flags: which mistakes it catches.
        deviation: the first, or None.
        incidents: what went wrong beside the numbers, as exceptions and wrong shapes.
        feature: the one that is not offered, or None.
        observed: the parameters and buffers at each step.
        reason: how it was seen that the feature is not offered, or how to offer it.

    >>> VectorResult("sgd-001", "core", ()).status, VectorResult("sgd-001", "core", (), feature="weight_decay").status
    ('agrees', 'not_offered')
    """

    vector: str
    kind: FlagClass
    flags: tuple[str, ...]
    deviation: Deviation | None = None
    incidents: tuple[Incident, ...] = ()
    feature: str | None = None  # the one that is not offered
    observed: tuple[Observed, ...] = field(default=(), repr=False)
    reason: str = ""

    @property
    def status(self) -> Status:
        """The worst that holds: crashes, then deviates, not run, agrees; not offered where the port said so.

        A port deviates where its parameters do, or where it breaks the protocol. What it names its buffers, and how
        it scales them, is its own affair: a buffer alone that is off is reported, but condemns nothing. Nor does a
        vector that was lost to the machine.
        """
        kinds = {incident.kind for incident in self.incidents}
        if kinds & set(CRASHES):
            return "crashes"
        if (self.deviation is not None and self.deviation.in_params) or kinds & set(DEVIATES):
            return "deviates"
        if NOT_RUN in kinds:
            return "not_run"
        return "not_offered" if self.feature is not None else "agrees"


def judge(
    results: Iterable[VectorResult], behaviours: Iterable[Behaviour] = (), counterexample: Counterexample | None = None
) -> Verdict:
    """Return the verdict that the evidence gives; nothing else decides, and every output shows this one.

    The core vectors decide, the behaviours that the protocol of ports demands (`DECIDING_BEHAVIOURS`), and a
    counterexample of a search. A port that crashes in any of these crashes; else one that deviates in any deviates.
    What was not run shows nothing: without a fault elsewhere the verdict is ``undecided``, never ``conforms``.

    >>> lost = VectorResult("b", "core", (), incidents=(Incident("not_run", 0, "the machine was too busy"),))
    >>> judge([VectorResult("a", "core", ())]), judge([VectorResult("a", "core", ()), lost])
    ('conforms', 'undecided')
    """
    statuses = {result.status for result in results if result.kind == "core"}
    outcomes = {row.outcome for row in behaviours if row.id in DECIDING_BEHAVIOURS}
    statuses |= {_DECISIONS[outcome] for outcome in outcomes & set(_DECISIONS)}
    if counterexample is not None:
        statuses.add("crashes" if counterexample.quantity in CRASHES else "deviates")
    if "crashes" in statuses:
        return "crashes"
    if "deviates" in statuses:
        return "deviates"
    return "undecided" if "not_run" in statuses else "conforms"


@dataclass(frozen=True)
class Report:
    """A port checked against one algorithm's vectors; `judge` says what decides the verdict.

    Args:
        algorithm: the one that it was checked against.
        port: what was checked, as it was given.
        versions: of Python and of the packages that the port uses.
        flags: what the flags of the vectors mean.
        results: what came of each vector.
        explanation: the departures that reproduce the port; None where it conforms, or was not diagnosed.
        locations: where it parts from the method, told from its outputs.
        behaviours: what it does beside its update.
        counterexample: the smallest input that a search found, or None.
        unmatched: names of arguments and buffers that mean nothing here; beside the verdict.
        settings: values that were passed to arguments of the port's own.
        names: hyperparameter -> what the user says that the port calls it.
        unfinished: the parts of the check that were not carried out, as it was interrupted.

    >>> off = Deviation("a", (), 1, "params", "", 1.5, 1.0, 0.5, 1e-9, 0, (0,))
    >>> results = VectorResult("a", "robustness", (), off), VectorResult("b", "core", ())
    >>> Report("sgd", "my_port.py:SGD", {}, {}, results).verdict  # robustness stands beside the verdict
    'conforms'
    """

    algorithm: str
    port: str
    versions: dict[str, str]
    flags: dict[str, Flag]
    results: tuple[VectorResult, ...]
    explanation: Explanation | None = None  # None where the port conforms, or was not diagnosed
    locations: tuple[Location, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    counterexample: Counterexample | None = None
    unmatched: tuple[Unmatched, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()

    def of(self, kind: FlagClass) -> tuple[VectorResult, ...]:
        """Return the results of one class, ``kind``."""
        return tuple(result for result in self.results if result.kind == kind)

    @property
    def verdict(self) -> Verdict:
        """What `judge` says of the vectors, the behaviours and the counterexample."""
        return judge(self.results, self.behaviours, self.counterexample)

    @property
    def not_offered(self) -> dict[str, list[str]]:
        """Feature -> the vectors that need it."""
        missing: dict[str, list[str]] = {}
        for result in self.results:
            if result.feature is not None:
                missing.setdefault(result.feature, []).append(result.vector)
        return missing

    def reason(self, feature: str) -> str:
        """Return how it was seen that ``feature`` is not offered, or how to offer it; empty where there is no more."""
        return next((result.reason for result in self.results if result.feature == feature), "")

    @property
    def breaches(self) -> tuple[str, ...]:
        """What breaks the protocol of ports, a sentence each; an output shows it before anything else."""
        incidents = [note for result in self.of("core") for note in result.incidents if note.kind in BREACHES]
        first = {note.kind: note.message for note in reversed(incidents)}
        counts = Counter(note.kind for note in incidents)  # a vector notes each kind once
        sentences = [
            f"{first[kind]}, in {counts[kind]} {'vector' if counts[kind] == 1 else 'vectors'}" for kind in counts
        ]
        rows = [row for row in self.behaviours if row.id in DECIDING_BEHAVIOURS and row.outcome == "broken"]
        return (*sentences, *(f"{row.id}: {row.evidence}" for row in rows))

    @property
    def advice(self) -> str:
        """What to do about an undecided verdict, or an empty string."""
        if self.verdict != "undecided":
            return ""
        lost = [result for result in self.results if result.status == "not_run"]
        messages = dict.fromkeys(note.message for result in lost for note in result.incidents if note.kind == NOT_RUN)
        counted = f"{len(lost)} {'vector was' if len(lost) == 1 else 'vectors were'} not run ({'; '.join(messages)})"
        return f"{counted}; run the check again where the machine is less busy, or give it a longer --time-limit"

    def to_json(self) -> dict[str, Any]:
        """Return the contract of ``check --json``.

        ``vectors``, ``agree`` and ``deviations`` are of the core vectors; ``vectors`` counts those not offered or not
        run too, so that a port conforms in everything where both are equal. ``explanation`` has the ids of the
        departures that reproduce the port, and ``diagnosis`` how that was found. ``buffers`` has the vectors where a
        buffer is off and the parameters never are. ``unfinished`` names the parts that an interrupted check left out.
        Numbers that are not finite are strings.
        """
        core = _counts(self.of("core"))
        return {
            "algorithm": self.algorithm,
            "port": self.port,
            "settings": {name: as_number(value) for name, value in self.settings.items()},
            "names": dict(self.names),
            "versions": self.versions,
            "vectors": core["vectors"],
            "agree": core["agree"],
            "verdict": self.verdict,
            "breaches": list(self.breaches),
            "explanation": list(self.explanation.departures) if self.explanation else [],
            "deviations": core["deviations"],
            "buffers": core["buffers"],
            "diagnosis": as_json(self.explanation),
            "locations": [as_json(location) for location in self.locations],
            "behaviours": [as_json(row) for row in self.behaviours],
            "counterexample": as_json(self.counterexample),
            "unmatched": [as_json(name) for name in self.unmatched],
            "not_offered": [
                {"feature": name, "vectors": ids, "reason": self.reason(name)} for name, ids in self.not_offered.items()
            ],
            "not_run": [result.vector for result in self.results if result.status == "not_run"],
            "unfinished": list(self.unfinished),
            "robustness": _counts(self.of("robustness")),
            "precision": _counts(self.of("precision")),
            "incidents": [_incident_json(result, note) for result in self.results for note in result.incidents],
        }


def as_number(value: float | str) -> Number:
    """Return ``value`` as JSON can hold it: NaN and the infinities by name."""
    if isinstance(value, str) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def deviations(results: Iterable[VectorResult], *, buffers_only: bool = False) -> list[Deviation]:
    """Return the deviations that reach the parameters, or with ``buffers_only`` those that do not."""
    first = (result.deviation for result in results if result.deviation is not None)
    return [deviation for deviation in first if (deviation.in_params is None) is buffers_only]


def _counts(results: Iterable[VectorResult]) -> dict[str, Any]:
    kept = tuple(results)
    return {
        "vectors": len(kept),
        "agree": sum(result.status == "agrees" for result in kept),
        "deviations": [_deviation_json(deviation) for deviation in deviations(kept)],
        "buffers": [_deviation_json(deviation) for deviation in deviations(kept, buffers_only=True)],
    }


def _deviation_json(deviation: Deviation) -> dict[str, Any]:
    return {
        "vector": deviation.vector,
        "flags": list(deviation.flags),
        "quantity": deviation.quantity,
        "equation": deviation.equation,
        **_numbers_json(deviation),
        "explanation": deviation.explanation,
        "params": _numbers_json(then) if (then := deviation.in_params) is not None else None,
    }


def _numbers_json(deviation: Deviation) -> dict[str, Any]:
    return {
        "step": deviation.step,
        "observed": as_number(deviation.observed),
        "expected": as_number(deviation.expected),
        "error": as_number(deviation.error),
        "tolerance": as_number(deviation.tolerance),
        "tensor": deviation.tensor,
        "index": list(deviation.index),
    }


def _incident_json(result: VectorResult, incident: Incident) -> dict[str, Any]:
    return {
        "vector": result.vector,
        "class": result.kind,
        "kind": incident.kind,
        "step": incident.step,
        "message": incident.message,
    }
