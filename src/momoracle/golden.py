"""The golden vectors as files: written, and compared with what the reference gives now."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from momoracle.ports.kills import with_kills
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files
from momoracle.reference.golden.build import build

T = TypeVar("T")


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
    return _shared(text_of, algorithms)


def differences(algorithms: Sequence[str], folder: Path = files.FOLDER) -> Iterator[tuple[str, str | None]]:
    """Yield (algorithm, where its file differs or None) as each is done."""
    return _shared(partial(difference_of, folder=folder), algorithms)


def _shared(compute: Callable[[str], T], algorithms: Sequence[str]) -> Iterator[tuple[str, T]]:
    # The slowest first, so that no processor is left with it alone at the end.
    waiting = sorted(algorithms, key=list(ALGORITHMS).index, reverse=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        running = {pool.submit(compute, algorithm): algorithm for algorithm in waiting}
        for future in as_completed(running):
            yield running[future], future.result()
