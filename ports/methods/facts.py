"""What the checker knows of a method: the facts themselves, without where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from momoracle.reference.frame.edited import Edit

Setting = float | bool


@dataclass(frozen=True)
class StatedFacts:
    """What no machine can read off a method's text; all of it may be missing.

    Args:
        title: the method's name as its paper writes it.
        switches: arguments of frameworks that choose a form of the method, with the value that gives this method.
        equations: quantity -> its equation in words, where they are better than those derived.
        latex: quantity -> its equation in LaTeX, where it is better than the one derived.
        direction: the quantity to name where an update points in a wrong direction.
        weights: state tensor, or ``gradient`` -> the words for its weight in an update, and the quantity that gives it.
        hints: the tables of ``hints.toml`` for students, the nearest first.
    """

    title: str = ""
    switches: Mapping[str, Setting] = field(default_factory=dict)
    equations: Mapping[str, str] = field(default_factory=dict)
    latex: Mapping[str, str] = field(default_factory=dict)
    direction: str = ""
    weights: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class MethodFacts:
    """All that the checker knows of a method beside running it.

    Args:
        algorithm: its name, or ``FILE.py:CLASS``.
        title: its name as a reader knows it.
        defaults: its hyperparameters but for the learning rate, with the paper's values. The rate has no entry: every
            vector prescribes it, so a port without one can be checked in nothing.
        switches: arguments of frameworks that choose a form of the method, with the value that gives this method.
        quantities: all quantities of a step in the order in which it computes them; the last is ``params``.
        kept: those that the state keeps for the next step.
        scalars: those that are one number of the whole step.
        equations: quantity -> its equation in words.
        latex: quantity -> its equation in LaTeX; quantities without one are missing.
        narrowed: quantity that is kept -> the edit of the text that rounds it to float32 where it is computed.
        separate: each tensor is updated on its own; otherwise all tensors together are one vector.
        counts_steps: the update depends on the number of the step (as a bias correction does).
        direction: the quantity to name where an update points in a wrong direction.
        weights: state tensor, or ``gradient`` -> the words for its weight in an update, and the quantity that gives it.
        hints: the tables of ``hints.toml`` for students, the nearest first.
    """

    algorithm: str
    title: str
    defaults: dict[str, Setting]
    switches: dict[str, Setting]
    quantities: tuple[str, ...]
    kept: tuple[str, ...]
    scalars: frozenset[str]
    equations: dict[str, str]
    latex: dict[str, str]
    narrowed: dict[str, tuple[Edit, ...]]
    separate: bool
    counts_steps: bool
    direction: str
    weights: dict[str, tuple[str, str]]
    hints: tuple[str, ...]
