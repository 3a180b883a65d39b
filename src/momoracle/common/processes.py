"""Work in several processes, which end at once where nobody waits for it any more."""

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

A = TypeVar("A")
T = TypeVar("T")
_GRACE = 5.0  # seconds for the pool's thread to see that its processes are dead


def computed(compute: Callable[[A], T], inputs: Iterable[A], processes: int | None = None) -> Iterator[tuple[A, T]]:
    """Yield each input with what ``compute`` returns for it, as it is done; those given first are begun first.

    ``compute`` and the inputs are pickled. There is a process a core where ``processes`` is None. Where an error, or
    Ctrl-C, ends this, whatever is under way is killed and not waited for; the processes themselves never see Ctrl-C.
    """
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    running: dict[Future[T], A] = {}
    try:
        for one in inputs:
            with _interrupts_later():  # submit starts the processes
                running[pool.submit(compute, one)] = one
        for future in as_completed(running):
            yield running[future], future.result()
    except BaseException:  # GeneratorExit too: the reader has left
        manager: Any = pool._executor_manager_thread
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        if manager is not None:
            manager.join(_GRACE)  # at Python's exit it could close the pipe that wakes it while that is written to
        raise
    pool.shutdown()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold Ctrl-C back: it comes at the end, but to no process that is started here, for that inherits the mask."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
