"""MoMo, Figure 2: the width of the range of good learning rates."""

import numpy as np

from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, format_interval, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import interval
from momoracle.reference import SGDM, Adam, MoMo, MoMoAdam

METHODS = {"SGDM": SGDM(), "MoMo": MoMo(), "Adam": Adam(), "MoMo-Adam": MoMoAdam()}
PAIRS = (("MoMo", "SGDM"), ("MoMo-Adam", "Adam"))
LEAST, MOST, PER_DECADE = -4, 2, 2  # α from 10^−4 to 10^2
NEAR = 0.02  # of the best test accuracy


def run_experiment(scale: Scale) -> Result:
    """Train a network by each method at each learning rate, and count the rates about as good as the best."""
    rates = [10.0 ** (i / PER_DECADE) for i in range(LEAST * PER_DECADE, MOST * PER_DECADE + 1)]
    training = Training(network(2), scale.digits(), scale.steps(1000))
    trained = {name: training.rates(method, rates, range(scale.seeds)) for name, method in METHODS.items()}
    losses = {name: np.stack([run.train_loss for run in runs], axis=1) for name, runs in trained.items()}
    accuracies = {name: np.stack([run.test_accuracy for run in runs], axis=1) for name, runs in trained.items()}
    best = np.nanmax(np.concatenate([*accuracies.values()], axis=1), axis=1)
    widths = {name: count_decades(values, best) for name, values in accuracies.items()}
    at_the_end = {name: values[:, -1] >= best - NEAR for name, values in accuracies.items()}
    rows = []
    for name in METHODS:
        usual = np.nan_to_num(accuracies[name]).mean(axis=0).argmax()
        rows.append(
            (
                name,
                f"{rates[usual]:.2g}",
                interval(100 * accuracies[name][:, usual]),
                interval(widths[name]),
                "yes" if at_the_end[name].all() else "no",
            )
        )
    answers = []
    for new, old in PAIRS:
        gain = interval(widths[new] - widths[old])
        word = ("a narrower range than", "a range not told apart from", "a wider range than")[gain.sign + 1]
        top = at_the_end[new].all() and not at_the_end[old].any()
        more = "; it does not end within the grid, and a longer grid would give more" if top else ""
        answers.append(f"{new} has {word} {old}: the difference is {format_interval(gain)} decades{more}.")
    return Result(
        name="learning-rates",
        question="How wide is the range of good learning rates (MoMo, Figure 2)?",
        setting=f"Digits, two hidden layers of 64 units, {training.steps} steps of 32 digits, constant α from "
        f"{rates[0]:g} to {rates[-1]:g}, {PER_DECADE} a decade, no weight decay, f_* = 0 (SGDM adds up "
        "what MoMo averages: its α moves 10 times as far). A rate is good with a seed if its test "
        f"accuracy is at most {100 * NEAR:g} points below the best of all methods and rates with that "
        "seed; the width is the number of good rates over the rates a decade.",
        answer=" ".join(answers),
        table=Table(("method", "best α", "test accuracy there, %", "width, decades", "good at the largest α"), rows),
        panels=[
            Panel(
                "Training loss at the end",
                ("learning rate α", "mean cross-entropy"),
                ("log", "log"),
                [Curve.over(name, rates, values) for name, values in losses.items()],
            ),
            Panel(
                "Test accuracy at the end",
                ("learning rate α", "accuracy, %"),
                ("log", "linear"),
                [Curve.over(name, rates, 100 * values) for name, values in accuracies.items()],
            ),
        ],
    )


def count_decades(accuracy: Array, best: Array) -> Array:
    """Return the width of the range of good rates of each seed, of accuracies of shape (seeds, rates).

    >>> count_decades(np.array([[0.1, 0.97, 0.98, np.nan]]), best=np.array([0.98]))  # a run that diverged is not good
    array([1.])
    """
    with np.errstate(invalid="ignore"):
        good = accuracy >= best[:, None] - NEAR
    widths: Array = good.sum(axis=1) / PER_DECADE
    return widths
