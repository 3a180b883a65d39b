"""An experiment: a question, what was run, the answer as the numbers give it, and tables and curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from momoracle.convergence.experiments.digits import CLASSES, Digits, digits
from momoracle.convergence.experiments.perceptron import Perceptron
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.statistics.interval import Interval, interval

_FEW = 200  # digits that quick runs learn from


class Curve(NamedTuple):
    """A mean over the seeds and its interval, at each x; None where a run diverged."""

    label: str
    x: list[float]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]

    @classmethod
    def over(cls, label: str, x: Any, values: Array) -> "Curve":
        """Return the curve of values of shape (seeds, points) over numbers x, one a point."""
        intervals = [interval(column) if np.isfinite(column).all() else None for column in np.asarray(values).T]
        means, lows, highs = ([None if ends is None else float(ends[i]) for ends in intervals] for i in range(3))
        return cls(label, [float(value) for value in x], means, lows, highs)

    @classmethod
    def of_blocks(cls, label: str, values: Array, width: int) -> "Curve":
        """Return the curve of the means of ``width`` steps each, over their middles, of values of shape (seeds, K)."""
        return cls.over(label, np.arange(width / 2, values.shape[1], width) + 0.5, average_blocks(values, width))


class Panel(NamedTuple):
    """Curves in one frame; ``scales`` are those of x and y, ``linear`` or ``log``; ``levels`` are lines across."""

    title: str
    labels: tuple[str, str]
    scales: tuple[str, str]
    curves: Sequence[Curve]
    levels: Sequence[tuple[str, float]] = ()


class Table(NamedTuple):
    """Rows of text and intervals under a head."""

    head: tuple[str, ...]
    rows: Sequence[Sequence[str | Interval]]


class Result(NamedTuple):
    """What an experiment found.

    Attributes:
        name: for the command line and the files.
        question: what is asked, and of which paper.
        setting: what was run.
        answer: sentences that are made from the numbers, whichever way they fall.
        table: the numbers.
        panels: the curves.
    """

    name: str
    question: str
    setting: str
    answer: str
    table: Table
    panels: list[Panel]


@dataclass(frozen=True)
class Scale:
    """How much is run.

    Args:
        seeds: runs of each setting, ≥ 2, with the seeds 0, 1, …
        quick: shorter runs, which show that everything works and answer nothing.

    Raises:
        ValueError: there are fewer than two seeds.

    >>> Scale(seeds=3, quick=True).steps(1000)
    40
    """

    seeds: int = 10
    quick: bool = False

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise ValueError(f"seeds is {self.seeds}; allowed: seeds >= 2, so that an interval can be told")

    def digits(self) -> Digits:
        """Return the digits that are learned: all of them, or a few where quick."""
        return digits().first(_FEW) if self.quick else digits()

    def steps(self, full: int) -> int:
        """Return the steps of a run whose full length is given: a multiple of 20 that is a 25th of it where quick."""
        return max(20, full // 25 // 20 * 20) if self.quick else full


def network(hidden: int) -> Perceptron:
    """Return a network for digits with so many hidden layers of 64 units.

    >>> network(2).widths
    (64, 64, 64, 10)
    """
    return Perceptron((64, *[64] * hidden, CLASSES))


def average_blocks(values: Array, width: int) -> Array:
    """Return the means of blocks of ``width`` consecutive steps: shape (R, K) becomes (R, K/width)."""
    return values.reshape(len(values), -1, width).mean(axis=2)


def format_interval(value: Interval, digits: int = 2) -> str:
    """Return a mean and its interval as text.

    >>> format_interval(Interval(-0.5, -1.0, 0.25))
    '−0.50 [−1.00, 0.25]'
    """
    mean, low, high = (f"{number:.{digits}f}".replace("-", "−") for number in value)
    return f"{mean} [{low}, {high}]"


def count_signs(differences: Sequence[Interval]) -> str:
    """Return in how many settings an interval lies above zero, below it, or on both sides.

    >>> count_signs([Interval(1.0, 0.5, 1.5), Interval(0.0, -1.0, 1.0)])
    'above zero in 1, below in 0, undecided in 1 of 2 settings'
    """
    signs = [difference.sign for difference in differences]
    return (
        f"above zero in {signs.count(1)}, below in {signs.count(-1)}, undecided in {signs.count(0)} "
        f"of {len(signs)} settings"
    )
