"""An ensemble of runs: seeds × hyperparameters × starts, each replica is known by its number."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate
from momoracle.convergence.certificates.stated import ALL
from momoracle.convergence.problems.problem import Array, Problem
from momoracle.reference import Method

#: checkpoints from k to 2 k; they are evenly spaced in logarithm, so their number grows like log K
PER_OCTAVE = 4
#: entries of the points of one tile: of fewer, calling NumPy takes longer than the arithmetic; of more, little is
#: gained
_ENTRIES = 2**17


@dataclass(frozen=True)
class Ensemble:
    """R = starts × grid points × seeds runs of one method on one problem.

    Replica r starts at start r // (grid · seeds), with grid point (r // seeds) mod grid, and draws its samples with the
    seed ``first_seed`` + r mod ``seeds``; so replicas that share a seed see the same samples.

    Args:
        problem: what is minimised.
        method: the optimizer.
        steps: K ≥ 1.
        seeds: runs of each grid point and start.
        vary: values of numeric hyperparameters, one list each, all equally long; grid point i takes the i-th of each.
        starts: starting points, shape (S, n); the problem's own if left out.
        dtype: of the points, float64 or float32; losses are averaged in float64.
        first_seed: the seed of the first replica.
        certificates: the inequalities to check on every step where they apply; () for the fastest run.
        watch: scalars of the trace whose values are kept at the checkpoints.
        compiled: run the recorded text of method and losses as machine code (extra ``fast``). Sums are taken in another
            order than NumPy's then, so results differ from those without in the last digits; they depend neither on the
            machine's vector instructions nor on tiles or processes. Losses of a `LinearModel` alone, by arithmetic.
        label: what tables call the method; its options that are not defaults, if left out.

    Raises:
        ValueError: a number or shape is outside what is allowed.

    >>> from momoracle import MoMo
    >>> from momoracle.convergence import least_squares
    >>> ensemble = Ensemble(least_squares(), MoMo(), steps=100, seeds=5, vary={"beta": [0.0, 0.9]})
    >>> ensemble.cells, ensemble.replicas, ensemble.method_at(1).beta
    (2, 10, 0.9)
    """

    problem: Problem
    method: Any
    steps: int
    seeds: int = 1
    vary: Mapping[str, Sequence[float]] = field(default_factory=dict)
    starts: Array | None = None
    dtype: str = "float64"
    first_seed: int = 0
    certificates: tuple[Certificate, ...] = ALL
    watch: tuple[str, ...] = ()
    compiled: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("seeds", 1), ("first_seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is {value!r}; allowed: an integer >= {least}")
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"dtype is {self.dtype!r}; allowed: 'float64' or 'float32'")
        lengths = {name: len(values) for name, values in self.vary.items()}
        if len(set(lengths.values())) > 1 or 0 in lengths.values():
            raise ValueError(f"vary has lists of lengths {lengths}; they must be equal and not empty")
        offered = {option.name for option in dataclasses.fields(self.method)}
        if unknown := sorted(set(lengths) - offered):
            raise ValueError(f"vary names {', '.join(unknown)}; {type(self.method).__name__} has {sorted(offered)}")
        if unknown := sorted(set(self.watch) - set(self.method.Trace._fields)):
            raise ValueError(f"watch names {', '.join(unknown)}; the trace has {', '.join(self.method.Trace._fields)}")
        starts = self.start_points
        if starts.ndim != 2 or starts.shape[1] != self.problem.size or not len(starts):
            raise ValueError(f"starts has shape {starts.shape}; allowed: (S, {self.problem.size}) with S >= 1")
        for i in range(self.grid):
            self.method_at(i)  # refuses values outside their range

    @property
    def start_points(self) -> Array:
        """The starting points, shape (S, n), in float64."""
        starts = self.problem.start_point[None] if self.starts is None else self.starts
        return np.asarray(starts, dtype=np.float64)

    @property
    def stated_problem(self) -> Problem:
        """The problem with the start that is farthest from x*.

        Its G is a bound on the ball that every run of MoMo stays in, from whichever start; the certificates use it.
        """
        optimum = self.problem.constants.optimum
        if self.starts is None or optimum is None:
            return self.problem
        farthest = np.argmax(np.linalg.norm(self.start_points - optimum, axis=1))
        return dataclasses.replace(self.problem, start=self.start_points[farthest])

    @property
    def grid(self) -> int:
        """The number of grid points."""
        return len(next(iter(self.vary.values()))) if self.vary else 1

    @property
    def cells(self) -> int:
        """The number of pairs of start and grid point; each is run with every seed."""
        return self.grid * len(self.start_points)

    @property
    def replicas(self) -> int:
        """R."""
        return self.cells * self.seeds

    def method_at(self, point: int) -> Method:
        """Return the method of a grid ``point``, counted from 0."""
        method: Method = dataclasses.replace(self.method, **{n: float(v[point]) for n, v in self.vary.items()})
        return method

    def checkpoints(self) -> list[int]:
        """Return the steps k at which f(x^k) is evaluated: before step k, of points that k − 1 steps led to."""
        return checkpoints(self.steps)

    def tiles(self, size: int | None = None) -> list[range]:
        """Cut the replicas into consecutive ranges of ``size``, or of as many as make `_ENTRIES`."""
        size = size or max(1, _ENTRIES // self.problem.size)
        return [range(first, min(first + size, self.replicas)) for first in range(0, self.replicas, size)]


@dataclass(frozen=True)
class Part:
    """The replicas of one tile: their starts, seeds, and the method with one hyperparameter a replica."""

    points: Array
    seeds: list[int]
    method: Any

    @classmethod
    def of(cls, ensemble: Ensemble, numbers: Array) -> "Part":
        """Return the start, the seed and the hyperparameters of replicas from their numbers."""
        cell, seed = np.divmod(numbers, ensemble.seeds)
        start, point = np.divmod(cell, ensemble.grid)
        # What varies in the ensemble is an array in every tile, also where the tile has one value only: NumPy's power
        # of an array and Python's of a number may differ in the last bit.
        varied = {name: np.asarray(values, dtype=np.float64)[point] for name, values in ensemble.vary.items()}
        return cls(
            ensemble.start_points[start].astype(ensemble.dtype),
            [ensemble.first_seed + int(s) for s in seed],
            dataclasses.replace(ensemble.method, **varied),
        )


def checkpoints(steps: int, per_octave: int = PER_OCTAVE) -> list[int]:
    """Return increasing step numbers from 1 to ``steps``, both among them.

    Raises:
        ValueError: steps or per_octave is below 1.

    >>> checkpoints(10, per_octave=1)
    [1, 2, 4, 8, 10]
    """
    if steps < 1 or per_octave < 1:
        raise ValueError(f"steps is {steps} and per_octave {per_octave}; allowed: integers >= 1")
    octaves = np.arange(int(np.log2(steps) * per_octave) + 1) / per_octave
    return sorted({*(int(step) for step in np.round(2.0**octaves) if step <= steps), steps})
