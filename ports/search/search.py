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

from momoracle.ports.processes.process import Limits
from momoracle.ports.processes.session import PortSession
from momoracle.ports.running.findings import Counterexample, Exhausted
from momoracle.ports.running.messages import Job, Outcome
from momoracle.ports.search.cases import cases, features
from momoracle.ports.search.counterexample import Failure, failure_of, is_refused
from momoracle.ports.search.reduction import reduce_case
from momoracle.reference.golden.cases import Case, Maker
from momoracle.reference.golden.prove import prove

Progress: TypeAlias = Callable[[int], None]

LAST = 2.0  # seconds (at most a quarter of all) that are kept for reducing
RENEW = 500  # examples after which a process is replaced: JAX keeps what it compiled
_SETTINGS = settings(
    max_examples=10**9, phases=(Phase.generate,), database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def search(
    session: PortSession,
    seconds: float,
    *,
    examples: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Counterexample | Exhausted:
    """Look for the smallest case on which a port parts from the method, for ``seconds`` from the first case at most.

    What comes before that case is not counted: processes that start and import a framework, and which of its features
    the port offers. The search ends earlier where nothing smaller is left to try, or after ``examples`` cases; as many
    cases of one ``seed`` are the same cases in every run. A case that hangs is run again in a fresh process before it
    accuses the port. ``progress`` is called after each case with their number.

    The processes of the session are ended afterwards.

    Raises:
        PortError: the port cannot be loaded.
        ValueError: there are no seconds to search in.
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; allowed: seconds > 0")
    run = _Search(session, seconds, examples, seed, progress)
    with _no_traces(), ThreadPoolExecutor(max_workers=1) as pool:  # the port runs while its case is proven
        run.go(pool)
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
        self, session: PortSession, seconds: float, most: int | None, seed: int, progress: Progress | None
    ) -> None:
        self._session = session
        self._algorithm = session.algorithm
        self._begin: float | None = None  # of the first case
        self._seconds = seconds
        self._limit = min(session.limits.processor, max(1.0, seconds / 4))
        self._most = most
        self._seed = seed
        self._progress = progress
        self._runs: dict[str, int] = {}
        self._examples = self._discarded = 0
        self._best: Failure | None = None

    def go(self, pool: ThreadPoolExecutor) -> None:
        """Draw cases until one is a counterexample, and reduce that; or until the time is over."""
        self._pool = pool
        try:
            drawn = cases(self._algorithm, self._offered())
            with suppress(NoSuchExample):  # all that can be drawn was
                find(drawn, self._take_first, settings=_SETTINGS, random=Random(self._seed))
        except _Found:
            self._reduce()
        except _Over:
            pass
        finally:
            self._session.cancel()  # what is under way is not waited for

    def _offered(self) -> set[str]:
        """Start the port in each dtype, and ask it which features it offers."""
        self._probe("float32", {})
        offered = set(features(self._algorithm))
        for name, chosen in features(self._algorithm).items():
            outcome = self._probe("float64", chosen)
            if outcome.missing is not None:
                offered.remove(name)
            if outcome.has("hang", "crash"):
                break  # it may be lost in each, and no clock runs yet
        return offered

    def _probe(self, dtype: str, chosen: Mapping[str, Any]) -> Outcome:
        case = Maker(self._algorithm, dtype).draw("probe", "", (), shapes=((1,),), steps=2, **{"lr": 0.5, **chosen})
        return self._answer(self._submit(case))

    def _take_first(self, case: Case) -> bool:
        """Run one case, and end the drawing where it is a counterexample."""
        if self._begin is None:
            self._begin = time.monotonic()
        self._best = self._fail(case)
        if self._best is not None:
            raise _Found
        return False

    def _reduce(self) -> None:
        """Make the counterexample smaller, for as long as there is time."""
        assert self._best is not None
        if self._best.quantity == "hang":
            return  # each case that is tried would take the whole limit
        with suppress(_Over):
            reduce_case(self._best.case, self._is_smaller)

    def _is_smaller(self, case: Case) -> bool:
        """Tell whether a case fails in the same way, and keep it if it does."""
        assert self._best is not None
        failure = self._fail(case)
        if failure is None or failure.quantity != self._best.quantity:
            return False
        self._best = failure
        return True

    def _fail(self, case: Case) -> Failure | None:
        """Run a case and return how the port fails it, or None; raises `_Over`."""
        self._check_time()
        # While the port runs in its process, the exact results are proven in this one.
        running = self._submit(case)
        try:
            vector = prove(case)
        except ArithmeticError:
            vector = None
        outcome = self._answer(running)
        if outcome.has("hang"):
            outcome = self._answer(self._submit(case))  # in the fresh process that follows a loss
        if vector is None or outcome.missing is not None or outcome.has("not_run") or is_refused(outcome):
            self._discarded += 1
            return None
        self._examples += 1
        if self._progress is not None:
            self._progress(self._examples)
        return failure_of(case, self._session.spec, vector, outcome)

    def result(self) -> Counterexample | Exhausted:
        """Return what the search came to."""
        seconds, best = self._spent(), self._best
        if best is None:
            return Exhausted(self._examples, self._discarded, seconds)
        return Counterexample(
            best.quantity,
            best.step,
            best.observed,
            best.expected,
            best.tolerance,
            best.script,
            self._examples,
            seconds,
        )

    def _submit(self, case: Case) -> "Future[Outcome]":
        """Run a case on the port, in another thread."""
        runs = self._runs.get(case.dtype, 0)
        if runs == RENEW and self._session.spec.adapter == "optax":
            self._session.renew(case.dtype)
            runs = 0
        self._runs[case.dtype] = runs + 1
        # Before the first case a step may load what a framework loads, and the time of the search has not begun.
        limit = self._session.limits.processor if self._begin is None else self._limit
        limits = Limits(limit, limit, self._session.limits.wall)
        recorded = (True,) * len(case.losses)
        job = Job(case.params, dict(case.hyperparameters), case.losses, case.grads, recorded)
        self._session.forgive()  # what was lost says nothing about the next case
        return self._pool.submit(self._session.run, job, case.dtype, limits)

    def _answer(self, running: "Future[Outcome]") -> Outcome:
        try:
            # Before the first case nothing but the limits of the process itself ends it.
            return running.result(timeout=None if self._begin is None else max(0.0, self._left(0.0)))
        except TimeoutError:
            self._session.cancel()
            raise _Over from None

    def _spent(self) -> float:
        return 0.0 if self._begin is None else time.monotonic() - self._begin

    def _left(self, kept: float) -> float:
        return self._seconds - kept - self._spent()

    def _check_time(self) -> None:
        kept = min(LAST, self._seconds / 4) if self._best is None else 0.0
        if self._left(kept) <= 0 or self._examples + self._discarded == self._most:
            raise _Over
