"""Every golden vector against the independent implementation: each recorded value must be the nearest float64."""

import math
from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mpf, workdps
from numpy.typing import NDArray
from support.independent import KNOWN, Record, rerun

from momoracle.reference.golden.files import load
from momoracle.reference.golden.vectors import Expected, GoldenVector, Step

DIGITS = 800
QUANTITIES = {
    "sgd": "params",
    "sgdm": "params momentum",
    "adam": "params gradient_average second_moment",
    "adamw": "params gradient_average second_moment",
    "momo": "params loss_average gradient_average offset weight_sum inner_product model_value direction_norm_sq "
    "lower_bound step_size",
    "tam": "params cosine cosine_average damping momentum",
    "adatam": "params cosine cosine_average damping momentum second_moment",
}
QUANTITIES["momo-adam"] = QUANTITIES["momo"] + " second_moment preconditioner"
QUANTITIES["adatamw"] = QUANTITIES["adatam"]


def nearest_float(value: mpf) -> float:
    """Round once, to nearest even. ``float(mpf)`` rounds to 53 bits, and a second time where that is subnormal."""
    sign, mantissa, exponent, bits = value._mpf_
    if not mantissa:
        return float(value)  # zero or an infinity
    magnitude = math.inf
    if exponent + bits < -1100:
        magnitude = 0.0
    elif exponent + bits <= 1024:
        with suppress(OverflowError):  # the quotient of two integers is correctly rounded, subnormal or not
            magnitude = (int(mantissa) << max(exponent, 0)) / (1 << max(-exponent, 0))
    return -magnitude if sign else magnitude


def flat(tensors: Iterable[NDArray[np.floating]]) -> list[list[float]]:
    return [[float(entry) for entry in np.ravel(tensor)] for tensor in tensors]


def rounded(vector: GoldenVector, digits: int) -> list[dict[str, list[list[float]]]]:
    """Rerun ``vector`` and round, once, the quantities that it records."""
    steps = [(step.loss, flat(step.grads)) for step in vector.steps]
    records: list[Record] = rerun(vector.algorithm, dict(vector.hyperparameters), flat(vector.params), steps, digits)
    return [
        {name: [[nearest_float(entry) for entry in part] for part in record[name]] for name in step.expected}
        for step, record in zip(vector.steps, records, strict=True)
    ]


def disagreements(vector: GoldenVector) -> list[str]:
    """Say where ``vector`` records something else than the independent value rounded to the nearest float64."""
    differences = []
    for k, (step, record) in enumerate(zip(vector.steps, rounded(vector, DIGITS), strict=True), 1):
        for name, expected in step.expected.items():
            recorded, ours = flat(expected.values), record[name]
            if [len(part) for part in recorded] != [len(part) for part in ours]:
                differences.append(f"step {k}, {name}: recorded {recorded}, independently {ours}")
                continue
            for t, (theirs, mine) in enumerate(zip(recorded, ours, strict=True)):
                differing = [(i, p, q) for i, (p, q) in enumerate(zip(theirs, mine, strict=True)) if p != q]
                differences += [
                    f"step {k}, {name}[{t}][{i}]: recorded {p!r}, independently {q!r}" for i, p, q in differing
                ]
    return differences


FILES = {algorithm: load(algorithm) for algorithm in KNOWN}
VECTORS = [pytest.param(vector, id=vector.id) for file in FILES.values() for vector in file.vectors]


@pytest.mark.parametrize("vector", VECTORS)
def test_every_recorded_value_is_the_nearest_float(vector: GoldenVector) -> None:
    assert disagreements(vector) == []


@pytest.mark.parametrize("algorithm", KNOWN)
def test_every_quantity_of_the_algorithm_is_recorded_somewhere(algorithm: str) -> None:
    vectors = FILES[algorithm].vectors
    assert {vector.algorithm for vector in vectors} == {algorithm}
    recorded = {name for vector in vectors for step in vector.steps for name in step.expected}
    assert recorded == set(QUANTITIES[algorithm].split())
    assert all(any("params" in step.expected for step in vector.steps) for vector in vectors)


@pytest.mark.parametrize("algorithm", KNOWN)
def test_more_digits_change_no_rounded_value(algorithm: str) -> None:
    """``DIGITS`` suffices: the longest vector and those of the widest magnitudes come out the same from twice that."""

    def spread(vector: GoldenVector) -> float:
        entries = [abs(e) for step in vector.steps for tensor in flat(step.grads) for e in tensor if e]
        return math.log10(max(entries)) - math.log10(min(entries)) if entries else 0.0

    vectors = FILES[algorithm].vectors
    for vector in [*sorted(vectors, key=spread)[-5:], max(vectors, key=lambda vector: len(vector.steps))]:
        assert rounded(vector, DIGITS) == rounded(vector, 2 * DIGITS)


def test_one_wrong_unit_in_the_last_place_is_reported() -> None:
    def vector(after: float) -> GoldenVector:
        expected = Expected((np.array(after),), (np.array(0.0),))
        step = Step(loss=0.0, grads=(np.array(3.0),), expected={"params": expected})
        return GoldenVector("made-up", "sgd", "float64", {"lr": 0.1}, "", (), (np.array(1.0),), (step,))

    right = float(1 - 3 * Fraction(0.1))
    assert disagreements(vector(right)) == []
    for wrong in (math.nextafter(right, 1), math.nextafter(right, 0)):
        assert len(disagreements(vector(wrong))) == 1


TINY = 2.0**-1074


@pytest.mark.parametrize(
    ("mantissa", "exponent", "nearest"),
    [
        (1, 0, 1.0),
        (2**53 + 1, 0, 2.0**53),  # a tie goes to the even neighbour
        (2**53 + 3, 0, 2.0**53 + 4),
        (2**153 + 2**100 + 1, -100, 2.0**53 + 2),  # just above a tie
        (1, -1075, 0.0),  # half of the least subnormal: a tie, to zero
        (2**80 + 1, -1155, TINY),  # just above it; float(mpf) gives 0
        (3 * 2**80 - 1, -1155, TINY),
        (3, -1075, 2 * TINY),
        (1, -5000, 0.0),
        (2**54 - 1, 970, math.inf),  # the least magnitude that rounds beyond the largest float64
        (2**55 - 3, 969, float(np.finfo(np.float64).max)),
        (1, 1024, math.inf),
        (1, 10**6, math.inf),
    ],
)
def test_rounding_to_the_nearest_float(mantissa: int, exponent: int, nearest: float) -> None:
    with workdps(DIGITS):
        value = mpf((mantissa, exponent))
        assert nearest_float(value) == nearest
        assert nearest_float(-value) == -nearest


def test_rounding_keeps_zero_and_infinities() -> None:
    assert [nearest_float(mpf(text)) for text in ("0", "inf", "-inf")] == [0.0, math.inf, -math.inf]
