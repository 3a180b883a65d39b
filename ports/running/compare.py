"""Comparison of what a port returned with what its vector expects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from momoracle.ports.methods.registry import equation, order
from momoracle.ports.running.messages import Observed, Outcome
from momoracle.ports.running.report import Deviation, Number, VectorResult
from momoracle.reference.golden.vectors import Expected, FloatArray, GoldenVector, VectorFile


@dataclass(frozen=True)
class Difference:
    """The worst element that is off, or the shapes where those differ."""

    observed: Number
    expected: Number
    error: float
    tolerance: float
    tensor: int
    index: tuple[int, ...]


def differ(observed: Sequence[FloatArray], expected: Expected) -> Difference | None:
    """Return the element with the largest |observed − expected| / tolerance above 1, or None where there is none.

    Equal infinities are no error, and NaN equals nothing.
    """
    if len(observed) != len(expected.values):
        got_count, want_count = f"{len(observed)} arrays", f"{len(expected.values)} arrays"
        return Difference(got_count, want_count, np.nan, np.nan, 0, ())
    worst: Difference | None = None
    worst_ratio = 1.0
    for i, (got, want, tolerance) in enumerate(zip(observed, expected.values, expected.tolerances, strict=True)):
        if got.shape != want.shape:
            return Difference(f"shape {got.shape}", f"shape {want.shape}", np.nan, np.nan, i, ())
        if want.size == 0:
            continue
        wide = np.asarray(got, dtype=np.float64)
        error, ratio = _errors(wide, want, tolerance)
        index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        if ratio[index] > worst_ratio:
            worst_ratio = float(ratio[index])
            observed_here, expected_here, error_here, allowed = (
                float(a[index]) for a in (wide, want, error, tolerance)
            )
            place = tuple(int(i) for i in index)
            worst = Difference(observed_here, expected_here, error_here, allowed, i, place)
    return worst


def result_of(vector: GoldenVector, vectors: VectorFile, outcome: Outcome) -> VectorResult:
    """Compare what came of one vector with what it expects."""
    return VectorResult(
        vector=vector.id,
        kind=vectors.kind(vector),
        flags=vector.flags,
        deviation=first_deviation(vector, outcome.observed),
        incidents=tuple(outcome.incidents),
        feature=outcome.missing.feature if outcome.missing else None,
        reason=outcome.missing.reason if outcome.missing else "",
        observed=tuple(outcome.observed),
    )


def first_deviation(vector: GoldenVector, results: Iterable[Observed]) -> Deviation | None:
    """Return the first quantity of the first step that is off, in the order in which the equations compute them."""
    first: Deviation | None = None
    for result in results:
        expected = vector.steps[result.step - 1].expected
        for quantity in sorted(expected, key=lambda name: order(vector.algorithm, name)):
            observed = result.params if quantity == "params" else _scalars(result, quantity, expected[quantity])
            if observed is None or (first is not None and quantity != "params"):
                continue
            difference = differ(observed, expected[quantity])
            if difference is not None:
                deviation = _deviation(vector, result.step, quantity, difference)
                if quantity == "params":
                    return replace(first, then=deviation) if first is not None else deviation
                first = deviation
    return first


def _scalars(result: Observed, quantity: str, expected: Expected) -> tuple[FloatArray, ...] | None:
    """Return a buffer; one number in an array of one element is that number, where a scalar is expected."""
    arrays = result.buffers.get(quantity)
    if arrays is None or len(arrays) != len(expected.values):
        return arrays
    pairs = zip(arrays, expected.values, strict=True)
    return tuple(array.reshape(()) if want.shape == () and array.size == 1 else array for array, want in pairs)


def _deviation(vector: GoldenVector, step: int, quantity: str, what: Difference) -> Deviation:
    return Deviation(
        vector=vector.id,
        flags=vector.flags,
        step=step,
        quantity=quantity,
        equation=equation(vector.algorithm, quantity),
        observed=what.observed,
        expected=what.expected,
        error=what.error,
        tolerance=what.tolerance,
        tensor=what.tensor,
        index=what.index,
    )


def _errors(
    got: FloatArray, want: FloatArray, tolerance: FloatArray
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    with np.errstate(all="ignore"):  # infinities subtracted and divided on purpose
        error = np.where(got == want, 0.0, np.abs(got - want))
        quotient = np.where(tolerance > 0, error / tolerance, np.inf)
        # The comparison decides, the quotient only ranks: it may round to 1, or be NaN where the error is.
        ratio = np.where(error <= tolerance, 0.0, np.where(quotient > 1, quotient, np.nextafter(1.0, 2.0)))
        ratio = np.where(np.isnan(error), np.inf, ratio)
    return np.asarray(error, np.float64), np.asarray(ratio, np.float64)
