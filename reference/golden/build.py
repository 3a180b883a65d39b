"""All golden vectors of an algorithm, built from its cases."""

from collections.abc import Iterator

from momoracle.reference.golden.cases import Case, Maker, shared_cases
from momoracle.reference.golden.cases_momo import momo_cases
from momoracle.reference.golden.cases_tam import tam_cases
from momoracle.reference.golden.prove import prove
from momoracle.reference.golden.vectors import Vector

DTYPES = ("float64", "float32")


def cases(algorithm: str) -> Iterator[Case]:
    """Yield the cases of an algorithm in both dtypes."""
    for dtype in DTYPES:
        make = Maker(algorithm, dtype)
        yield from shared_cases(make)
        if make.has("lower_bound"):
            yield from momo_cases(make)
        if make.has("gamma"):
            yield from tam_cases(make)


def build(algorithm: str) -> list[Vector]:
    """Prove every vector of an algorithm."""
    return [prove(case) for case in cases(algorithm)]
