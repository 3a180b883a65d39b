"""The path over device arrays, with a stand-in that allows only what CuPy's arrays do; `gpu/` has it on a device."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.device import cupy_stand_in

from momoracle import TAM, Adam, AdaTAM, MoMo, MoMoAdam
from momoracle.reference import Method

METHODS: list[Method] = [MoMo(weight_decay=0.1), MoMoAdam(estimate_lower_bound=True), TAM(), AdaTAM(), Adam()]


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Put a module in CuPy's place that makes stand-ins."""
    module = cupy_stand_in.stand_in(tmp_path)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def run(method: Method, make: Any, dtype: str, scale: float = 1.0) -> list[Any]:
    """Take three steps and return the parameters."""
    rng = np.random.default_rng(7)
    x = [make(rng.standard_normal(shape).astype(dtype)) for shape in ((3, 2), (), (4,))]
    state = method.init(x)
    for _ in range(3):
        g = [make((rng.standard_normal(z.shape) * scale).astype(dtype)) for z in x]
        x, state, _ = method.step(x, g, state, loss=2.0 * scale)
    return x


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_device_path_agrees_with_numpy(method: Method, dtype: str, cupy: Any) -> None:
    for got, want in zip(run(method, cupy.asarray, dtype), run(method, np.asarray, dtype), strict=True):
        # Only the order of summation differs: at most 10 terms, three steps.
        np.testing.assert_allclose(got.host, want, rtol=100 * float(np.finfo(dtype).eps))


def test_huge_entries_do_not_overflow_on_the_device_path(cupy: Any) -> None:
    method = MoMo(lr=10.0)
    for got, want in zip(
        run(method, cupy.asarray, "float64", 1e200), run(method, np.asarray, "float64", 1e200), strict=True
    ):
        np.testing.assert_allclose(got.host, want, rtol=1e-12)


def test_bad_input_is_refused_on_the_device_path(cupy: Any) -> None:
    x = cupy.asarray([1.0, 2.0])
    method = MoMo()
    with pytest.raises(ValueError, match=r"grads\[0\] has 1 entries that are NaN or infinite"):
        method.step(x, cupy.asarray([np.nan, 0.0]), method.init(x), loss=1.0)
