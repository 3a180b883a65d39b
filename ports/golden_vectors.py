"""The golden vectors as files: written, and compared with what the reference gives now."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from momoracle.common.processes import map_in_processes
from momoracle.ports.kills import with_kills
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files
from momoracle.reference.golden.build import build


def text_of(algorithm: str) -> str:
    """Return the text of an algorithm's file, computed from nothing but the reference and the cases."""
    return files.encode(algorithm, with_kills(algorithm, build(algorithm)))


def difference_of(algorithm: str, folder: Path) -> str | None:
    """Return where an algorithm's file differs byte for byte, or None where it does not."""
    try:
        return files.difference(algorithm, text_of(algorithm), folder)
    except (ArithmeticError, LookupError) as error:  # a branch that hangs on rounding, or a departure without its place
        return f"the reference gives no vectors now: {error}"


def texts(algorithms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (algorithm, text) as each is done."""
    return map_in_processes(text_of, _slowest_first(algorithms))


def differences(algorithms: Sequence[str], folder: Path = files.FOLDER) -> Iterator[tuple[str, str | None]]:
    """Yield (algorithm, where its file differs or None) as each is done."""
    return map_in_processes(partial(difference_of, folder=folder), _slowest_first(algorithms))


def _slowest_first(algorithms: Sequence[str]) -> list[str]:
    """Return them so that no processor is left alone with the slowest at the end."""
    return sorted(algorithms, key=list(ALGORITHMS).index, reverse=True)
