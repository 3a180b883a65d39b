"""The comparison itself: what counts as off, and which of several differences is reported."""

import numpy as np
import pytest

from momoracle.ports.methods.registry import equation, facts_of, order
from momoracle.ports.running.compare import differ, first_deviation
from momoracle.ports.running.messages import Observed
from momoracle.ports.running.report import as_number
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.vectors import Expected, GoldenVector, Step


def expect(values: list[float], tolerances: list[float]) -> Expected:
    return Expected((np.array(values),), (np.array(tolerances),))


@pytest.mark.parametrize(
    ("got", "want", "tolerance"),
    [
        (1.0, 1.5, 0.5),
        (np.inf, np.inf, 0.0),
        (-np.inf, -np.inf, 1.0),
        (0.0, -0.0, 0.0),
        (1e308, -1e308, np.inf),
        (5e-324, 0.0, 5e-324),
    ],
)
def test_agrees(got: float, want: float, tolerance: float) -> None:
    assert differ([np.array([got])], expect([want], [tolerance])) is None


@pytest.mark.parametrize(
    ("got", "want", "tolerance", "error"),
    [
        (1.0, 1.5, np.nextafter(0.5, 0.0), 0.5),
        (np.inf, 1.0, 1.0, np.inf),
        (np.inf, -np.inf, 1.0, np.inf),
        (1.0, np.inf, 1.0, np.inf),
        (5e-324, 0.0, 0.0, 5e-324),
        (np.nan, 1.0, 1.0, np.nan),
        (np.nan, np.inf, np.inf, np.nan),
    ],
)
def test_differs(got: float, want: float, tolerance: float, error: float) -> None:
    found = differ([np.array([got])], expect([want], [tolerance]))
    assert found is not None
    np.testing.assert_array_equal([found.error, found.tolerance], [error, tolerance])


def test_the_worst_is_relative_to_its_tolerance_and_nan_is_worse_than_all() -> None:
    expected = expect([0.0, 0.0, 0.0], [1.0, 0.01, 0.0])
    assert (found := differ([np.array([5.0, 0.1, 0.0])], expected)) is not None
    assert found.index == (1,)
    assert (found := differ([np.array([5.0, np.nan, 0.0])], expected)) is not None
    assert found.index == (1,)


def test_float32_is_compared_with_the_exact_value() -> None:
    got = np.array([0.1], dtype=np.float32)
    assert differ([got], expect([0.1], [1e-8])) is None
    assert differ([got], expect([0.1], [1e-9])) is not None


def test_empty_tensors_agree() -> None:
    assert differ([np.zeros((0, 3))], Expected((np.zeros((0, 3)),), (np.zeros((0, 3)),))) is None
    assert differ([np.zeros(0)], Expected((np.zeros((0, 3)),), (np.zeros((0, 3)),))) is not None


def vector(*steps: dict[str, Expected]) -> GoldenVector:
    made = tuple(Step(1.0, (np.zeros(1),), step) for step in steps)
    return GoldenVector("v", "tam", "float64", {"lr": 1.0}, "", (), (np.zeros(1),), made)


def test_the_earliest_equation_of_the_first_step_is_reported_and_the_parameters_with_it() -> None:
    zero = expect([0.0], [1.0])
    scalar = Expected((np.array(0.0),), (np.array(1.0),))
    both = {"params": zero, "momentum": zero, "cosine_average": scalar}
    fine = Observed(1, (np.zeros(1),), {"momentum": (np.zeros(1),), "cosine_average": (np.zeros((1, 1)),)})
    off = Observed(2, (np.full(1, 2.0),), {"momentum": (np.full(1, 3.0),), "cosine_average": (np.full(1, 4.0),)})
    found = first_deviation(vector(both, both), [fine, off])
    assert found is not None
    assert (found.step, found.quantity, found.observed) == (2, "cosine_average", 4.0)
    assert found.then is not None
    assert found.in_params is found.then
    assert (found.then.step, found.then.quantity, found.then.observed) == (2, "params", 2.0)
    assert first_deviation(vector(both, both), [fine]) is None


def test_a_buffer_that_the_port_has_not_is_not_compared() -> None:
    zero = expect([0.0], [1.0])
    assert first_deviation(vector({"params": zero, "momentum": zero}), [Observed(1, (np.zeros(1),), {})]) is None


def test_the_equations_end_with_the_parameters() -> None:
    for algorithm in ALGORITHMS:
        facts = facts_of(algorithm)
        assert facts.quantities[-1] == "params"
        assert set(facts.equations) == set(facts.quantities)
        assert order(algorithm, "unheard-of") < order(algorithm, "params")
    assert equation("momo", "step_size") == "MoMo (15)"
    assert equation("momo", "params") == "MoMo (16)"


def test_json_numbers() -> None:
    shown = [as_number(value) for value in (1.5, np.nan, np.inf, -np.inf, "shape (3,)")]
    assert shown == [1.5, "NaN", "Infinity", "-Infinity", "shape (3,)"]
