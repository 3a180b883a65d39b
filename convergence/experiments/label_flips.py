"""TAM: learning online while labels flip, against SGDM and SGD at matched effective rates."""

from collections.abc import Sequence

import numpy as np

from momoracle.convergence.experiments.flipping_labels import LabelFlips
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, count_signs, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import Interval, interval
from momoracle.reference import SGD, SGDM, TAM
from momoracle.reference.transfer import transfer_lr

BETA = 0.9
RATES = (0.003, 0.01, 0.03, 0.1)  # of SGDM
DEPTHS = (2, 4)
FLIPPED = (4, 8, 10)  # classes of ten
TASKS, PERIOD = 10, 100


def run_experiment(scale: Scale) -> Result:
    """Train through a stream of tasks, and compare the accuracy on each batch before it is learned from."""
    steps = scale.steps(TASKS * PERIOD)
    data = scale.digits()
    rows: list[list[str | Interval]] = []
    panels: list[Panel] = []
    differences: dict[tuple[str, float], list[Interval]] = {}
    diverged: dict[str, int] = {}
    for depth in DEPTHS:
        for flipped in FLIPPED:
            training = Training(network(depth), data, steps, labels=LabelFlips(steps // TASKS, flipped))
            accuracy: dict[str, Array] = {}
            for name, (method, rates) in match_rates(RATES).items():
                accuracy[name], lost = online_accuracy(training, method, rates, scale.seeds)
                diverged[name] = diverged.get(name, 0) + lost
            for i, rate in enumerate(RATES):
                gains = {old: interval(accuracy["TAM"][:, i] - accuracy[old][:, i]) for old in ("SGDM", "SGD")}
                for old, gain in gains.items():
                    differences.setdefault((old, rate), []).append(gain)
                accuracies = [interval(accuracy[name][:, i]) for name in ("SGD", "SGDM", "TAM")]
                rows.append([f"{depth}", f"{10 * flipped} %", f"{rate:g}", *accuracies, gains["SGDM"], gains["SGD"]])
            title = f"{depth} hidden layers, {10 * flipped} % flipped"
            labels = ("SGDM's learning rate η", "online accuracy, %")
            curves = [Curve.over(name, RATES, values) for name, values in accuracy.items()]
            panels.append(Panel(title, labels, ("log", "linear"), curves))
    return Result(
        name="label-flips",
        question="Does TAM adapt faster than SGDM and SGD when labels flip online (TAM, online learning)?",
        setting=f"Digits, 2 or 4 hidden layers of 64 units, {TASKS} tasks of {steps // TASKS} steps of 32 "
        "digits; from task to task 40, 80 or 100 % of the ten classes exchange their labels. Accuracy "
        "is on each batch before it is learned from, averaged over all steps; a run that diverged has "
        "none right from there on. Effective rates are matched: SGDM takes η, TAM η/d* = 2η, SGD "
        "η/(1−β). A setting is a depth and a share.",
        answer=" ".join(
            f"TAM's accuracy minus {old}'s: "
            + "; ".join(f"at η = {rate:g} {count_signs(differences[old, rate])}" for rate in RATES)
            + "."
            for old in ("SGDM", "SGD")
        )
        + f" {count_best(panels)} Runs that diverged: "
        + ", ".join(f"{count} of {name}" for name, count in diverged.items())
        + f", of {len(DEPTHS) * len(FLIPPED) * len(RATES) * scale.seeds} each.",
        table=Table(("hidden layers", "flipped", "η", "SGD, %", "SGDM, %", "TAM, %", "TAM − SGDM", "TAM − SGD"), rows),
        panels=panels,
    )


def match_rates(rates: tuple[float, ...]) -> dict[str, tuple[SGD | SGDM | TAM, list[float]]]:
    """Return the methods with rates that move as far as SGDM's do.

    >>> match_rates((0.01,))["TAM"][1]
    [0.02]
    """
    return {
        "SGD": (SGD(), [rate / (1 - BETA) for rate in rates]),
        "SGDM": (SGDM(beta=BETA), [*rates]),
        "TAM": (TAM(beta=BETA), [transfer_lr(rate) for rate in rates]),
    }


def online_accuracy(training: Training, method: SGD | SGDM | TAM, rates: list[float], seeds: int) -> tuple[Array, int]:
    """Return per cent of right answers, none after a run diverged, shape (seeds, rates); and how many diverged."""
    trained = training.rates(method, rates, range(seeds))
    right = 100 * np.stack([np.nan_to_num(runs.accuracy).mean(axis=1) for runs in trained], axis=1)
    return right, sum(int(np.isnan(runs.train_loss).sum()) for runs in trained)


def count_best(panels: Sequence[Panel]) -> str:
    """Return which method has the highest mean where each takes the best of its rates, in how many panels."""
    ahead = []
    for panel in panels:
        highest = {curve.label: max(mean for mean in curve.mean if mean is not None) for curve in panel.curves}
        ahead.append(max(highest, key=lambda name: highest[name]))
    counts = ", ".join(f"{name} in {ahead.count(name)}" for name in ("SGD", "SGDM", "TAM"))
    return f"Each at the best of its rates, the highest mean has {counts} of {len(ahead)} pairs of depth and share."
