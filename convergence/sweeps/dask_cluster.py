"""Run tasks on a Dask cluster that is already there."""

from collections.abc import Iterable, Iterator
from itertools import islice

from momoracle.convergence.sweeps.spec import Task
from momoracle.convergence.sweeps.task import Row, compute_rows, failure_rows


def run_on_cluster(tasks: Iterable[Task], address: str, timeout: float = 30.0) -> Iterator[tuple[Task, list[Row]]]:
    """Yield each task with its rows, in the order in which they are finished.

    The scheduler gives the tasks of a worker that dies to others; a task that several workers die of (as many as the
    cluster's setting ``distributed.scheduler.allowed-failures`` says) has rows that say so. Rows come back to this
    process, which writes them: workers need the package, and files of the user's own problems, but no shared disk.

    Args:
        tasks: what to run.
        address: of the scheduler, such as ``tcp://127.0.0.1:8786``.
        timeout: seconds to wait for the scheduler.

    Raises:
        ModuleNotFoundError: distributed is not installed.
        OSError: there is no scheduler at the address.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ModuleNotFoundError("clusters need Dask: pip install 'momoracle[distributed]'") from None
    waiting = iter(tasks)
    with Client(address, timeout=timeout, set_as_default=False) as client:
        running = {}
        done = as_completed(loop=client.loop)

        def submit(count: int) -> None:
            for task in islice(waiting, count):
                future = client.submit(compute_rows, task, pure=False)
                running[future] = task
                done.add(future)

        # Not all at once: a million tasks would fill the scheduler. Workers may come and go meanwhile.
        submit(4 * max(1, sum(client.nthreads().values())))
        for future in done:
            task, error = running.pop(future), future.exception()
            yield task, failure_rows(task, error) if error is not None else future.result()
            future.release()
            submit(max(1, 4 * sum(client.nthreads().values()) - len(running)))
