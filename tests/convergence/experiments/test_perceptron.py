"""The perceptron's gradients beside differences and a framework, and its replicas, each as if it were alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momoracle.convergence.experiments import perceptron as module
from momoracle.convergence.experiments.perceptron import Perceptron

NETWORKS = st.lists(st.integers(1, 5), min_size=2, max_size=6).map(lambda widths: Perceptron(tuple(widths)))


def batch(network: Perceptron, seeds: list[int], size: int = 7) -> tuple[list[Any], Any, Any]:
    """Return parameters with biases, inputs and labels of one batch of each replica."""
    generator = np.random.default_rng(seeds)
    params = [w + 0.1 * generator.standard_normal(w.shape) for w in network.start(seeds)]
    inputs = generator.standard_normal((len(seeds), size, network.widths[0]))
    return params, inputs, generator.integers(network.widths[-1], size=(len(seeds), size))


def worst(network: Perceptron, seed: int) -> float:
    """Return how far the gradients are from central differences along random directions, beside their size.

    A difference over ±h is off by O(h²) and, from rounding, by O(ε/h); where the step crosses a kink it is off by O(1),
    so of several directions the middle one counts.
    """
    params, inputs, labels = batch(network, [seed])
    answer = network.loss_and_grads(params, inputs, labels)
    generator, step, errors = np.random.default_rng(seed), 1e-5, []
    for _ in range(9):
        directions = [generator.standard_normal(w.shape) for w in params]
        ends = [
            network.loss_and_accuracy(
                [w + sign * step * d for w, d in zip(params, directions, strict=True)], inputs, labels
            )[0]
            for sign in (1, -1)
        ]
        slope = sum(float((g * d).sum()) for g, d in zip(answer.grads, directions, strict=True))
        errors.append(abs((ends[0] - ends[1])[0] / (2 * step) - slope) / (1 + abs(slope)))
    return float(np.median(errors))


@given(network=NETWORKS, seed=st.integers(0, 2**20))
def test_the_gradients_are_those_of_the_loss(network: Perceptron, seed: int) -> None:
    assert worst(network, seed) <= 1e-7


@pytest.mark.parametrize("fault", ["no mean over the batch", "label's entry forgotten", "softmax not normalised"])
def test_a_wrong_gradient_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module._cross_entropy

    def wrong(scores: Any, labels: Any) -> tuple[Any, Any]:
        loss, delta = right(scores, labels)
        if fault == "no mean over the batch":
            return loss, delta * scores.shape[-2]
        if fault == "softmax not normalised":
            return loss, delta * np.exp(scores).sum(axis=-1, keepdims=True)
        return loss, np.maximum(delta, 0)

    monkeypatch.setattr(module, "_cross_entropy", wrong)
    assert worst(Perceptron((4, 5, 3)), 1) > 1e-3


@given(network=NETWORKS, seeds=st.lists(st.integers(0, 2**20), min_size=2, max_size=4, unique=True))
def test_a_replica_is_the_same_alone(network: Perceptron, seeds: list[int]) -> None:
    params, inputs, labels = batch(network, seeds)
    together = network.loss_and_grads(params, inputs, labels)
    for r, seed in enumerate(seeds):
        alone = network.loss_and_grads([w[r : r + 1] for w in params], inputs[r : r + 1], labels[r : r + 1])
        assert alone.loss[0] == together.loss[r]
        assert alone.accuracy[0] == together.accuracy[r]
        for one, all_ in zip(alone.grads, together.grads, strict=True):
            np.testing.assert_array_equal(one[0], all_[r])
        for w, start in zip(network.start([seed]), network.start(seeds), strict=True):
            np.testing.assert_array_equal(w[0], start[r])


def test_huge_scores_do_not_overflow() -> None:
    network = Perceptron((1, 2))
    params = [np.array([[[1e30, -1e30]]]), np.zeros((1, 2))]
    answer = network.loss_and_grads(params, np.ones((1, 1, 1)), np.array([[1]]))
    assert answer.loss == pytest.approx(2e30)
    np.testing.assert_array_equal(answer.grads[1], [[1.0, -1.0]])


def test_the_number_of_parameters_is_that_of_the_arrays() -> None:
    network = Perceptron((64, 64, 64, 10))
    assert network.size == sum(w[0].size for w in network.start([0])) == 8970


@pytest.mark.parametrize("widths", [(3,), (3, 0), (3, 2.5, 1)])
def test_widths_that_are_none_are_refused(widths: Any) -> None:
    with pytest.raises(ValueError, match="widths"):
        Perceptron(widths)


@pytest.mark.ports
@pytest.mark.parametrize("hidden", [(), (6,), (6, 5), (6, 5, 4, 6)])
def test_loss_and_gradients_are_pytorchs(hidden: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    network = Perceptron((8, *hidden, 4))
    params, inputs, labels = batch(network, [3, 4])
    answer = network.loss_and_grads(params, inputs, labels)
    for r in range(2):
        leaves = [torch.tensor(w[r], requires_grad=True) for w in params]
        a = torch.tensor(inputs[r])
        for layer in range(0, len(leaves), 2):
            a = torch.relu(a) if layer else a
            a = a @ leaves[layer] + leaves[layer + 1]
        loss = torch.nn.functional.cross_entropy(a, torch.tensor(labels[r]))
        loss.backward()
        assert answer.loss[r] == pytest.approx(loss.item(), rel=1e-13)
        for grad, leaf in zip(answer.grads, leaves, strict=True):
            np.testing.assert_allclose(grad[r], leaf.grad.numpy(), rtol=1e-12, atol=1e-14)
