"""The path over device arrays: with a stand-in that allows only what CuPy's arrays do, and with CuPy on a device."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

from momoracle import TAM, Adam, AdaTAM, MoMo, MoMoAdam
from momoracle.reference import Method

METHODS: list[Method] = [MoMo(weight_decay=0.1), MoMoAdam(estimate_lower_bound=True), TAM(), AdaTAM(), Adam()]


class Array(NDArrayOperatorsMixin):
    """An array that NumPy's functions cannot read: ufuncs and methods only, and no silent copy to the host."""

    __module__ = "cupy"

    def __init__(self, host: Any) -> None:
        self.host = np.array(host)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("implicit conversion to a host array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc is np.vecdot:
            raise TypeError(f"not on the device: {ufunc} {method}")
        given = [z.host if isinstance(z, Array) else z for z in inputs]
        if "out" in options:
            options["out"] = tuple(z.host for z in options["out"])
        result = ufunc(*given, **options)
        return Array(result)

    def __getattr__(self, name: str) -> Any:
        if name not in ("shape", "dtype", "size", "ndim", "flags"):
            raise AttributeError(name)
        return getattr(self.host, name)

    def __getitem__(self, index: Any) -> "Array":
        view = Array(0)
        view.host = self.host[index]
        return view

    def __setitem__(self, index: Any, value: "Array") -> None:
        self.host[index] = value.host

    def reshape(self, *shape: Any) -> "Array":
        view = Array(0)
        view.host = self.host.reshape(*shape)
        return view

    def astype(self, dtype: Any, copy: bool = True) -> "Array":
        return self if self.host.dtype == dtype and not copy else Array(self.host.astype(dtype))

    def sum(self, dtype: Any = None) -> "Array":
        return Array(self.host.sum(dtype=dtype))

    def all(self) -> "Array":
        return Array(self.host.all())

    def __float__(self) -> float:
        return float(self.host)

    def __bool__(self) -> bool:
        return bool(self.host)

    def get(self) -> Any:
        return self.host


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a module in CuPy's place that makes stand-ins."""
    module = ModuleType("cupy")
    made = {"empty": np.empty, "zeros": np.zeros}
    module.get_array_module = lambda array: module  # type: ignore[attr-defined]
    for name, make in made.items():
        setattr(module, name, lambda shape, dtype, make=make: Array(make(shape, dtype)))
    monkeypatch.setitem(sys.modules, "cupy", module)


def run(method: Method, make: Any, dtype: str, scale: float = 1.0) -> list[Any]:
    """Take three steps and return the parameters."""
    rng = np.random.default_rng(7)
    x = [make(rng.standard_normal(shape).astype(dtype)) for shape in ((3, 2), (), (4,))]
    state = method.init(x)
    for _ in range(3):
        g = [make((rng.standard_normal(z.shape) * scale).astype(dtype)) for z in x]
        x, state, _ = method.step(x, g, state, loss=2.0 * scale)
    return x


@pytest.mark.usefixtures("cupy")
@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_device_path_agrees_with_numpy(method: Method, dtype: str) -> None:
    for got, want in zip(run(method, Array, dtype), run(method, np.asarray, dtype), strict=True):
        # Only the order of summation differs: at most 10 terms, three steps.
        np.testing.assert_allclose(got.host, want, rtol=100 * float(np.finfo(dtype).eps))


@pytest.mark.usefixtures("cupy")
def test_huge_entries_do_not_overflow_on_the_device_path() -> None:
    method = MoMo(lr=10.0)
    for got, want in zip(run(method, Array, "float64", 1e200), run(method, np.asarray, "float64", 1e200), strict=True):
        np.testing.assert_allclose(got.host, want, rtol=1e-12)


@pytest.mark.usefixtures("cupy")
def test_bad_input_is_refused_on_the_device_path() -> None:
    x = Array([1.0, 2.0])
    method = MoMo()
    with pytest.raises(ValueError, match=r"grads\[0\] has 1 entries that are NaN or infinite"):
        method.step(x, Array([np.nan, 0.0]), method.init(x), loss=1.0)


@pytest.mark.gpu
@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cupy_agrees_with_numpy(method: Method, dtype: str) -> None:
    device = pytest.importorskip("cupy")
    for got, want in zip(run(method, device.asarray, dtype), run(method, np.asarray, dtype), strict=True):
        np.testing.assert_allclose(device.asnumpy(got), want, rtol=100 * float(np.finfo(dtype).eps))
