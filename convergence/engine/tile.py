"""Advance one tile of an ensemble: every replica of it in one step of the reference."""

from typing import NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.engine.ensemble import Ensemble, Part
from momoracle.convergence.engine.replicas import Replicas, is_beyond, select_certificates, update_ledgers
from momoracle.convergence.engine.samples import orders
from momoracle.convergence.problems.limits import LIMITS
from momoracle.convergence.problems.problem import Array


class Tile(NamedTuple):
    """What is kept of a tile: for each replica a row with one number a checkpoint, and one ledger a certificate.

    ``rows`` has ``mean_loss``, f(x^k); ``loss_average``, the average of the sampled losses up to step k; and the
    trace's scalars that are watched. Where a replica is retired before a checkpoint, its rows hold NaN from there on.
    """

    replicas: range
    rows: dict[str, Array]
    ledgers: dict[str, Ledger]
    retired: Array  # the step at which a replica left the range of its dtype; 0: it did not
    capped: Array  # whether a cap on MoMo's step bound, in any step


def advance(ensemble: Ensemble, replicas: range) -> Tile:
    """Run the replicas of a tile from their starts to the last step.

    A replica whose points, gradients or losses grow beyond `LIMITS` is retired: it is kept at its start, on zero
    gradients, where it disturbs nobody, and nothing of it is recorded any more.
    """
    part, problem = (
        Part.of(ensemble, np.arange(replicas.start, replicas.stop)),
        ensemble.stated_problem.astype(ensemble.dtype),
    )
    count, limit, lower = len(replicas), LIMITS[ensemble.dtype], problem.constants.lower_bound
    state, samples = part.method.init(part.points, replicas=count), orders(problem, part.seeds)
    running = Replicas(problem, part.method, select_certificates(ensemble), part.points.copy(), state)
    seen, column = ensemble.checkpoints(), 0
    rows = {name: np.full((count, len(seen)), np.nan) for name in ("mean_loss", "loss_average", *ensemble.watch)}
    retired, alive = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)

    for k in range(1, ensemble.steps + 1):
        x = running.x
        loss, gradient = problem.answers(x, next(samples))
        if not (_is_within(loss[:, None], limit) and _is_within(gradient, limit) and _is_within(x, limit)):
            out = is_beyond(loss, gradient, x, limit)
            retired[out & alive] = k
            alive &= ~out
        if not alive.all():
            x[~alive], gradient[~alive], loss[~alive] = part.points[~alive], 0, lower
        looked_at = k == seen[column]
        if looked_at:  # before the step, whose loss is that of this point
            rows["mean_loss"][alive, column] = problem.mean_loss(x)[alive]
        trace = running.take_step(k, loss, gradient, alive)
        if looked_at:
            rows["loss_average"][alive, column] = (running.total / k)[alive]
            for name in ensemble.watch:
                rows[name][alive, column] = getattr(trace, name)[alive]
            column += 1
    ledgers = running.ledgers | check_means(ensemble, rows["mean_loss"])
    return Tile(replicas, rows, ledgers, retired, running.capped)


def check_means(ensemble: Ensemble, means: Array) -> dict[str, Ledger]:
    """Return the ledgers of the certificates that are about the mean losses, one row a replica, NaN once it retired."""
    of_means = [c for c in select_certificates(ensemble) if c.of == "means"]
    if not of_means:
        return {}
    problem, ledgers = ensemble.problem, {c.id: Ledger.empty(len(means)) for c in of_means}
    measurer = LossMeasurer(problem, np.zeros(len(means), dtype=ensemble.dtype), problem.samples)
    for k, column in zip(ensemble.checkpoints(), means.T, strict=True):
        alive = ~np.isnan(column)
        update_ledgers(ledgers, of_means, measurer.step(np.where(alive, column, 0.0), k), problem, k, alive)
    return ledgers


def _is_within(values: Array, limit: float) -> bool:
    """Tell whether no entry is NaN or beyond the limit, or else that it has to be looked at entry by entry.

    No row's sum of squares is beyond the squared limit, so no entry is beyond the limit: one pass instead of two.
    """
    with np.errstate(all="ignore"):
        return bool(np.vecdot(values, values).max() <= limit * limit)
