"""Check what a port does beside its update: every behaviour in a child process, so that each gets its row."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock
from typing import TypeAlias

from momoracle.ports.adapters.port_spec import PortSpec
from momoracle.ports.behaviours.table import CHECKS, Check
from momoracle.ports.processes.session import PortSession, Session
from momoracle.ports.running.findings import Behaviour
from momoracle.ports.running.messages import Answer

Progress: TypeAlias = Callable[[Behaviour], None]
Rows: TypeAlias = dict[str, Behaviour]

PLACES = 2  # processes side by side
TWICE = "deterministic"  # the check that both processes carry out, for they are to agree


def check_behaviours(session: PortSession, rows: Rows, progress: Progress | None = None) -> None:
    """Put one row for every behaviour into ``rows``, by its id; what is there when this is interrupted is valid.

    A check that hangs or ends its process has that as its row, and the others still run. ``progress`` is called with
    each row as it comes, from one thread at a time, in no fixed order.

    Raises `PortError` where the port cannot be loaded.
    """
    lock = Lock()

    def add(check: Check, answer: Answer) -> None:
        row = Behaviour(check.id, check.policy_for(session.algorithm), answer.outcome, answer.evidence)
        with lock:
            rows[check.id] = row
            if progress is not None:
                progress(row)

    waiting: deque[Check] = deque()
    for check in CHECKS:
        if reason := check.why_not(session.spec.adapter, session.algorithm):
            add(check, Answer("not_applicable", reason))
        elif check.id != TWICE:
            waiting.append(check)

    def work(place: int) -> Answer:
        own = session.ask(TWICE, place)
        while True:
            try:
                check = waiting.popleft()
            except IndexError:
                return own
            add(check, session.ask(check.id, place))

    session.load_for_behaviours(PLACES)  # here, for the threads are not to start one at the same time
    with ThreadPoolExecutor(max_workers=PLACES) as pool:
        running = [pool.submit(work, place) for place in range(PLACES)]
        try:
            answers = [future.result() for future in as_completed(running)]
        except BaseException:  # Ctrl-C too: nobody waits for the rest
            session.cancel()
            raise
    add(next(check for check in CHECKS if check.id == TWICE), combine_digests(answers))
    session.forgive()


def ask_behaviour(session: Session, behaviour: str) -> Answer:
    """Carry out one check; whether two processes agree is asked of two."""
    if behaviour == TWICE and isinstance(session, PortSession):
        return combine_digests([session.ask(behaviour, place) for place in range(PLACES)])
    return session.ask(behaviour)


def rows_in_order(algorithm: str, spec: PortSpec, rows: Rows, reason: str) -> tuple[Behaviour, ...]:
    """Return a row for every behaviour, in the order of the table; those that are missing were not run: ``reason``."""
    return tuple(rows.get(check.id) or _row_without_answer(check, algorithm, spec, reason) for check in CHECKS)


def _row_without_answer(check: Check, algorithm: str, spec: PortSpec, reason: str) -> Behaviour:
    why_not = check.why_not(spec.adapter, algorithm)
    outcome = Answer("not_applicable", why_not) if why_not else Answer("not_run", reason)
    return Behaviour(check.id, check.policy_for(algorithm), outcome.outcome, outcome.evidence)


def combine_digests(answers: Sequence[Answer]) -> Answer:
    """Return what two processes say together of the same input."""
    for answer in answers:
        if answer.outcome != "holds":
            return answer
    if len({answer.digest for answer in answers}) > 1:
        return Answer("broken", f"{len(answers)} processes, given the same, returned other numbers")
    return Answer("holds", f"{answers[0].evidence} are the same in 2 instances in each of {len(answers)} processes")
