"""Check what a port does beside its update: every behaviour in a child process, so that each gets its row."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock
from typing import TypeAlias

from momoracle.ports.adapters.loading import PortSpec, check_algorithm
from momoracle.ports.behaviours.table import CHECKS, Check
from momoracle.ports.processes.child import Answer, Question
from momoracle.ports.processes.process import Child
from momoracle.ports.running.findings import Behaviour, Held

Progress: TypeAlias = Callable[[Behaviour], None]

PROCESSES = 2
TWICE = "deterministic"  # the check that every process carries out, for they are to agree


def behaviours(
    algorithm: str, spec: PortSpec, *, time_limit: float = 10.0, progress: Progress | None = None
) -> tuple[Behaviour, ...]:
    """Return one row for every behaviour, in the order of the table.

    ``time_limit`` is in seconds a check; a check that hangs or ends its process is broken, and the others still run.
    ``progress`` is called with each row as it comes, from one thread at a time, in no fixed order.

    Raises `PortError` where ``algorithm`` is wrong or the port cannot be loaded.
    """
    check_algorithm(algorithm)
    rows: dict[str, Behaviour] = {}
    lock = Lock()

    def add(check: Check, answer: Answer) -> None:
        row = Behaviour(check.id, check.policy_for(algorithm), answer.outcome, answer.evidence)
        with lock:
            rows[check.id] = row
            if progress is not None:
                progress(row)

    reasons = {check.id: check.why_not(spec.adapter, algorithm) for check in CHECKS}
    for check in CHECKS:
        if reasons[check.id]:
            add(check, Answer("not_applicable", reasons[check.id]))
    waiting = deque(check for check in CHECKS if check.id != TWICE and not reasons[check.id])

    def work(child: Child) -> Answer:
        with child:
            own = child.ask(Question(TWICE))
            while True:
                try:
                    check = waiting.popleft()
                except IndexError:
                    return own
                add(check, child.ask(Question(check.id)))

    # In one dtype: it is the framework's default, and what it is set to holds for a whole process.
    children = [Child(spec, algorithm, "float32", time_limit=time_limit) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(max_workers=PROCESSES) as pool:
        running = [pool.submit(work, child) for child in children]
        try:
            answers = [future.result() for future in as_completed(running)]
        except BaseException:  # Ctrl-C too: nobody waits for the rest
            for child in children:
                child.cancel()
            raise
    add(next(check for check in CHECKS if check.id == TWICE), agreed(answers))
    return tuple(rows[check.id] for check in CHECKS)


def not_tried(algorithm: str, spec: PortSpec, reason: str) -> tuple[Behaviour, ...]:
    """Return the rows of a port that is not asked, and why: ``reason``, or that the behaviour means nothing for it."""
    rows = []
    for check in CHECKS:
        why_not = check.why_not(spec.adapter, algorithm)
        outcome: Held = "not_applicable" if why_not else "not_run"
        rows.append(Behaviour(check.id, check.policy_for(algorithm), outcome, why_not or reason))
    return tuple(rows)


def agreed(answers: list[Answer]) -> Answer:
    """Return what two processes say together of the same input."""
    for answer in answers:
        if answer.outcome != "holds":
            return answer
    if len({answer.digest for answer in answers}) > 1:
        return Answer("broken", f"{len(answers)} processes, given the same, returned other numbers")
    return Answer("holds", f"{answers[0].evidence} are the same in 2 instances in each of {len(answers)} processes")
