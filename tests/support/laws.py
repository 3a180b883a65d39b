"""What the tests of the independent implementation share: an open-loop problem, and comparison to many digits."""

import random
from typing import TypeAlias

from mpmath import mpf

from support.independent import Record

Steps: TypeAlias = list[tuple[float, list[list[float]]]]
Params: TypeAlias = list[list[float]]
DIGITS = 400
NOISE = mpf(10) ** -360  # identities hold to DIGITS, less what fifty steps of cancellation cost
SHAPES = (1, 3, 2)


def problem(seed: int, count: int = 50) -> tuple[Params, Steps]:
    """Return a start and open-loop losses and gradients that no common problem produces."""
    draw = random.Random(seed)

    def point() -> Params:
        return [[draw.gauss(0, 1) for _ in range(size)] for size in SHAPES]

    return point(), [(draw.uniform(0.5, 3), point()) for _ in range(count)]


def joined(tensors: list[list[mpf]]) -> list[mpf]:
    return [mpf(entry) for tensor in tensors for entry in tensor]


def dot(a: list[mpf], b: list[mpf]) -> mpf:
    return sum((p * q for p, q in zip(a, b, strict=True)), mpf(0))


def scalar_of(record: Record, name: str) -> mpf:
    ((value,),) = record[name]
    return value


def near(a: mpf, b: mpf) -> bool:
    return bool(abs(a - b) <= NOISE * (1 + abs(a)))


def all_near(a: list[list[mpf]], b: list[list[mpf]]) -> bool:
    return all(near(p, q) for p, q in zip(joined(a), joined(b), strict=True))
