"""Run an ensemble tile by tile, here or in several processes; results come in the order of the replicas."""

from collections.abc import Callable, Iterator
from multiprocessing import get_context
from typing import Any

from momoracle.convergence.ensemble import Ensemble
from momoracle.convergence.tile import Tile, advance


def run(
    ensemble: Ensemble, processes: int = 1, tile: int | None = None, done: Callable[[int], Any] = lambda steps: None
) -> Iterator[Tile]:
    """Yield the tiles of an ensemble, each as it is finished and all before it are.

    What a replica computes depends on its own start, hyperparameters and seed alone, so the tiles' contents are the
    same bit for bit for every ``tile`` and number of ``processes``.

    Args:
        ensemble: what to run.
        processes: how many tiles are advanced at once; 1 runs in this process.
        tile: replicas in a tile; a number that suits the size of the problem if left out.
        done: called with the replica-steps of each tile that is finished.

    Raises:
        ValueError: processes or tile is below 1.

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
    if processes == 1 or len(ranges) == 1:
        for replicas in ranges:
            yield advance(ensemble, replicas)
            done(len(replicas) * ensemble.steps)
        return
    # Not forked: threads of this process would be copied in whatever state they are.
    with get_context("spawn").Pool(min(processes, len(ranges)), _receive, (ensemble,)) as pool:
        for result in pool.imap(_advance, ranges):
            yield result
            done(len(result.replicas) * ensemble.steps)


_ensemble: list[Ensemble] = []  # of a worker process, sent once and not with every tile


def _receive(ensemble: Ensemble) -> None:
    _ensemble[:] = [ensemble]


def _advance(replicas: range) -> Tile:
    return advance(_ensemble[0], replicas)
