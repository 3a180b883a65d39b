"""TAM: its damping over time, while labels stay and while they flip."""

import numpy as np

from momoracle.convergence.experiments.flipping_labels import LabelFlips
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, format_interval, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import interval
from momoracle.reference import TAM
from momoracle.reference.transfer import transfer_lr

RATE = 0.03  # of SGDM
FLIPPED = (0, 4, 10)
TASKS, PERIOD = 10, 100
BEFORE, AFTER = 5, 10  # steps around a flip that are compared
BLOCK = 10  # steps that a point of a curve averages


def run_experiment(scale: Scale) -> Result:
    """Train with TAM through a stream of tasks, and keep the damping of every step."""
    steps = scale.steps(TASKS * PERIOD)
    period = steps // TASKS
    width = min(BLOCK, period)
    before, after = min(BEFORE, period // 2), min(AFTER, period // 2)
    data, net = scale.digits(), network(2)
    rows, over_time, around, answers = [], [], [], []
    for flipped in FLIPPED:
        training = Training(net, data, steps, labels=LabelFlips(period, flipped), watch=("damping",))
        (trained,) = training.rates(TAM(), [transfer_lr(RATE)], range(scale.seeds))
        damping = trained.watched["damping"]
        label = "labels stay" if flipped == 0 else f"{10 * flipped} % flip"
        aligned = align_at_flips(damping, period)
        ends, starts = aligned[:, period - before : period], aligned[:, period : period + after]
        drop = interval(starts.mean(axis=1) - ends.mean(axis=1))
        late = interval(damping[:, -period:].mean(axis=1))
        rows.append((label, interval(damping[:, :period].mean(axis=1)), late, drop))
        over_time.append(Curve.of_blocks(label, damping, width))
        around.append(Curve.over(label, np.arange(-period, period) + 1.0, aligned))
        if flipped:
            word = ("falls", "does not tell whether it moves", "rises")[drop.sign + 1]
            answers.append(
                f"Where {label}, the damping {word} from the {before} steps before a flip to the {after} after it: "
                f"{format_interval(drop, 3)}."
            )
        else:
            word = ("below", "not told apart from", "above")[(late.low > 0.5) - (late.high < 0.5) + 1]
            answers.append(
                f"Where labels stay, its mean in the last {period} steps is {format_interval(late, 3)}, {word} ½."
            )
    return Result(
        name="damping",
        question="How does TAM's damping move over time, and what do flips of labels do to it (TAM, section 2)?",
        setting=f"Digits, two hidden layers of 64 units, TAM with α = {transfer_lr(RATE):g}, {TASKS} tasks of "
        f"{period} steps of 32 digits; from task to task 0, 40 or 100 % of the classes exchange their "
        "labels. The damping is the mean over the six tensors.",
        answer=" ".join(answers),
        table=Table(("labels", "damping in the first task", "in the last task", "after a flip minus before"), rows),
        panels=[
            Panel(
                "Over all tasks",
                ("step", f"mean damping of {width} steps"),
                ("linear", "linear"),
                over_time,
                [("½", 0.5)],
            ),
            Panel("Around a flip", ("step after a flip", "mean damping"), ("linear", "linear"), around, [("½", 0.5)]),
        ],
    )


def align_at_flips(values: Array, period: int) -> Array:
    """Return the mean over all flips of two tasks' steps, the last before a flip and the first after it.

    >>> align_at_flips(np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]), period=2)
    array([[1., 2., 3., 4.]])
    """
    tasks = values.reshape(len(values), -1, period)
    return np.concatenate([tasks[:, :-1].mean(axis=1), tasks[:, 1:].mean(axis=1)], axis=1)
