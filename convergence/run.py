"""Run an ensemble tile by tile, here or in several processes; results come in the order of the replicas."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

from momoracle.common.user_code import import_file, imported_files
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.engine.tile import Tile, advance


class NotSendableError(ValueError):
    """An ensemble holds something that cannot be sent to other processes; the message says what, and the fix."""


def run(
    ensemble: Ensemble, processes: int = 1, tile: int | None = None, done: Callable[[int], Any] = lambda steps: None
) -> Iterator[Tile]:
    """Yield the tiles of an ensemble, each as it is finished and all before it are.

    What a replica computes depends on its own start, hyperparameters and seed alone, so the tiles' contents are the
    same bit for bit for every ``tile`` and number of ``processes``. Nor do they depend on the processor, unless the
    losses do: NumPy's exponentials, logarithms and BLAS products (logistic loss, problems of one's own) do.

    Args:
        ensemble: what to run.
        processes: how many tiles are advanced at once; 1 runs in this process. A compiled ensemble takes threads of
            this process instead.
        tile: replicas in a tile; a number that suits the size of the problem if left out.
        done: called with the replica-steps of each tile that is finished.

    Raises:
        ValueError: processes or tile is below 1, or the ensemble cannot be compiled.
        NotSendableError: several processes are asked for, and the ensemble cannot be sent to them.
        ModuleNotFoundError: it is to be compiled and the extra ``fast`` is not installed.

    >>> from momoracle import SGD
    >>> from momoracle.convergence import least_squares
    >>> ensemble = Ensemble(least_squares(), SGD(lr=0.1), steps=4, seeds=3)
    >>> [tile.replicas for tile in run(ensemble, tile=2)]
    [range(0, 2), range(2, 3)]
    """
    for name, value in (("processes", processes), ("tile", tile)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; allowed: an integer >= 1")
    ranges = ensemble.tiles(tile)
    take: Callable[[range], Tile] = partial(advance, ensemble)
    if ensemble.compiled:
        compiler = _compiler()
        take = partial(compiler.advance, ensemble, program=compiler.Program(compiler.code_of(ensemble)))
        if processes > 1 and len(ranges) > 1:
            with ThreadPool(min(processes, len(ranges))) as threads:
                yield from _count_steps(threads.imap(take, ranges), ensemble, done)
            return
    if processes == 1 or len(ranges) == 1:
        yield from _count_steps(map(take, ranges), ensemble, done)
        return
    # Not forked: threads of this process would be copied in whatever state they are.
    with get_context("spawn").Pool(
        min(processes, len(ranges)), _receive, (imported_files(), _pickle(ensemble))
    ) as pool:
        yield from _count_steps(pool.imap(_advance, ranges), ensemble, done)


def _count_steps(tiles: Iterable[Tile], ensemble: Ensemble, done: Callable[[int], Any]) -> Iterator[Tile]:
    for tile in tiles:
        yield tile
        done(len(tile.replicas) * ensemble.steps)


def compiled_where_possible(ensemble: Ensemble) -> Ensemble:
    """Return an ensemble that is to be compiled as it is, or to be run without where its text cannot be compiled."""
    if not ensemble.compiled:
        return ensemble
    try:
        _compiler().code_of(ensemble)
    except ValueError:
        return replace(ensemble, compiled=False)
    return ensemble


def _compiler() -> Any:
    try:
        from momoracle.convergence.compiled import tile  # brings llvmlite
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"compiled is True and {error.name} is missing; pip install 'momoracle[fast]', or leave compiled out",
            name=error.name,
        ) from error
    return tile


def _pickle(ensemble: Ensemble) -> bytes:
    """Return an ensemble as bytes for other processes.

    Raises:
        NotSendableError: something in it cannot be pickled.
    """
    try:
        return pickle.dumps(ensemble)
    except Exception as error:  # pickle raises PicklingError, AttributeError, TypeError, and what the objects raise
        raise NotSendableError(
            f"{ensemble.problem.name} with {type(ensemble.method).__name__} cannot be sent to other processes: "
            f"{error}; define its functions and classes at the top level of a file, or run it in 1 process"
        ) from error


# A worker process receives the ensemble once, not with every tile. It stays bytes until the first tile is asked for: an
# error while a pool starts its processes would make it start others for ever.
_received: list[tuple[dict[str, Path], bytes]] = []


def _receive(files: dict[str, Path], ensemble: bytes) -> None:
    _received[:] = [(files, ensemble)]


def _advance(replicas: range) -> Tile:
    return advance(_unpickle(), replicas)


@cache
def _unpickle() -> Ensemble:
    ((files, content),) = _received
    for name, file in files.items():  # where pickle looks for what the user's files define
        import_file(file, name)
    ensemble: Ensemble = pickle.loads(content)
    return ensemble
