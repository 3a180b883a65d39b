"""`check` for a classroom: a class from a notebook against the golden vectors, in seconds and in students' words."""

from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.classroom.feedback import Feedback, hints_for
from momoracle.ports.classroom.misread import misread
from momoracle.ports.classroom.student import Factory, Raised, TooLong, raised_by, run_student, time_limit
from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.locate import locate
from momoracle.ports.diagnosis.observe import observe
from momoracle.ports.diagnosis.propose import LONG, propose
from momoracle.ports.diagnosis.replay import Replay, table
from momoracle.ports.diagnosis.two_mistakes import two_mistakes
from momoracle.ports.methods.registry import equation, order
from momoracle.ports.running.compare import result_of
from momoracle.ports.running.messages import Incident
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.files import vectors_of
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

Run: TypeAlias = tuple[GoldenVector, VectorResult]

_NOTES = {"mutated_gradients": "gradients-changed", "dtype_change": "wrong-dtype"}
_UNEXPLAINED = ("unexplained",)
_LISTS = ("'list'", "sequence by non-int")
_ARGUMENTS = ("positional argument", "keyword argument")


def check_student(student_class: Any, algorithm: str, *, seconds: float = 2.0) -> Feedback:
    """Check a class of a notebook; `momoracle.check`, which calls this, says all about it.

    >>> class Ascent:
    ...     def start(self, params, lr):
    ...         self.params, self.lr = params, lr
    ...     def step(self, grads, loss):
    ...         self.params = [x + self.lr * g for x, g in zip(self.params, grads)]
    ...         return self.params
    >>> check_student(Ascent, "sgd").hints
    ('The length of your step is right, but the loss grows along it. Which way does the gradient point?',)
    """
    method_of(algorithm)
    if not isinstance(student_class, type):
        name = type(student_class).__name__
        raise TypeError(f"student_class is an object of {name}; give the class itself: check({name}, {algorithm!r})")
    lesson = _Lesson(student_class, algorithm, seconds)
    return lesson.unusable() or lesson.run()


