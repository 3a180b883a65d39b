"""Run tasks in local processes, and survive the death of any of them."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection, get_context, parent_process

from momoracle.convergence.sweeps.spec import Task
from momoracle.convergence.sweeps.task import Row, compute_rows, failure_rows

_ATTEMPTS = 2


def run_locally(tasks: Iterable[Task], processes: int) -> Iterator[tuple[Task, list[Row]]]:
    """Yield each task with its rows, in the order in which they are finished.

    When a process dies (is killed, runs out of memory, crashes), every task that was under way is run again, each alone
    in a process of its own; one that `_ATTEMPTS` such processes die of has rows that say so.
    """
    waiting = iter(tasks)
    suspects: list[Task] = []
    while True:
        with _pool(processes) as pool:
            running: dict[Future[list[Row]], Task] = {}
            try:
                while True:
                    # As many as keep the processes busy: a task that waits here is not lost with them.
                    for task in islice(waiting, 2 * processes - len(running)):
                        running[pool.submit(compute_rows, task)] = task
                    if not running:
                        break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        rows = future.result()
                        yield running.pop(future), rows
            except BrokenProcessPool:
                suspects = list(running.values())
        for task in suspects:
            yield task, _run_alone(task)
        if not suspects:
            return
        suspects = []


def _run_alone(task: Task) -> list[Row]:
    for _ in range(_ATTEMPTS):
        with _pool(1) as pool:
            try:
                return pool.submit(compute_rows, task).result()
            except BrokenProcessPool:
                continue
    return failure_rows(task, f"{_ATTEMPTS} processes that ran it alone died: killed, crashed or out of memory")


def _pool(processes: int) -> ProcessPoolExecutor:
    # Not forked: threads of this process would be copied in whatever state they are.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this process when its parent is gone, be it killed: it would wait for work for ever."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
