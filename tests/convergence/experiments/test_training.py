"""Training: what a run computes depends on its own seed and learning rate alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from momoracle import SGDM, TAM, MoMo
from momoracle.convergence.engine.samples import batches
from momoracle.convergence.experiments import training as module
from momoracle.convergence.experiments.digits import Digits
from momoracle.convergence.experiments.flipping_labels import LabelFlips
from momoracle.convergence.experiments.perceptron import Perceptron
from momoracle.convergence.experiments.training import Trained, Training
from momoracle.reference.sgdm import SGDMState
from momoracle.reference.warmup import WarmUp


def made_up() -> Digits:
    """Return inputs of ten classes without any data set: class c is bright at its own pixel."""
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.arange(100) % 10)
    inputs = 0.1 * generator.uniform(size=(100, 12)) + np.eye(12)[labels]
    return Digits(inputs[20:], labels[20:], inputs[:20], labels[:20])


def training(steps: int = 30, **options: Any) -> Training:
    return Training(Perceptron((12, 9, 10)), made_up(), steps, batch=8, **options)


def same(one: Trained, other: Trained) -> None:
    for name in ("train_loss", "test_accuracy", "loss", "accuracy"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name, values in one.watched.items():
        np.testing.assert_array_equal(values, other.watched[name], err_msg=name)
    for a, b in zip(one.params, other.params, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("method", [SGDM(), MoMo(), TAM()])
def test_results_do_not_depend_on_tiles(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = tuple(name for name in ("step_size", "damping") if name in method.Trace._fields)
    rates, seeds = [0.01, 0.1, 1.0], range(3)
    one = training(watch=watch).rates(method, rates, seeds)
    monkeypatch.setattr(module, "_TILE", 1)
    for a, b in zip(one, training(watch=watch).rates(method, rates, seeds), strict=True):
        same(a, b)


def test_a_run_is_the_method_step_by_step() -> None:
    setting, method = training(steps=3), MoMo(lr=0.5)
    found = setting.run(method, [7])
    params, digits = setting.network.start([7], "float32"), made_up().astype("float32")
    state, order = method.init(params, replicas=1), batches(80, [7], 8)
    for _ in range(3):
        sample = next(order)
        answer = setting.network.loss_and_grads(params, digits.train_inputs[sample], digits.train_labels[sample])
        params, state, _ = method.step(params, answer.grads, state, loss=answer.loss)
    for a, b in zip(found.params, params, strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_learns_and_says_how_well() -> None:
    found = training(steps=300).run(SGDM(lr=0.1), [0, 1])
    assert (found.test_accuracy == 1).all()
    assert (found.train_loss < 0.01).all()
    assert (found.loss[:, 0] > 1).all()
    assert (found.accuracy[:, -50:] == 1).all()


def test_a_run_that_diverges_is_told_and_disturbs_nobody() -> None:
    alone = training().rates(SGDM(), [0.1], range(2))[0]
    beside, away = training().rates(SGDM(), [0.1, 1e12], range(2))
    same(alone, beside)
    assert np.isnan(away.train_loss).all()
    assert np.isnan(away.test_accuracy).all()
    assert np.isfinite(away.loss[:, 0]).all()
    assert np.isnan(away.loss[:, -1]).all()


def test_a_run_goes_on_from_parameters_and_momentum() -> None:
    first = training(steps=5).run(SGDM(lr=0.1), [3])
    more = training(steps=1).run(SGDM(lr=0.1), [3], (first.params, first.state, [99]))
    digits, sample = made_up().astype("float32"), next(batches(80, [99], 8))
    grads = training().network.loss_and_grads(first.params, digits.train_inputs[sample], digits.train_labels[sample])
    expected, _, _ = SGDM(lr=0.1).step(first.params, grads.grads, first.state)
    for a, b in zip(more.params, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_children_of_a_warm_up_continue_with_sgdm_from_tams_momentum() -> None:
    parent = training(steps=5).run(WarmUp(TAM(lr=0.2), SGDM(lr=0.1), steps=5), [3])
    child = training(steps=4).run(WarmUp(TAM(lr=0.2), SGDM(lr=0.1), steps=5), [3], (parent.params, parent.state, [8]))
    state = SGDMState(5, 1, parent.state.momentum)
    expected = training(steps=4).run(SGDM(lr=0.1), [3], (parent.params, state, [8]))
    same(child._replace(watched={}), expected)


@pytest.mark.parametrize("flipped", [0, 2, 4, 10])
def test_exactly_so_many_classes_get_another_label(flipped: int) -> None:
    stream = LabelFlips(period=3, flipped=flipped)
    for seed in range(20):
        for task in range(1, 5):
            before, after = (stream.labels_at(step, [seed])[0] for step in (3 * task, 3 * task + 1))
            assert (before != after).sum() == flipped
            assert sorted(after) == list(range(10))


def test_the_labels_of_a_stream_are_those_that_are_learned() -> None:
    stream = LabelFlips(period=150, flipped=10)
    found = training(steps=300, labels=stream).run(SGDM(lr=0.1), [0])
    assert found.accuracy[0, 140:150].mean() > 0.9 > found.accuracy[0, 150:155].mean()
    assert found.test_accuracy[0] > 0.9  # told with the labels of the last task


def test_what_is_asked_for_wrongly_is_refused() -> None:
    with pytest.raises(ValueError, match="flipped"):
        LabelFlips(period=3, flipped=1)
    with pytest.raises(ValueError, match="lr"):
        training().rates(replace(SGDM(), lr=-1.0), [0.1], range(2))
