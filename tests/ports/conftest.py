from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from momoracle.reference.golden.vectors import Expected, Flag, FlagClass, GoldenVector, Step, VectorFile

Ports: TypeAlias = Callable[[str], str]
KINDS: dict[str, FlagClass] = {"plain": "core", "trigger": "core", "decay": "core", "schedule": "core"}
KINDS |= {"huge": "robustness", "far": "precision"}


@pytest.fixture(scope="session")
def sgd_port() -> Ports:
    file = Path(__file__).parent / "examples" / "sgd_ports.py"
    return lambda name: f"{file}:{name}"


@pytest.fixture(scope="session")
def sgd_vectors() -> VectorFile:
    """A few steps of SGD in dyadic rationals, so that what is expected is exact."""
    made = [
        _sgd("plain", "float64", [0.5, 0.5, 0.5]),
        _sgd("trigger", "float64", [0.5, 0.5, 0.5], losses=[1.0, 99.0, 1.0]),
        _sgd("decay", "float64", [0.5, 0.5], decay=0.25),
        _sgd("schedule", "float64", [0.5, 0.25, 1.0]),
        _sgd("plain", "float32", [0.25, 0.25]),
        _sgd("huge", "float64", [0.5, 0.5], scale=2.0**600),
        _sgd("far", "float64", [0.5], scale=2.0**20),
    ]
    return VectorFile("sgd", flags(), tuple(made))


@pytest.fixture(scope="session")
def sgdm_vectors() -> VectorFile:
    """Two steps of heavy ball whose momentum is expected too."""
    gradient = np.array([1.0, -2.0])
    momenta = [gradient, 1.5 * gradient]
    iterates = [-0.5 * momenta[0], -0.5 * momenta[0] - 0.5 * momenta[1]]
    steps = tuple(
        Step(1.0, (gradient,), {"params": _near(x), "momentum": _near(m)})
        for x, m in zip(iterates, momenta, strict=True)
    )
    vector = GoldenVector("m-1", "sgdm", "float64", {"lr": 0.5, "beta": 0.5}, "", ("plain",), (np.zeros(2),), steps)
    return VectorFile("sgdm", flags(), (vector,))


def flags() -> dict[str, Flag]:
    return {name: Flag(name, kind, "a mistake", "an equation", "") for name, kind in KINDS.items()}


def _sgd(
    flag: str,
    dtype: str,
    rates: list[float],
    *,
    losses: list[float] | None = None,
    decay: float = 0.0,
    scale: float = 1.0,
) -> GoldenVector:
    x = [Fraction(1), Fraction(-3), Fraction(1, 2)]
    g = [Fraction(1, 4), Fraction(-1, 2), Fraction(3)]
    steps = []
    for rate, loss in zip(rates, losses or [1.0] * len(rates), strict=True):
        x = [xi - Fraction(rate) * (gi + Fraction(decay) * xi) for xi, gi in zip(x, g, strict=True)]
        expected = Expected(
            tuple(part.astype(np.float64) for part in _tensors(x, scale, dtype)),
            tuple(np.full(part.shape, 1e-12 * scale) for part in _tensors(x, scale, dtype)),
        )
        steps.append(Step(loss, _tensors(g, scale, dtype), {"params": expected}))
    lr = rates[0] if len(set(rates)) == 1 else tuple(rates)
    start = _tensors([Fraction(1), Fraction(-3), Fraction(1, 2)], scale, dtype)
    name = f"{flag}-{dtype}"
    return GoldenVector(name, "sgd", dtype, {"lr": lr, "weight_decay": decay}, "", (flag,), start, tuple(steps))


def _tensors(
    values: list[Fraction], scale: float, dtype: str
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.floating]], ...]:
    numbers = [float(value) * scale for value in values]
    return np.array(numbers[:2], dtype=dtype), np.array(numbers[2], dtype=dtype)


def _near(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Expected:
    return Expected((values,), (np.full(values.shape, 1e-12),))
