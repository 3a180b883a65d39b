"""The golden vectors as files: written, and compared with what the reference gives now."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from momoracle.ports.kills import with_kills
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files
from momoracle.reference.golden.build import build


def text_of(algorithm: str) -> str:
    """Return the text of an algorithm's file, computed from nothing but the reference and the cases."""
    return files.encode(algorithm, with_kills(algorithm, build(algorithm)))


def texts(algorithms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (algorithm, text) as each is done; the algorithms are shared out over the processors."""
    # The slowest first, so that no processor is left with it alone at the end.
    waiting = sorted(algorithms, key=list(ALGORITHMS).index, reverse=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        running = {pool.submit(text_of, algorithm): algorithm for algorithm in waiting}
        for future in as_completed(running):
            yield running[future], future.result()


def differences(algorithms: Sequence[str], folder: Path = files.FOLDER) -> Iterator[tuple[str, str | None]]:
    """Yield (algorithm, where its file differs byte for byte, or None)."""
    for algorithm, text in texts(algorithms):
        yield algorithm, files.difference(algorithm, text, folder)
