"""A search for a counterexample: Hypothesis draws cases, a port runs them, and one that deviates is reduced.

Every case has its own tolerances, derived as those of the golden vectors are. Cases that rounding alone may send into
another branch are discarded.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, configuration, find, settings
from hypothesis.errors import NoSuchExample

from momoracle.ports.adapters.loading import PortSpec, check_algorithm, parse
from momoracle.ports.processes.child import Job
from momoracle.ports.processes.process import Child, Outcome
from momoracle.ports.running.findings import Counterexample, Exhausted
from momoracle.ports.search.cases import cases, features
from momoracle.ports.search.counterexample import Failure, failure_of, refused
from momoracle.ports.search.reduction import reduce_case
from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.prove import prove

Progress: TypeAlias = Callable[[int], None]

LAST = 2.0  # seconds (at most a quarter of all) that are kept for reducing
RENEW = 500  # examples after which a process is replaced: JAX keeps what it compiled
_ENDED = ("hang", "crash")
_SETTINGS = settings(
    max_examples=10**9, phases=(Phase.generate,), database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def search(
    algorithm: str,
    port: str,
    seconds: float,
    *,
    time_limit: float = 10.0,
    examples: int | None = None,
    progress: Progress | None = None,
) -> Counterexample | Exhausted:
    """Look for the smallest case on which a port parts from the method, for ``seconds`` from the first case at most.

    What comes before that case is not counted: processes that start and import a framework, which of its features the
    port offers.

    The search ends earlier where nothing smaller is left to try, or after ``examples`` cases; as many cases are the
    same cases in every run. ``time_limit`` is in seconds a case, above which the port hangs. ``progress`` is called
    after each case with their number.

    Raises `PortError` where ``algorithm`` or ``port`` is wrong, or the port cannot be loaded.
    """
    check_algorithm(algorithm)
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; allowed: seconds > 0")
    run = _Search(algorithm, parse(port), seconds, time_limit, examples, progress)
    try:
        with _no_traces(), ThreadPoolExecutor(max_workers=1) as pool:  # the port runs while its case is proven
            run.go(pool)
    finally:
        run.end()
    return run.result()


@contextmanager
def _no_traces() -> Iterator[None]:
    """Let Hypothesis keep its cache elsewhere: it would make a folder `.hypothesis` in the current one."""
    before = getattr(configuration, "__hypothesis_home_directory", None)
    with TemporaryDirectory() as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)


class _Over(BaseException):
    """The time is over; Hypothesis lets what is no Exception through."""


class _Found(BaseException):
    """A case was found; to shrink the choices that made it is not wanted."""


class _Search:
    def __init__(
        self,
        algorithm: str,
        spec: PortSpec,
        seconds: float,
        time_limit: float,
        most: int | None,
        progress: Progress | None,
    ) -> None:
        self._algorithm, self._spec = algorithm, spec
        self._begin: float | None = None  # of the first case
        self._seconds = seconds
        self._limits = time_limit, min(time_limit, max(1.0, seconds / 3))
        self._most = most
        self._progress = progress
        self._children: dict[str, Child] = {}
        self._runs: dict[str, int] = {}
        self._examples = self._discarded = 0
        self._best: Failure | None = None

    def go(self, pool: ThreadPoolExecutor) -> None:
        """Draw cases until one is a counterexample, and reduce that; or until the time is over."""
        self._pool = pool
        try:
            drawn = cases(self._algorithm, self._offered())
            with suppress(NoSuchExample):  # all that can be drawn was
                find(drawn, self._first, settings=_SETTINGS, random=Random(0))
        except _Found:
            self._reduce()
        except _Over:
            pass
        finally:
            for child in self._children.values():  # what is under way is not waited for
                child.cancel()

    def _offered(self) -> set[str]:
        """Start the port in each dtype, and ask it which features it offers."""
        self._probe("float32", {})
        offered = set(features(self._algorithm))
        for name, chosen in features(self._algorithm).items():
            outcome = self._probe("float64", chosen)
            if outcome.missing is not None:
                offered.remove(name)
            if any(note.kind in _ENDED for note in outcome.notes):
                break  # it may be lost in each, and no clock runs yet
        return offered

    def _probe(self, dtype: str, chosen: Mapping[str, Any]) -> Outcome:
        case = Maker(self._algorithm, dtype).drawn("probe", "", (), shapes=((1,),), steps=2, **{"lr": 0.5, **chosen})
        return self._answer(self._submit(case), dtype)

    def end(self) -> None:
        """End the processes; one that was being started when it was cancelled is there only now."""
        for dtype in list(self._children):
            self._forget(dtype)

    def _first(self, case: Case) -> bool:
        """Run one case, and end the drawing where it is a counterexample."""
        if self._begin is None:
            self._begin = time.monotonic()
        self._best = self._failure(case)
        if self._best is not None:
            raise _Found
        return False

    def _reduce(self) -> None:
        """Make the counterexample smaller, for as long as there is time."""
        assert self._best is not None
        if self._best.quantity == "hang":
            return  # each case that is tried would take the whole limit
        with suppress(_Over):
            reduce_case(self._best.case, self._smaller)

    def _smaller(self, case: Case) -> bool:
        assert self._best is not None
        failure = self._failure(case)
        if failure is None or failure.quantity != self._best.quantity:
            return False
        self._best = failure
        return True

    def _failure(self, case: Case) -> Failure | None:
        self._check_time()
        running = self._submit(case)
        try:
            vector = prove(case)
        except ArithmeticError:
            vector = None
        outcome = self._answer(running, case.dtype)
        if vector is None or outcome.missing is not None or refused(outcome):
            self._discarded += 1
            return None
        self._examples += 1
        if self._progress is not None:
            self._progress(self._examples)
        return failure_of(case, self._spec.text, vector, outcome)

    def result(self) -> Counterexample | Exhausted:
        """Return what was found."""
        seconds, found = self._spent(), self._best
        if found is None:
            return Exhausted(self._examples, self._discarded, seconds)
        return Counterexample(
            found.quantity,
            found.step,
            found.observed,
            found.expected,
            found.tolerance,
            found.script,
            self._examples,
            seconds,
        )

    def _submit(self, case: Case) -> "Future[Outcome]":
        if self._runs.get(case.dtype, 0) >= RENEW and self._spec.adapter == "optax":
            self._forget(case.dtype)
        if case.dtype not in self._children:
            self._children[case.dtype] = Child(self._spec, case.algorithm, case.dtype)
            self._runs[case.dtype] = 0
        self._runs[case.dtype] += 1
        # What a framework loads at its first step may take longer than a case of a short search.
        self._children[case.dtype].time_limit = self._limits[self._begin is not None]
        recorded = (True,) * len(case.losses)
        job = Job(case.params, dict(case.hyperparameters), case.losses, case.grads, recorded)
        return self._pool.submit(self._children[case.dtype].run, job)

    def _answer(self, running: "Future[Outcome]", dtype: str) -> Outcome:
        try:
            # Before the first case nothing but the limits of the process itself ends it.
            outcome = running.result(timeout=None if self._begin is None else max(0.0, self._left(0.0)))
        except TimeoutError:
            self._children[dtype].cancel()
            raise _Over from None
        if any(note.kind in _ENDED for note in outcome.notes):
            self._forget(dtype)  # it counts what was lost, and would give up
        return outcome

    def _forget(self, dtype: str) -> None:
        self._children.pop(dtype).__exit__()

    def _spent(self) -> float:
        return 0.0 if self._begin is None else time.monotonic() - self._begin

    def _left(self, kept: float) -> float:
        return self._seconds - kept - self._spent()

    def _check_time(self) -> None:
        kept = min(LAST, self._seconds / 4) if self._best is None else 0.0
        if self._left(kept) <= 0 or self._examples + self._discarded == self._most:
            raise _Over
