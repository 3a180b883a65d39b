"""The golden vectors as Python objects: what one vector prescribes and what it expects."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating]
Hyperparameter: TypeAlias = float | bool | tuple[float, ...]
FlagClass: TypeAlias = Literal["core", "robustness", "precision"]


@dataclass(frozen=True)
class Flag:
    """What a flag stands for: its class, the mistake that it catches, and where the mathematics is written."""

    name: str
    kind: FlagClass
    catches: str
    equation: str
    link: str


@dataclass(frozen=True)
class Expected:
    """One quantity after one step: the exact value rounded to float64, and the absolute tolerance of each entry.

    ``values`` holds one array a parameter tensor, or a single array of shape ``()`` where the quantity is one scalar
    of the whole step. ``tolerances`` has the same shapes.
    """

    values: tuple[NDArray[np.float64], ...]
    tolerances: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class Step:
    """One prescribed step: the loss and gradients to feed, and what must come out (empty where nothing is recorded)."""

    loss: float
    grads: tuple[FloatArray, ...]
    expected: dict[str, Expected] = field(default_factory=dict)


@dataclass(frozen=True)
class GoldenVector:
    """One golden vector: initial parameters, hyperparameters, and prescribed steps with their expected results.

    ``hyperparameters["lr"]`` is a number, or a tuple with one learning rate a step. ``kills`` names the
    departures (deliberately wrong variants) that this vector catches.
    """

    id: str
    algorithm: str
    dtype: str
    hyperparameters: dict[str, Hyperparameter]
    comment: str
    flags: tuple[str, ...]
    params: tuple[FloatArray, ...]
    steps: tuple[Step, ...]
    kills: tuple[str, ...] = ()


@dataclass(frozen=True)
class VectorFile:
    """All vectors of one algorithm, with the notes that explain their flags.

    ``algorithm`` is a name, or ``FILE.py:CLASS`` as the user wrote it. ``left_out`` has the ids of cases of a user's
    method that make no vector, each with the reason; files do not hold it.
    """

    algorithm: str
    flags: dict[str, Flag]
    vectors: tuple[GoldenVector, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    def kind(self, vector: GoldenVector) -> FlagClass:
        """Return the class of ``vector``: core only where all its flags are."""
        kinds = {self.flags[name].kind for name in vector.flags}
        if "precision" in kinds:
            return "precision"
        return "robustness" if "robustness" in kinds else "core"
