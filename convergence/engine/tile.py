"""Advance one tile of an ensemble: every replica of it in one step of the reference."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.engine.ensemble import Ensemble, Part
from momoracle.convergence.engine.samples import orders
from momoracle.convergence.limits import LIMITS
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


def applicable(ensemble: Ensemble) -> list[Certificate]:
    """Return the certificates that the theory claims for this ensemble."""
    points = [ensemble.method_at(i) for i in range(ensemble.grid)]
    return [
        c for c in ensemble.certificates if not any(c.not_applicable(ensemble.problem, method) for method in points)
    ]


def advance(ensemble: Ensemble, replicas: range) -> Tile:
    """Run the replicas of a tile from their starts to the last step.

    A replica whose points, gradients or losses grow beyond `LIMITS` is retired: it is kept at its start, on zero
    gradients, where it disturbs nobody, and nothing of it is recorded any more.
    """
    part, problem = Part.of(ensemble, np.arange(replicas.start, replicas.stop)), ensemble.problem.astype(ensemble.dtype)
    method, x, count = part.method, part.points, len(replicas)
    start, limit, lower = x.copy(), LIMITS[ensemble.dtype], problem.constants.lower_bound
    certificates = applicable(ensemble)
    of_momo, of_losses = ([c for c in certificates if c.of == kind] for kind in ("momo", "losses"))
    measurer, losses = Measurer(ensemble.problem, method, x) if of_momo else None, LossMeasurer(ensemble.problem, x)
    ledgers = {c.id: Ledger.empty(count) for c in certificates}
    seen = ensemble.checkpoints()
    rows = {name: np.full((count, len(seen)), np.nan) for name in ("mean_loss", "loss_average", *ensemble.watch)}
    retired, alive = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    total, column = np.zeros(count), 0
    cap_bound = np.zeros(count, dtype=bool)
    state, samples = method.init(x, replicas=count), orders(problem, part.seeds)

    for k in range(1, ensemble.steps + 1):
        loss, gradient = problem.answers(x, next(samples))
        if not (_within(loss[:, None], limit) and _within(gradient, limit) and _within(x, limit)):
            out = beyond(loss, gradient, x, limit)
            retired[out & alive] = k
            alive &= ~out
        if not alive.all():
            x[~alive], gradient[~alive], loss[~alive] = start[~alive], 0, lower
        total += loss
        if k == seen[column]:
            rows["mean_loss"][alive, column] = problem.mean_loss(x)[alive]
            rows["loss_average"][alive, column] = (total / k)[alive]
        x, state, trace = method.step(x, gradient, state, loss=loss)
        if capped(method):
            lr = method.lr(k) if callable(method.lr) else method.lr
            cap_bound |= alive & at_cap(trace.step_size, trace.weight_sum, lr)
        if measurer is not None:
            norm_sq, distance_sq = measurer.norms_sq(gradient, x)
            measured = measurer.step(loss, norm_sq, trace, distance_sq, k)
            enter(ledgers, of_momo, measured, ensemble, k, alive)
        if of_losses:
            enter(ledgers, of_losses, losses.step(loss, k), ensemble, k, alive)
        if k == seen[column]:
            for name in ensemble.watch:
                rows[name][alive, column] = getattr(trace, name)[alive]
            column += 1
    return Tile(replicas, rows, ledgers | means_checked(ensemble, rows["mean_loss"]), retired, cap_bound)


def means_checked(ensemble: Ensemble, means: Array) -> dict[str, Ledger]:
    """Return the ledgers of the certificates that are about the mean losses, one row a replica, NaN once it retired."""
    of_means = [c for c in applicable(ensemble) if c.of == "means"]
    if not of_means:
        return {}
    ledgers = {c.id: Ledger.empty(len(means)) for c in of_means}
    measurer = LossMeasurer(ensemble.problem, np.zeros(len(means), dtype=ensemble.dtype), ensemble.problem.samples)
    for k, column in zip(ensemble.checkpoints(), means.T, strict=True):
        alive = ~np.isnan(column)
        enter(ledgers, of_means, measurer.step(np.where(alive, column, 0.0), k), ensemble, k, alive)
    return ledgers


def enter(
    ledgers: dict[str, Ledger],
    certificates: Sequence[Certificate],
    measured: Any,
    ensemble: Ensemble,
    k: int,
    at: Array,
) -> None:
    """Carry the ledgers of some certificates over step k, for the replicas that are ``at`` it."""
    for certificate in certificates:
        ledgers[certificate.id] = ledgers[certificate.id].after(certificate.sides(measured, ensemble.problem), k, at)


def beyond(loss: Array, gradient: Array, x: Array, limit: float) -> Array:
    """Tell which replicas have a loss or an entry that is NaN or beyond the limit."""
    largest = np.maximum(np.abs(gradient).max(axis=1), np.abs(x).max(axis=1))
    return ~(np.maximum(largest, np.abs(loss)) <= limit)


def capped(method: Any) -> bool:
    """Tell whether the learning rate of a method is a cap."""
    return hasattr(method, "lower_bound")


def at_cap(step_size: Any, weight_sum: Any, lr: Any) -> Any:
    """Tell where τ ρ is the cap α, less what rounding may take from (α/ρ) ρ."""
    return step_size * weight_sum >= lr * (1 - 4 * np.finfo(float).eps)


def _within(values: Array, limit: float) -> bool:
    """Tell whether no entry is NaN or beyond the limit, or else that it has to be looked at entry by entry.

    No row's sum of squares is beyond the squared limit, so no entry is beyond the limit: one pass instead of two.
    """
    with np.errstate(all="ignore"):
        return bool(np.vecdot(values, values).max() <= limit * limit)
