"""Train perceptrons on digits: an ensemble of learning rates and seeds in one step of the reference."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.engine.replicas import is_beyond
from momoracle.convergence.engine.samples import batches
from momoracle.convergence.experiments.digits import Digits
from momoracle.convergence.experiments.flipping_labels import LabelFlips
from momoracle.convergence.experiments.perceptron import Answer, Perceptron
from momoracle.convergence.problems.limits import LIMITS
from momoracle.convergence.problems.problem import Array

DTYPE = "float32"
_TILE = 40  # replicas advanced at once: their parameters fit the cache


class Trained(NamedTuple):
    """What is kept of R runs.

    Attributes:
        train_loss: the mean loss over all training digits at the end, shape (R,); NaN where a run diverged.
        test_accuracy: the share of test digits that are recognised at the end, shape (R,); NaN where it diverged.
        loss: of each step's batch, before the step, shape (R, K); NaN from where a run diverged.
        accuracy: of each step's batch, before the step, shape (R, K); NaN from where a run diverged.
        watched: scalars of the trace by name, shape (R, K) each; for a list, one a tensor, their mean.
        params: at the end; of a run that diverged, its start.
        state: of the method, at the end.
    """

    train_loss: Array
    test_accuracy: Array
    loss: Array
    accuracy: Array
    watched: dict[str, Array]
    params: list[Array]
    state: Any


@dataclass(frozen=True)
class Training:
    """How a network is trained; what is random depends on seeds alone, so that methods can be compared in pairs.

    Args:
        network: what is trained.
        digits: what it learns from.
        steps: K ≥ 1.
        batch: B ≥ 1, digits a step, drawn with replacement.
        labels: which label a digit has at a step; its own where left out.
        watch: scalars of the trace to keep.
    """

    network: Perceptron
    digits: Digits
    steps: int
    batch: int = 32
    labels: LabelFlips | None = None
    watch: tuple[str, ...] = ()

    def rates(self, method: Any, rates: Sequence[float], seeds: Sequence[int]) -> list[Trained]:
        """Train with each learning rate and each seed, and return what is kept, one a rate, its replicas the seeds."""
        results = []
        per_tile = max(1, _TILE // len(seeds))
        for first in range(0, len(rates), per_tile):
            part = rates[first : first + per_tile]
            varied = dataclasses.replace(method, lr=np.repeat(np.asarray(part, dtype=np.float64), len(seeds)))
            trained = self.run(varied, [*seeds] * len(part))
            results += [_part(trained, slice(i * len(seeds), (i + 1) * len(seeds))) for i in range(len(part))]
        return results

    def run(
        self, method: Any, seeds: Sequence[int], begin: tuple[list[Array], Any, Sequence[int]] | None = None
    ) -> Trained:
        """Train one replica a seed.

        Args:
            method: the optimizer, or anything with its ``init`` and ``step``.
            seeds: of the start and the order of the digits of each replica.
            begin: parameters and state to go on from, and the seeds of the order of the digits; if left out, the start
                of each seed and its own order.
        """
        if begin is None:
            params = self.network.start(seeds, DTYPE)
            state, orders = method.init(params, replicas=len(seeds)), seeds
        else:
            params, state, orders = begin
        digits, rest = self.digits.astype(DTYPE), [array.copy() for array in params]
        alive = np.ones(len(seeds), dtype=bool)
        loss, accuracy, *watched = (
            np.full((len(seeds), self.steps), np.nan) for _ in ("loss", "accuracy", *self.watch)
        )
        order = batches(len(digits.train_inputs), orders, self.batch)
        for k in range(self.steps):
            sample = next(order)
            labels = self._labels(digits.train_labels[sample], k + 1, seeds)
            answer = self.network.loss_and_grads(params, digits.train_inputs[sample], labels)
            alive &= ~_beyond(answer, params)
            if not alive.all():  # a run that left its range is kept at its start, where it disturbs nobody
                _put_back(params, rest, ~alive)
                for array in (answer.loss, *answer.grads):
                    array[~alive] = 0
            loss[alive, k], accuracy[alive, k] = answer.loss[alive], answer.accuracy[alive]
            params, state, trace = method.step(params, answer.grads, state, loss=answer.loss)
            for row, name in zip(watched, self.watch, strict=True):
                row[alive, k] = _mean(getattr(trace, name))[alive]
        _put_back(params, rest, ~alive)  # momentum has moved them since
        labels = self._labels(np.tile(digits.train_labels, (len(seeds), 1)), self.steps, seeds)
        train_loss, _ = self.network.loss_and_accuracy(params, digits.train_inputs, labels)
        labels = self._labels(np.tile(digits.test_labels, (len(seeds), 1)), self.steps, seeds)
        _, test_accuracy = self.network.loss_and_accuracy(params, digits.test_inputs, labels)
        return Trained(
            np.where(alive, train_loss, np.nan),
            np.where(alive, test_accuracy, np.nan),
            loss,
            accuracy,
            dict(zip(self.watch, watched, strict=True)),
            params,
            state,
        )

    def _labels(self, labels: Array, step: int, seeds: Sequence[int]) -> Array:
        """Return the labels of this step, of true ones of shape (R, B)."""
        if self.labels is None:
            return labels
        return np.take_along_axis(self.labels.labels_at(step, seeds), labels, axis=1)


def _beyond(answer: Answer, params: list[Array]) -> Array:
    """Tell which replicas have a loss or an entry that is NaN or beyond the limit of its dtype."""
    flat = ([array.reshape(len(array), -1) for array in arrays] for arrays in (answer.grads, params))
    return np.any([is_beyond(answer.loss, g, x, LIMITS[DTYPE]) for g, x in zip(*flat, strict=True)], axis=0)


def _put_back(params: list[Array], start: list[Array], which: Array) -> None:
    for array, first in zip(params, start, strict=True):
        array[which] = first[which]


def _mean(value: Any) -> Array:
    """Return one number a replica: of a list, one a tensor, the mean."""
    return np.mean(value, axis=0) if isinstance(value, list) else value


def _part(trained: Trained, which: slice) -> Trained:
    """Return some of the replicas; the state stays that of all."""
    return trained._replace(
        train_loss=trained.train_loss[which],
        test_accuracy=trained.test_accuracy[which],
        loss=trained.loss[which],
        accuracy=trained.accuracy[which],
        watched={name: values[which] for name, values in trained.watched.items()},
        params=[array[which] for array in trained.params],
    )
