"""The order of the samples: a function of a replica's seed alone."""

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from momoracle.convergence.problems.problem import Array, Problem

BLOCK = 256  # steps whose samples are drawn at once: the memory of an ensemble does not grow with its steps


def orders(problem: Problem, seeds: Sequence[int]) -> Iterator[Array]:
    """Yield the sample numbers of steps 1, 2, …: integers of shape (R,), one a replica; see `blocks`."""
    for block in blocks(problem, seeds):
        yield from np.ascontiguousarray(block.T)


def blocks(problem: Problem, seeds: Sequence[int]) -> Iterator[Array]:
    """Yield the sample numbers of the next `BLOCK` steps, again and again: integers of shape (R, BLOCK).

    Sample k of a replica is ⌊N u_k / 2^32⌋, where u_k are the upper halves of the raw output of PCG64, seeded with the
    replica's seed: a stream that NumPy keeps from version to version. (A sample's probability is off by 2^−32 at most.)
    """
    if problem.in_order:
        for k in count(0, BLOCK):
            yield np.tile(np.arange(k, k + BLOCK) % problem.samples, (len(seeds), 1))
    yield from batches(problem.samples, seeds, BLOCK)


def batches(samples: int, seeds: Sequence[int], size: int) -> Iterator[Array]:
    """Yield the next ``size`` sample numbers of each seed, again and again: integers of shape (R, size)."""
    generators = [np.random.PCG64(seed) for seed in seeds]
    count, shift = np.uint64(samples), np.uint64(32)
    while True:
        raw = np.stack([generator.random_raw(size) for generator in generators])
        raw >>= shift
        raw *= count
        raw >>= shift
        yield raw.view(np.intp)
