"""Cut the tensors into chunks, one for each block of threads, and declare the tables that describe them.

The cut depends on sizes and dtypes alone, never on the device: a step gives the same bits wherever it runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DTYPES = ("float64", "float32", "float16", "bfloat16")  # their places are the codes of `number` in job.cuh
LEAST = 4096  # entries of a chunk: 16 a thread; also what keeps the start of every chunk aligned
MOST = 2048  # full chunks in all: each block of the second pass reads the sums of every chunk of its segment
DOTS = 3  # sums that the first pass takes
SCALARS = 3  # as in job.cuh

_WORD = np.int64
TENSOR = np.dtype([(name, _WORD) for name in ("x", "g", "a", "b", "new_x", "new_a", "new_b", "aligned")])
CHUNK = np.dtype([(name, _WORD) for name in ("tensor", "segment", "start", "end")])
SEGMENT = np.dtype([(name, _WORD) for name in ("first", "count")])
JOB = np.dtype(
    [
        *((name, _WORD) for name in ("tensors", "chunks", "segments", "partials", "faults", "before")),
        *((name, _WORD) for name in ("step", "new_step")),
        ("scalars", _WORD, SCALARS),
        ("new_scalars", _WORD, SCALARS),
        *((name, _WORD) for name in ("trace", "trace_stride", "loss", "loss_type", "lr", "lr_type")),
        ("settings", np.float64, 10),
    ]
)


class Launch(NamedTuple):
    """One launch in each pass: ``blocks`` chunks of tensors of one dtype, from the chunk ``first`` on."""

    dtype: str
    first: int
    blocks: int


@dataclass(frozen=True)
class Plan:
    """The chunks of all tensors, the segments whose sums belong together, and the launches of each pass."""

    chunks: NDArray[Any]
    segments: NDArray[Any]
    launches: tuple[Launch, ...]
    bins: int  # sums that a dot product is kept in; sums.cuh


def chunk_length(sizes: Sequence[int]) -> int:
    """Return the entries of a chunk: the least power of two from `LEAST` on that makes at most `MOST` full chunks.

    >>> chunk_length([10, 10]), chunk_length([2**28])
    (4096, 131072)
    """
    length = LEAST
    # Each block of the second pass reads the sums of all chunks, so their number is bounded: longer chunks, fewer sums.
    while sum(size // length for size in sizes) > MOST:
        length *= 2
    return length


def plan(sizes: Sequence[int], dtypes: Sequence[str], split: bool) -> Plan:
    """Cut tensors of these sizes and dtypes; ``split`` makes each tensor a segment of its own.

    An empty tensor is one empty chunk, so that its segment has a block that keeps its scalars.

    >>> plan([5000, 0], ["float32", "float32"], split=True).chunks.tolist()
    [(0, 0, 0, 4096), (0, 0, 4096, 5000), (1, 1, 0, 0)]
    """
    # Tensors of one dtype stand together, because a launch has one dtype. Within a dtype they keep their order, so that
    # sums are always added in the same order.
    length = chunk_length(sizes)
    cut: list[tuple[int, int, int, int]] = []
    segments = np.zeros(len(sizes) if split else 1, SEGMENT)
    launches = []
    for dtype in sorted(set(dtypes), key=DTYPES.index):
        first = len(cut)
        for tensor in (t for t, name in enumerate(dtypes) if name == dtype):
            starts = range(0, max(1, sizes[tensor]), length)  # one empty chunk for an empty tensor
            if split:
                segments[tensor] = (len(cut), len(starts))
            segment = tensor if split else 0
            cut += [(tensor, segment, start, min(start + length, sizes[tensor])) for start in starts]
        launches.append(Launch(dtype, first, len(cut) - first))
    if not split:
        segments[0] = (0, len(cut))
    # Products of float64 can overflow float64, so their sums are kept in five ranges (sums.cuh).
    bins = 5 if "float64" in dtypes else 1
    return Plan(np.array(cut, CHUNK), segments, tuple(launches), bins)
