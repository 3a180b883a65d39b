"""Map a function over inputs in worker processes; on an error or Ctrl-C, kill the workers instead of waiting."""

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

A = TypeVar("A")
T = TypeVar("T")
_GRACE = 5.0  # seconds for the pool's own thread to notice that the workers are dead


def map_in_processes(
    function: Callable[[A], T], inputs: Iterable[A], processes: int | None = None
) -> Iterator[tuple[A, T]]:
    """Yield each input with its result, in the order in which the results arrive.

    Work starts in the order of the inputs. The function and the inputs are pickled. If an error or Ctrl-C ends the
    loop, or the caller stops reading, the running workers are killed. The workers themselves never receive Ctrl-C.

    Args:
        function: what each worker calls.
        inputs: its arguments, one call for each.
        processes: how many workers there are; one for each core if None.

    Raises:
        Exception: whatever ``function`` raises, as soon as its result is read.
    """
    # "spawn" starts every worker as a fresh Python: a forked one would copy threads' locks in an unknown state.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    pending: dict[Future[T], A] = {}
    try:
        for argument in inputs:
            # submit() starts a worker when all others are busy. A worker inherits the signal mask of the moment, so
            # Ctrl-C is blocked just then: it reaches this process alone, which decides for all of them.
            with _sigint_blocked():
                pending[pool.submit(function, argument)] = argument
        for future in as_completed(pending):
            yield pending[future], future.result()
    except BaseException:  # includes GeneratorExit, which Python raises here when the caller stops reading
        _kill(pool)
        raise
    pool.shutdown()


def _kill(pool: ProcessPoolExecutor) -> None:
    """Kill the workers of a pool and forget the work that has not started."""
    # The executor has no public way to kill: its shutdown() waits for the running calls, which may take minutes.
    manager: Any = pool._executor_manager_thread
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)
    # Wait for the pool's thread. At Python's exit it could otherwise close a pipe that is being written to.
    if manager is not None:
        manager.join(_GRACE)


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Hold Ctrl-C back inside the block; it arrives at the end of the block."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
