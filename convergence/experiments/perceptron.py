"""A multilayer perceptron for classification, with gradients written by hand, for many replicas at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from momoracle.convergence.problems.problem import Array

STREAM = 2**31  # of a seed's random numbers: no others are drawn from it, neither samples nor tasks


class Answer(NamedTuple):
    """What the network says of a batch, for each replica.

    Attributes:
        loss: the mean cross-entropy, shape (R,).
        accuracy: the share of samples whose largest score is their label's, shape (R,).
        grads: gradients of the loss, in the order and shapes of the parameters.
    """

    loss: Array
    accuracy: Array
    grads: list[Array]


@dataclass(frozen=True)
class Perceptron:
    """Fully connected layers with ReLU between them, and the cross-entropy of a softmax at the end.

        a_0 = input,   a_l = (a_{l−1} W_l + b_l)_+,   scores = a_{L−1} W_L + b_L
        loss = (1/B) Σ_i ( log Σ_c exp(scores_ic) − scores_i,label(i) )

    The parameters are W_1, b_1, …, W_L, b_L; every one has the replicas as its leading axis.

    Args:
        widths: numbers of inputs, of units of each hidden layer, and of classes.

    Raises:
        ValueError: there are fewer than two widths, or one is no positive integer.

    >>> network = Perceptron((2, 3, 2))
    >>> params = network.start(seeds=[0, 1])
    >>> [w.shape for w in params]
    [(2, 2, 3), (2, 3), (2, 3, 2), (2, 2)]
    >>> zero = [0 * w for w in params]  # no class is preferred: the loss is ln 2
    >>> network.loss_and_grads(zero, np.ones((2, 4, 2)), np.zeros((2, 4), dtype=int)).loss
    array([0.69314718, 0.69314718])
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or not all(isinstance(n, int) and n >= 1 for n in self.widths):
            raise ValueError(f"widths is {self.widths}; allowed: two positive integers or more")

    @property
    def size(self) -> int:
        """n, the number of parameters."""
        return sum((inputs + 1) * outputs for inputs, outputs in zip(self.widths, self.widths[1:], strict=False))

    def start(self, seeds: Sequence[int], dtype: str = "float64") -> list[Array]:
        """Return random parameters, one replica a seed: W_l of variance 2/(inputs of layer l), b_l = 0 (He 2015)."""
        params: list[list[Array]] = [[] for _ in self.widths[1:]]
        for seed in seeds:
            generator = np.random.default_rng([seed, STREAM])
            for layer, (inputs, outputs) in enumerate(zip(self.widths, self.widths[1:], strict=False)):
                params[layer].append(generator.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs))
        both = ((np.stack(w), np.zeros((len(seeds), w[0].shape[1]))) for w in params)
        return [array.astype(dtype) for pair in both for array in pair]

    def scores(self, params: Sequence[Array], inputs: Array) -> Array:
        """Return the scores of inputs of shape (R, B, inputs), or (B, inputs) for all replicas: (R, B, classes)."""
        *_, scores = self._layers(params, inputs)
        return scores

    def loss_and_accuracy(self, params: Sequence[Array], inputs: Array, labels: Array) -> tuple[Array, Array]:
        """Return the mean loss and the share of right answers, shape (R,) each; labels have shape (R, B) or (B,)."""
        scores = self.scores(params, inputs)
        loss, _ = _cross_entropy(scores, labels)
        return loss, _accuracy(scores, labels)

    def loss_and_grads(self, params: Sequence[Array], inputs: Array, labels: Array) -> Answer:
        """Return loss, accuracy and gradients of a batch of each replica.

        Args:
            params: as `start` returns them.
            inputs: shape (R, B, inputs).
            labels: shape (R, B), integers from 0.
        """
        *layers, scores = self._layers(params, inputs)
        loss, delta = _cross_entropy(scores, labels)
        grads: list[Array] = []
        for layer in reversed(range(len(layers))):
            a, w = layers[layer], params[2 * layer]
            grads[:0] = [np.matmul(a.swapaxes(-1, -2), delta), delta.sum(axis=-2)]
            if layer:
                delta = np.matmul(delta, w.swapaxes(-1, -2))
                delta *= a > 0  # the ReLU's derivative; 0 at its kink
        return Answer(loss, _accuracy(scores, labels), grads)

    def _layers(self, params: Sequence[Array], inputs: Array) -> list[Array]:
        """Return the inputs of every layer, and the scores."""
        layers = [inputs]
        for w, b in zip(params[::2], params[1::2], strict=True):
            if len(layers) > 1:
                np.maximum(layers[-1], 0, out=layers[-1])
            z = np.matmul(layers[-1], w)
            z += b[:, None]
            layers.append(z)
        return layers


def _cross_entropy(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Return the mean loss in float64, shape (R,), and its gradient in the scores."""
    below = scores - scores.max(axis=-1, keepdims=True)  # no exponential overflows
    labels = np.broadcast_to(labels, below.shape[:-1])[..., None]
    right = np.take_along_axis(below, labels, axis=-1)[..., 0]
    share = np.exp(below)
    total = share.sum(axis=-1)
    loss = (np.log(total) - right).mean(axis=-1, dtype=np.float64)
    share /= total[..., None]
    np.put_along_axis(share, labels, np.take_along_axis(share, labels, axis=-1) - 1, axis=-1)
    share /= share.shape[-2]
    return loss, share


def _accuracy(scores: Array, labels: Array) -> Array:
    return (scores.argmax(axis=-1) == labels).mean(axis=-1)
