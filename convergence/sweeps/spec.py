"""What a sweep runs: a grid over problems, methods and seeds, read from TOML.

    steps = 1000
    seeds = 100                      # first_seed = 0, dtype = "float64", certificates = true, compiled = false,
                                     # chunk = 1024

    [problem]
    name = ["least-squares", "hinge"]
    size = 20

    [method]
    name = "momo"
    beta = [0.0, 0.5, 0.9]
    lr = [1e-2, 1.0]

Every list is an axis of the grid. A run is one point of the grid and one seed; a task is up to ``chunk`` seeds of a
point.
"""

import itertools
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from momoracle.convergence.method_text import make_method
from momoracle.convergence.zoo import PROBLEMS, find_maker, problem

_NUMBERS = {"steps": 1, "seeds": 1, "first_seed": 0, "chunk": 1}


@dataclass(frozen=True)
class Task:
    """Seeds ``first_seed``, …, ``first_seed`` + ``seeds`` − 1 of one point of the grid; ``number`` is its place."""

    number: int
    problem: str
    problem_options: dict[str, Any]
    method: str
    method_options: dict[str, Any]
    steps: int
    seeds: int
    first_seed: int
    dtype: str
    certificates: bool
    compiled: bool


@dataclass(frozen=True)
class Spec:
    """A sweep.

    Args:
        problem: ``name`` and options of `zoo.problem`, each a value or a list of values.
        method: ``name`` and options of the method, each a value or a list of values.
        steps: K.
        seeds: runs of each point of the grid.
        first_seed: the seed of the first of them.
        dtype: float64 or float32.
        certificates: whether every step is certified where the theory applies.
        compiled: whether runs whose text can be compiled are, see `Ensemble`; each row says whether it was.
        chunk: the most seeds that are run together, and lost together when a process is killed.

    Raises:
        ValueError: a value is outside what is allowed.
    """

    problem: dict[str, Any]
    method: dict[str, Any]
    steps: int = 1000
    seeds: int = 1
    first_seed: int = 0
    dtype: str = "float64"
    certificates: bool = True
    compiled: bool = False
    chunk: int = 1024

    def __post_init__(self) -> None:
        for name, least in _NUMBERS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is {value!r}; allowed: an integer >= {least}")
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"dtype is {self.dtype!r}; allowed: float64 or float32")
        for name in ("certificates", "compiled"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is {getattr(self, name)!r}; allowed: true or false")
        for name in ("problem", "method"):
            table = getattr(self, name)
            if not isinstance(table, dict) or "name" not in table:
                raise ValueError(f'[{name}] has no name; write [{name}] and below it name = "…"')
            if empty := [key for key, value in table.items() if value == []]:
                raise ValueError(f"[{name}] has an empty list for {', '.join(empty)}; give at least one value")

    @property
    def points(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The points of the grid, the last axis fastest: the tables of a problem and of a method."""
        return list(itertools.product(_expand(self.problem), _expand(self.method)))

    def tasks(self) -> list[Task]:
        """Return the tasks in the order of the grid, the last axis fastest."""
        starts = range(0, self.seeds, self.chunk)
        return [
            Task(
                number=number,
                problem=str(problem["name"]),
                problem_options={k: v for k, v in problem.items() if k != "name"},
                method=str(method["name"]),
                method_options={k: v for k, v in method.items() if k != "name"},
                steps=self.steps,
                seeds=min(self.chunk, self.seeds - start),
                first_seed=self.first_seed + start,
                dtype=self.dtype,
                certificates=self.certificates,
                compiled=self.compiled,
            )
            for number, ((problem, method), start) in enumerate(itertools.product(self.points, starts))
        ]

    @property
    def runs(self) -> int:
        """The number of rows that the sweep ends with."""
        return len(self.points) * self.seeds

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values; two specs with the same ones have the same rows."""
        return asdict(self)


def check_spec(spec: Spec, own: bool = True) -> None:
    """Make each problem and method of a grid once, so that a misspelt one is refused before anything runs.

    A user's own problems are loaded and asked for their options, but not made: that may take long, or need the machine
    that it runs on.

    Args:
        spec: the sweep.
        own: whether the user's own problems and methods are there to be loaded.

    Raises:
        LookupError: there is no such problem, file or name.
        TypeError: an option of a problem is not offered.
        ValueError: an algorithm or its option is unknown, a value is not allowed, or the user's file raised.
        ModuleNotFoundError: a problem's data are not installed.
    """
    for options in _expand(spec.problem):
        name = str(options.pop("name"))
        if name in PROBLEMS:
            problem(name, **options)
        elif own or ":" not in name:
            find_maker(name, options)
    anything = problem("least-squares", size=1, samples=1)  # for a lower bound, which a method takes from its problem
    for options in _expand(spec.method):
        name = str(options.pop("name"))
        if own or ":" not in name:
            make_method(name, options, anything)


def read_spec(path: Path) -> Spec:
    """Return the spec of a TOML file.

    Raises:
        ValueError: the file is not TOML, or names a setting that there is not, or a value is not allowed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not TOML: {error}") from None
    known = list(Spec.__dataclass_fields__)
    if unknown := sorted(set(content) - set(known)):
        raise ValueError(f"{path.name} has {', '.join(unknown)}; allowed: {', '.join(known)}")
    if missing := [name for name in ("problem", "method") if name not in content]:
        raise ValueError(f"{path.name} has no [{'] and no ['.join(missing)}]; a sweep needs both")
    return Spec(**content)


def _expand(table: dict[str, Any]) -> list[dict[str, Any]]:
    axes = [value if isinstance(value, list) else [value] for value in table.values()]
    return [dict(zip(table, values, strict=True)) for values in itertools.product(*axes)]
