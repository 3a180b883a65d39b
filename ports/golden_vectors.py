"""The golden vectors as files: written, and compared with what the reference gives now.

Each vector names its kills: the departures, wrong variants of the method, that it catches.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from momoracle.common.processes import map_in_processes
from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departures_of
from momoracle.ports.running.compare import first_deviation
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.golden import files
from momoracle.reference.golden.build import build
from momoracle.reference.golden.vectors import GoldenVector

T = TypeVar("T")


def catches(vector: GoldenVector, method: type[Method]) -> bool:
    """Tell whether a method fails a vector: parameters out of tolerance, or an error where the vector has a result."""
    try:
        return first_deviation(vector, observe(MethodPort(method), vector, buffers=False)) is not None
    except (ArithmeticError, ValueError):  # not finite, for one; a departure that is no working code must show
        return True


def with_kills(algorithm: str, vectors: Sequence[GoldenVector]) -> list[GoldenVector]:
    """Return the vectors with the departures that each catches; a user's method may have none."""
    methods = {departure.id: variant(algorithm, departure) for departure in departures_of(algorithm)}
    return [
        replace(vector, kills=tuple(name for name, method in methods.items() if catches(vector, method)))
        for vector in vectors
    ]


class FileText(NamedTuple):
    """The text of an algorithm's file, and the cases that make no vector, each with the reason."""

    text: str
    left_out: dict[str, str]


def vector_file_text(algorithm: str) -> FileText:
    """Return the text of an algorithm's file, computed from nothing but the reference and the cases."""
    content = build(algorithm)
    return FileText(files.encode(algorithm, with_kills(algorithm, content.vectors)), content.left_out)


def difference_of(algorithm: str, folder: Path) -> str | None:
    """Return where an algorithm's file differs byte for byte, or None where it does not."""
    try:
        return files.difference(algorithm, vector_file_text(algorithm).text, folder)
    except (ArithmeticError, LookupError, ValueError) as error:  # a branch that hangs on rounding, an edit's lost place
        return f"the reference gives no vectors now: {error}"


def texts(algorithms: Sequence[str]) -> Iterator[tuple[str, FileText]]:
    """Yield (algorithm, the text of its file) as each is done."""
    return _each(vector_file_text, algorithms)


def differences(algorithms: Sequence[str], folder: Path = files.FOLDER) -> Iterator[tuple[str, str | None]]:
    """Yield (algorithm, where its file differs or None) as each is done."""
    return _each(partial(difference_of, folder=folder), algorithms)


def _each(compute: Callable[[str], T], algorithms: Sequence[str]) -> Iterator[tuple[str, T]]:
    """Yield each algorithm with what ``compute`` returns for it; several are computed in several processes."""
    if len(algorithms) == 1:
        return iter([(algorithms[0], compute(algorithms[0]))])
    # The slowest first, so that no processor is left alone with it at the end.
    rank = {name: place for place, name in enumerate(ALGORITHMS)}
    return map_in_processes(compute, sorted(algorithms, key=lambda name: rank.get(name, -1), reverse=True))
