"""The result of a check: what agreed, what deviated and where, and the JSON of it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from momoracle.ports.processes.child import Note, Observed
from momoracle.ports.running.findings import Behaviour, Counterexample, Explanation, Location, Unmatched, as_json
from momoracle.reference.golden.vectors import Flag, FlagClass

Status: TypeAlias = Literal["agrees", "deviates", "crashes", "not_offered"]
Verdict: TypeAlias = Literal["conforms", "deviates", "crashes"]
Number: TypeAlias = float | str

CRASHES = ("hang", "crash", "exception", "not_run")
DEVIATES = ("wrong_shape", "dtype_change", "mutated_gradients", "nan")


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

    >>> VectorResult("sgd-001", "core", ()).status, VectorResult("sgd-001", "core", (), feature="weight_decay").status
    ('agrees', 'not_offered')
    """

    vector: str
    kind: FlagClass
    flags: tuple[str, ...]
    deviation: Deviation | None = None
    incidents: tuple[Note, ...] = ()
    feature: str | None = None  # the one that is not offered
    observed: tuple[Observed, ...] = field(default=(), repr=False)

    @property
    def status(self) -> Status:
        """The worst that holds: crashes, then deviates, then agrees; not offered where the port said so.

        A port deviates where its parameters do, or where it breaks the protocol. What it names its buffers, and how
        it scales them, is its own affair: a buffer alone that is off is reported, but condemns nothing.
        """
        kinds = {note.kind for note in self.incidents}
        if kinds & set(CRASHES):
            return "crashes"
        if (self.deviation is not None and self.deviation.in_params) or kinds & set(DEVIATES):
            return "deviates"
        return "not_offered" if self.feature is not None else "agrees"


@dataclass(frozen=True)
class Report:
    """A port checked against one algorithm's vectors. Only the core vectors decide the verdict.

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

    def of(self, kind: FlagClass) -> tuple[VectorResult, ...]:
        """Return the results of one class, ``kind``."""
        return tuple(result for result in self.results if result.kind == kind)

    @property
    def verdict(self) -> Verdict:
        """``crashes`` or ``deviates`` where any core vector does, else ``conforms`` (in all that is offered)."""
        found = {result.status for result in self.of("core")}
        if "crashes" in found:
            return "crashes"
        return "deviates" if "deviates" in found else "conforms"

    @property
    def not_offered(self) -> dict[str, list[str]]:
        """Feature -> the vectors that need it."""
        missing: dict[str, list[str]] = {}
        for result in self.results:
            if result.feature is not None:
                missing.setdefault(result.feature, []).append(result.vector)
        return missing

    def to_json(self) -> dict[str, Any]:
        """Return the contract of ``check --json``.

        ``vectors``, ``agree`` and ``deviations`` are of the core vectors; ``vectors`` counts those not offered too, so
        that a port conforms in everything where both are equal. ``explanation`` has the ids of the departures that
        reproduce the port, and ``diagnosis`` how that was found. ``buffers`` has the vectors where a buffer is off and
        the parameters never are. Numbers that are not finite are strings.
        """
        core = _counts(self.of("core"))
        return {
            "algorithm": self.algorithm,
            "port": self.port,
            "versions": self.versions,
            "vectors": core["vectors"],
            "agree": core["agree"],
            "verdict": self.verdict,
            "explanation": list(self.explanation.departures) if self.explanation else [],
            "deviations": core["deviations"],
            "buffers": core["buffers"],
            "diagnosis": as_json(self.explanation),
            "locations": [as_json(one) for one in self.locations],
            "behaviours": [as_json(one) for one in self.behaviours],
            "counterexample": as_json(self.counterexample),
            "unmatched": [as_json(one) for one in self.unmatched],
            "not_offered": [{"feature": name, "vectors": ids} for name, ids in self.not_offered.items()],
            "robustness": _counts(self.of("robustness")),
            "precision": _counts(self.of("precision")),
            "incidents": [_incident(result, note) for result in self.results for note in result.incidents],
        }


def number(value: float | str) -> Number:
    """Return ``value`` as JSON can hold it: NaN and the infinities by name."""
    if isinstance(value, str) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _counts(results: Iterable[VectorResult]) -> dict[str, Any]:
    kept = tuple(results)
    return {
        "vectors": len(kept),
        "agree": sum(result.status == "agrees" for result in kept),
        "deviations": [_deviation(one) for one in deviations(kept)],
        "buffers": [_deviation(one) for one in deviations(kept, buffers_only=True)],
    }


def deviations(results: Iterable[VectorResult], *, buffers_only: bool = False) -> list[Deviation]:
    """Return the deviations that reach the parameters, or with ``buffers_only`` those that do not."""
    found = (result.deviation for result in results if result.deviation is not None)
    return [one for one in found if (one.in_params is None) is buffers_only]


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {
        "vector": deviation.vector,
        "flags": list(deviation.flags),
        "quantity": deviation.quantity,
        "equation": deviation.equation,
        **_numbers(deviation),
        "explanation": deviation.explanation,
        "params": _numbers(then) if (then := deviation.in_params) is not None else None,
    }


def _numbers(deviation: Deviation) -> dict[str, Any]:
    return {
        "step": deviation.step,
        "observed": number(deviation.observed),
        "expected": number(deviation.expected),
        "error": number(deviation.error),
        "tolerance": number(deviation.tolerance),
        "tensor": deviation.tensor,
        "index": list(deviation.index),
    }


def _incident(result: VectorResult, note: Note) -> dict[str, Any]:
    return {
        "vector": result.vector,
        "class": result.kind,
        "kind": note.kind,
        "step": note.step,
        "message": note.message,
    }
