"""TAM as a warm-up, and the loss barrier between two children of one parent."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from momoracle.convergence.experiments.digits import Digits
from momoracle.convergence.experiments.perceptron import Perceptron
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, count_signs, network
from momoracle.convergence.experiments.training import Training
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import interval
from momoracle.reference import SGDM, TAM
from momoracle.reference.transfer import transfer_lr
from momoracle.reference.warmup import WarmUp

RATE = 0.1  # of SGDM
DEPTHS = (2, 4)
MISLABELLED = 0.2  # with the true labels alone all barriers are near zero, and there is nothing to lower
AGES = (5, 20, 50, 100, 200)  # steps of the parent
CHILD = 1000
WAY = np.linspace(0, 1, 21)  # from one child to the other
SHOWN = 20  # the age whose ways are drawn


def run_experiment(scale: Scale) -> Result:
    """Train parents with and without a warm-up by TAM, two children of each by SGDM, and go from child to child."""
    data, ages = scale.digits().mislabel(MISLABELLED), AGES[:3] if scale.quick else AGES
    rows, panels, differences = [], [], []
    for depth in DEPTHS:
        heights: dict[str, list[Array]] = {"SGDM": [], "TAM, then SGDM": []}
        ways = {}
        for age in ages:
            for name, barriers in heights.items():
                losses = losses_between_children(network(depth), data, age, name != "SGDM", scale)
                barriers.append(barrier_height(losses))
                if age == SHOWN:
                    ways[name] = losses
            without, with_ = (barriers[-1] for barriers in heights.values())
            differences.append(interval(with_ - without))
            rows.append((f"{depth}", f"{age}", interval(without), interval(with_), differences[-1]))
        panels += [
            Panel(
                f"{depth} hidden layers: all parents",
                ("steps of the parent", "loss barrier between its children"),
                ("log", "linear"),
                [Curve.over(name, ages, np.stack(values, axis=1)) for name, values in heights.items()],
            ),
            Panel(
                f"{depth} hidden layers: a parent of {SHOWN} steps",
                ("way from child to child", "training loss"),
                ("linear", "linear"),
                [Curve.over(name, list(WAY), values) for name, values in ways.items()],
            ),
        ]
    return Result(
        name="barrier",
        question="Does a warm-up with TAM lower the loss barrier between two children of one parent (TAM, warm-up)?",
        setting=f"Digits, {100 * MISLABELLED:.0f} % of the training labels drawn anew once and for all, 2 or 4 "
        f"hidden layers of 64 units. A parent takes its steps by SGDM with η = {RATE:g}, or by TAM with "
        "η/d* = 2η; two children go on from its parameters and momentum by SGDM with η, "
        f"{scale.steps(CHILD)} steps, each with its own order of the digits; TAM's momentum is about "
        "half of SGDM's, so their first steps differ too. The barrier is the largest training loss at "
        f"{len(WAY)} points of the segment between them, above the line between the losses at its ends.",
        answer=f"The barrier after the warm-up minus that without it is {count_signs(differences)}.",
        table=Table(("hidden layers", "steps of the parent", "SGDM", "TAM, then SGDM", "difference"), rows),
        panels=panels,
    )


def losses_between_children(net: Perceptron, data: Digits, age: int, warm: bool, scale: Scale) -> Array:
    """Return the training loss between two children, shape (seeds, points of `WAY`)."""
    seeds = range(scale.seeds)
    method = WarmUp(TAM(lr=transfer_lr(RATE)), SGDM(lr=RATE), steps=age if warm else 0)
    parent = Training(net, data, age).run(method, seeds)
    # The parents' orders are those of the seeds; every child has one that no other network has.
    orders = [scale.seeds + child for child in range(2 * scale.seeds)]
    begin = [np.repeat(array, 2, axis=0) for array in parent.params], repeat_replicas(parent.state), orders
    children = Training(net, data, scale.steps(CHILD)).run(method, [s for s in seeds for _ in range(2)], begin)
    if not np.isfinite(children.train_loss).all():
        raise ArithmeticError("a child diverged, so there is no way to it: take a smaller learning rate")
    inputs = data.astype("float32").train_inputs
    return np.stack(
        [
            net.loss_and_accuracy(
                [(1 - t) * array[::2] + t * array[1::2] for array in children.params], inputs, data.train_labels
            )[0]
            for t in WAY.astype("float32")
        ],
        axis=1,
    )


def barrier_height(losses: Array) -> Array:
    """Return the height of the loss between its ends above the line through them, of losses of shape (seeds, points).

    >>> losses = np.zeros((1, len(WAY))) + WAY
    >>> losses[0, 10] += 1
    >>> barrier_height(losses)
    array([1.])
    """
    line = (1 - WAY) * losses[:, :1] + WAY * losses[:, -1:]
    height: Array = (losses - line).max(axis=1)
    return height


def repeat_replicas(state: Any) -> Any:
    """Return a state in which every replica is there twice, one after the other."""
    repeated: Sequence[Any] = [
        [np.repeat(array, 2, axis=0) for array in value] if isinstance(value, list) else value for value in state
    ]
    return type(state)(*repeated)._replace(replicas=2 * state.replicas)
