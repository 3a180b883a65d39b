"""Declared ranges: what they contain, how errors write them, and that every hyperparameter of the package has one."""

from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from support.own_methods import write_method

from momoracle.reference import ALGORITHMS, method_of
from momoracle.reference.frame.ranges import Range, declarations_of

CLOSED, OPEN = Range(1, 2, includes_high=True), Range(1, 2, includes_low=False)


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (Range(0, 1), [0, 0.5, Fraction(1, 3), np.float32(0.9)], [1, -1e-300, inf, nan]),
        (CLOSED, [1, 2, 1.5], [0.999, 2.001, nan]),
        (OPEN, [1.001, 1.999], [1, 2, nan]),
        (Range(), [-inf, 0, 1e308], [inf, nan]),
    ],
)
def test_an_interval_contains_its_closed_ends_alone(interval: Range, inside: list[Any], outside: list[Any]) -> None:
    assert all(interval.contains(z) for z in inside)
    assert not any(interval.contains(z) for z in outside)
    answers = interval.contains(np.array([float(z) for z in inside + outside]))
    assert answers.tolist() == [True] * len(inside) + [False] * len(outside)


def test_errors_write_the_interval_with_its_ends() -> None:
    assert Range(0, inf).allowed("eps") == "0 <= eps < inf"
    assert CLOSED.allowed("x") == "1 <= x <= 2"
    assert OPEN.allowed("x") == "1 < x < 2"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_hyperparameter_is_a_switch_or_has_a_range(algorithm: str) -> None:
    method: Any = method_of(algorithm)
    for declared in declarations_of(method):
        assert declared.is_switch != (declared.range is not None), declared
        assert declared.range is None or declared.range.contains(declared.default)
        if declared.range is not None and declared.name != "lr":
            for wrong in (declared.range.high, nan):
                with pytest.raises(ValueError, match=f"{declared.name} is {wrong}; allowed: "):
                    method(**{declared.name: wrong})


def test_switches_that_ports_differ_in_are_conventions() -> None:
    conventions = {
        algorithm: {declared.name for declared in declarations_of(method) if declared.is_convention}
        for algorithm, method in ALGORITHMS.items()
    }
    adaptive = {"per_tensor", "averaged_momentum", "bias_correction"}
    tam = {"tam": {"per_tensor"}, "adatam": adaptive, "adatamw": adaptive}
    assert {name: switches for name, switches in conventions.items() if switches} == tam


def test_a_range_with_a_closed_upper_end_is_checked(tmp_path: Any) -> None:
    algorithm = write_method(
        tmp_path,
        ("beta: Share = 0.9", "beta: Annotated[float, Range(1, 2, includes_low=False, includes_high=True)] = 2"),
    )
    method: Any = method_of(algorithm)
    assert method(beta=2.0)
    with pytest.raises(ValueError, match=r"beta is 1; allowed: 1 < beta <= 2"):
        method(beta=1)
    with pytest.raises(TypeError, match="beta is 'high'; a real number is needed: 1 < beta <= 2"):
        method(beta="high")
