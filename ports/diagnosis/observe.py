"""Step 1, observe: what of a report a diagnosis can look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from momoracle.ports.diagnosis.replay import Replay, Table, table
from momoracle.ports.running.compare import differ
from momoracle.ports.running.report import Report, VectorResult
from momoracle.reference.golden.vectors import GoldenVector, VectorFile


@dataclass(frozen=True)
class Evidence:
    """The core vectors that a port ran to their end, and what it returned.

    Args:
        algorithm: the method that it was checked against.
        vectors: the vectors.
        results: what came of each, in the same order.
        tables: the parameters of each as a table.
        deviating: places, in that order, of the vectors whose parameters deviate.
        sound_buffers: the buffers that the port shows in float64 and that never deviate.
        narrow_buffers: those that hold float32 numbers alone, wherever float64 parameters deviate.
    """

    algorithm: str
    vectors: tuple[GoldenVector, ...]
    results: tuple[VectorResult, ...]
    tables: tuple[Table, ...]
    deviating: tuple[int, ...]
    sound_buffers: frozenset[str]
    narrow_buffers: frozenset[str]

    def replay(self) -> Replay:
        """Return what replays departures on these vectors."""
        return Replay(self.algorithm, self.vectors)


def observe(report: Report, vectors: VectorFile) -> Evidence:
    """Collect what a port returned on the core vectors that it ran to their end."""
    by_id = {vector.id: vector for vector in vectors.vectors}
    results = tuple(result for result in report.of("core") if is_complete(result))
    mine = tuple(by_id[result.vector] for result in results)
    deviating = tuple(i for i, r in enumerate(results) if r.deviation is not None and r.deviation.in_params)
    return Evidence(
        report.algorithm,
        mine,
        results,
        tuple(table(vector, result.observed) for vector, result in zip(mine, results, strict=True)),
        deviating,
        _sound_buffers(mine, results),
        _narrow_buffers([mine[i] for i in deviating], [results[i] for i in deviating]),
    )


def is_complete(result: VectorResult) -> bool:
    """Tell whether a port ran a vector to its end, whatever it returned."""
    return result.status in ("agrees", "deviates") and bool(result.observed)


def _sound_buffers(vectors: Sequence[GoldenVector], results: Sequence[VectorResult]) -> frozenset[str]:
    sound: dict[str, bool] = {}
    for vector, result in zip(vectors, results, strict=True):
        for observed in result.observed if vector.dtype == "float64" else ():
            expected = vector.steps[observed.step - 1].expected
            for name in expected.keys() & observed.buffers.keys():
                sound[name] = sound.get(name, True) and differ(observed.buffers[name], expected[name]) is None
    return frozenset(name for name, is_sound in sound.items() if is_sound)


def _narrow_buffers(vectors: Sequence[GoldenVector], results: Sequence[VectorResult]) -> frozenset[str]:
    """Return the buffers whose numbers are all float32 ones."""
    narrow: dict[str, bool] = {}
    for vector, result in zip(vectors, results, strict=True):
        for observed in result.observed if vector.dtype == "float64" else ():
            for name, arrays in observed.buffers.items():
                with np.errstate(over="ignore"):
                    is_narrow = all(np.array_equal(z, z.astype(np.float32), equal_nan=True) for z in arrays)
                narrow[name] = narrow.get(name, True) and is_narrow
    return frozenset(name for name, is_narrow in narrow.items() if is_narrow)
