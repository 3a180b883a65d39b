"""What is kept of an ensemble: per cell (start and grid point) sums over groups of seeds, and the findings."""

from typing import NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Violation
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.engine.replicas import select_certificates
from momoracle.convergence.engine.tile import Tile
from momoracle.convergence.problems.problem import Array

GROUPS = 64  # of replicas, by seed, for the bootstrap: memory does not grow with the number of replicas


class Finding(NamedTuple):
    """What a certificate found on the replicas of one cell.

    ``margin`` is the largest (left − right)/tolerance, at most 1 where it holds; ``ratio`` the largest left/right at
    the end of a run.
    """

    checked: int
    replicas: int
    violated: int
    first: Violation | None
    margin: float
    ratio: float


class Summary:
    """Reduces tiles, which are to be added in the order of their replicas; its size does not depend on the seeds.

    Args:
        ensemble: what the tiles are of.

    >>> from momoracle import SGD
    >>> from momoracle.convergence import Ensemble, run
    >>> from momoracle.convergence import least_squares
    >>> summary = Summary(Ensemble(least_squares(), SGD(lr=0.1), steps=4, seeds=2))
    >>> for tile in run(summary.ensemble, tile=1):
    ...     summary.add(tile)
    >>> start = least_squares().start[None]
    >>> bool(summary.mean("mean_loss")[0] == least_squares().mean_loss(start)[0])  # before the first step
    True
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.steps = np.array(ensemble.checkpoints())
        self.groups = min(GROUPS, ensemble.seeds)
        self.sums: dict[str, Array] = {}
        self.counts = np.bincount(np.arange(ensemble.seeds) % self.groups)
        self.retired = np.zeros(ensemble.cells, dtype=np.int64)
        self.first_retired = np.zeros(ensemble.cells, dtype=np.int64)
        self.capped = np.zeros(ensemble.cells, dtype=np.int64)  # replicas
        self.certificates = [c.id for c in select_certificates(ensemble)]
        self._findings: dict[tuple[int, str], Finding] = {}

    def add(self, tile: Tile) -> None:
        """Add a ``tile``."""
        cell, seed = np.divmod(np.arange(tile.replicas.start, tile.replicas.stop), self.ensemble.seeds)
        for name, rows in tile.rows.items():
            if name not in self.sums:
                self.sums[name] = np.zeros((self.ensemble.cells, self.groups, len(self.steps)))
            # Replica by replica, in their order: the sums do not depend on where one tile ends and the next begins.
            np.add.at(self.sums[name], (cell, seed % self.groups), rows)
        np.add.at(self.retired, cell, tile.retired > 0)
        np.add.at(self.capped, cell, tile.capped)
        for c, k in zip(cell[tile.retired > 0], tile.retired[tile.retired > 0], strict=True):
            self.first_retired[c] = min(self.first_retired[c] or k, k)
        for name, ledger in tile.ledgers.items():
            for c in np.unique(cell):
                mine = cell == c
                steps = np.where(ledger.first[mine, 0] > 0, ledger.first[mine, 0], np.inf)
                at = int(np.argmin(steps))
                first = None
                if np.isfinite(steps[at]):
                    step, left, right, tolerance = ledger.first[mine][at].tolist()
                    first = Violation(
                        int(np.flatnonzero(mine)[at]) + tile.replicas.start, int(step), left, right, tolerance
                    )
                checked = ledger.checked[mine]
                new = Finding(
                    int(checked.sum()),
                    int((checked > 0).sum()),
                    int(np.isfinite(steps).sum()),
                    first,
                    float(np.fmax.reduce(ledger.margin[mine])),
                    float(np.fmax.reduce(ledger.ratio[mine])),
                )
                self._findings[c, name] = _join(self._findings.get((c, name)), new)

    def finding(self, cell: int, certificate: str) -> Finding:
        """Return what an applicable ``certificate`` (its id) found on one ``cell``."""
        return self._findings[cell, certificate]

    def mean(self, name: str, cell: int = 0) -> Array:
        """Return the mean of ``name`` over the seeds of one ``cell``, one number a checkpoint; NaN once one retired."""
        return self.sums[name][cell].sum(axis=0) / self.ensemble.seeds


def _join(old: Finding | None, new: Finding) -> Finding:
    if old is None:
        return new
    firsts = [finding.first for finding in (old, new) if finding.first is not None]
    return Finding(
        old.checked + new.checked,
        old.replicas + new.replicas,
        old.violated + new.violated,
        min(firsts, key=lambda v: (v.step, v.replica)) if firsts else None,
        max(old.margin, new.margin),
        max(old.ratio, new.ratio),
    )