class _Lesson:
    def __init__(self, student_class: type[Any], algorithm: str, seconds: float) -> None:
        self._class, self._algorithm, self._seconds = student_class, algorithm, seconds
        self._file = vectors_of(algorithm)

    def unusable(self) -> Feedback | None:
        """Say what is missing where the class gives no object with both methods."""
        for name in ("start", "step"):
            if not callable(getattr(self._class, name, None)):
                return self._stopped(Raised("", 0, f"it has no method {name}"), "no-method")
        try:
            with time_limit(self._seconds):
                self._class()
        except (Exception, SystemExit, TooLong) as error:
            mistake = "endless" if isinstance(error, TooLong) else "error"
            return self._stopped(
                raised_by(error, "", 0), "made-with-arguments" if isinstance(error, TypeError) else mistake
            )
        return None

    def run(self) -> Feedback:
        """Run the vectors, and find words for what came."""
        vectors: list[GoldenVector] = []
        results: list[VectorResult] = []
        for vector in _chosen(self._file):
            outcome, raised = run_student(self._class, self._algorithm, vector, self._seconds)
            if raised is not None:
                return self._stopped(raised, _of_error(raised) if self._same_again(results) else "state-shared")
            result = result_of(vector, self._file, outcome)
            vectors.append(vector)
            results.append(result)
        ran = [(v, r) for v, r in zip(vectors, results, strict=True) if r.feature is None]
        missing = tuple(dict.fromkeys(r.feature for r in results if r.feature is not None))
        if not ran:
            return self._stopped(Raised("", 0, f"start has no argument {' or '.join(missing)}"), "no-hyperparameter")
        return self._judged(ran, missing)

    def _judged(self, ran: list[Run], missing: tuple[str, ...]) -> Feedback:
        wrong = [(v, r) for v, r in ran if r.status == "deviates"]
        names, where = self._reasons(ran, wrong)
        deviations = tuple(r.deviation for _, r in wrong if r.deviation is not None)
        broken = next((Raised(v.id, n.step, n.message) for v, r in wrong for n in r.incidents), None)
        return Feedback(
            self._algorithm,
            self._class.__name__,
            "deviates" if wrong else "conforms",
            where,
            hints_for(self._algorithm, names),
            () if names == _UNEXPLAINED else names,
            deviations,
            broken,
            len(ran) - len(wrong),
            len(ran),
            missing,
        )

    def _reasons(self, ran: list[Run], wrong: list[Run]) -> tuple[tuple[str, ...], str]:
        """Return the mistakes, likeliest first, and the equation that fails."""
        if not self._same_again([r for _, r in ran]):
            return ("state-shared",), ""
        if not wrong:
            return (() if self._lets_go(ran[0][1]) else ("gradients-kept",)), ""
        malformed = next((name for _, r in wrong for note in r.incidents if (name := _of_note(note))), None)
        if malformed is not None:
            return (malformed,), ""
        names, where = self._diagnosed(ran)
        undefined = [(v, r) for v, r in wrong if any(note.kind == "nan" for note in r.incidents)]
        if names != _UNEXPLAINED or not undefined:
            return names, where
        if not all(_has_zero(v) for v, _ in undefined):
            return ("not-a-number",), ""
        defined = [pair for pair in ran if pair not in undefined]
        names, where = self._diagnosed(defined) if any(pair in wrong for pair in defined) else ((), "")
        return (*names, "zero-gradient"), where

    def _diagnosed(self, ran: list[Run]) -> tuple[tuple[str, ...], str]:
        vectors = [v for v, _ in ran]
        replay, seen = Replay(self._algorithm, vectors), [table(v, r.observed) for v, r in ran]
        proposal = propose(replay, seen, most=1)
        names = (proposal.departures + tuple(name for others in proposal.others for name in others))[:3]
        if not names:
            offered, _ = arguments_of(self._class.start)
            if (name := misread(self._algorithm, vectors, seen, sorted(offered))) is not None:
                return (name,), equation(self._algorithm, "loss_average") if name.startswith("loss") else ""
            names = two_mistakes(replay, seen)
        if names:
            broken = [departure(self._algorithm, name).quantity for name in names]
            return names, equation(self._algorithm, min(broken, key=lambda q: order(self._algorithm, q)))
        report = Report(self._algorithm, "", {}, {}, tuple(r for _, r in ran))
        located = locate(observe(report, self._file), self._file)
        return _UNEXPLAINED, next((location.equation for location in located if location.equation), "")

    def _same_again(self, results: list[VectorResult]) -> bool:
        """Tell whether one more object does on the first vector what the first object did."""
        return not results or self._does(self._class, results[0])

    def _lets_go(self, result: VectorResult) -> bool:
        """Tell whether steps stay the same where the caller clears every gradient after its step."""
        return self._does(lambda: _Clearing(self._class()), result)

    def _does(self, factory: Factory, result: VectorResult) -> bool:
        (vector,) = (known for known in self._file.vectors if known.id == result.vector)
        outcome, raised = run_student(factory, self._algorithm, vector, self._seconds)
        again, before = table(vector, outcome.observed), table(vector, result.observed)
        return raised is None and bool(np.array_equal(again, before, equal_nan=True))

    def _stopped(self, raised: Raised, name: str) -> Feedback:
        return Feedback(
            self._algorithm,
            self._class.__name__,
            "crashes",
            "",
            hints_for(self._algorithm, (name,)),
            (name,),
            (),
            raised,
            0,
            0,
            (),
        )


class _Clearing:
    """A port around a port, whose gradients are overwritten as soon as its step is over."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.start = port.start

    def step(self, grads: list[Any], loss: float) -> Any:
        lent = [np.array(g) for g in grads]
        params = self._port.step(lent, loss)
        for g in lent:
            g[...] = 0.0
        return params


def _chosen(vectors: VectorFile) -> list[GoldenVector]:
    """Return the vectors for students, the simplest first."""
    kept = [
        vector
        for vector in vectors.vectors
        if vectors.kind(vector) == "core"
        and vector.dtype == "float64"
        and len(vector.steps) <= LONG
        and not isinstance(vector.hyperparameters["lr"], tuple)
    ]
    return sorted(kept, key=lambda v: ("basic" not in v.flags, len(v.flags), len(v.steps), v.id))


def _of_error(raised: Raised) -> str:
    """Return the mistake behind an error, from what Python says."""
    says = raised.message
    if raised.endless:
        return "endless"
    if says.startswith("ZeroDivisionError"):
        return "zero-gradient"
    if says.startswith("TypeError") and any(part in says for part in _LISTS):
        return "list-as-array"
    if says.startswith("TypeError") and any(part in says for part in _ARGUMENTS):
        return "number-of-arguments"
    return "no-attribute" if says.startswith("AttributeError") and "object has no attribute" in says else "error"


def _of_note(note: Incident) -> str | None:
    """Return the mistake behind what came back, where it cannot be compared, or where the gradients were changed."""
    if note.kind != "wrong_shape":
        return _NOTES.get(note.kind)
    if "NoneType" in note.message:
        return "returned-nothing"
    if "must return a list" in note.message:
        return "returned-one-array"
    return "wrong-count" if "there are" in note.message else "wrong-shape"


def _has_zero(vector: GoldenVector) -> bool:
    return any(not np.any(g) for step in vector.steps for g in step.grads)
