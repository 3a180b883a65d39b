"""The fused path on a CUDA device: ``pytest -m gpu`` runs exactly the tests that need one."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from momoracle import TAM, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.gpu import Fused
from momoracle.gpu.port import FusedPort
from momoracle.gpu.programs import PROGRAMS
from momoracle.ports.compare import first_deviation
from momoracle.ports.method_port import observed
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.golden.files import load

pytestmark = pytest.mark.gpu

FUSED = [name for name, method in ALGORITHMS.items() if method in PROGRAMS]
METHODS: list[Method] = [MoMo(), MoMoAdam(), TAM(), AdaTAM(), AdaTAMW()]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
SHAPES: list[tuple[int, ...]] = [(300, 41), (7,), (), (0, 3), (5000,)]


def drawn(seed: int, dtype: Any = "float32") -> list[Any]:
    import cupy

    rng = np.random.default_rng(seed)
    return [cupy.asarray(np.asarray(rng.standard_normal(shape), dtype)) for shape in SHAPES]


def bits(*values: Any) -> list[bytes]:
    import cupy

    arrays = [z for v in values for z in (v if isinstance(v, list) else [v]) if z is not None]
    return [cupy.asnumpy(z).tobytes() for z in arrays]


@pytest.mark.parametrize("algorithm", FUSED)
def test_all_vectors_hold_in_every_quantity(algorithm: str) -> None:
    for vector in load(algorithm).vectors:
        assert first_deviation(vector, observed(FusedPort(ALGORITHMS[algorithm]), vector)) is None, vector.id


@pytest.mark.parametrize("algorithm", FUSED)
def test_the_port_checker_calls_it_conformant(algorithm: str) -> None:
    port = f"momoracle.gpu.port:{algorithm.replace('-', '_')}"
    command = [sys.executable, "-m", "momoracle", "check", algorithm, port, "--time-limit", "60"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_steps_agree_with_the_reference(method: Method, dtype: str) -> None:
    fused, x = Fused(method), drawn(0, dtype)
    y = [z.get() for z in x]
    state, host_state = fused.init(x), method.init(y)
    for seed in (1, 2, 3):
        g = drawn(seed, dtype)
        x, state, _ = fused.step(x, g, state, 2.0)
        y, host_state, _ = method.step(y, [z.get() for z in g], host_state, 2.0)
    for got, want in zip(x, y, strict=True):
        # Three steps, sums of 17,000 terms of which the largest are of the order of 1; float32 scalars do not matter.
        eps = float(np.finfo(dtype).eps)
        np.testing.assert_allclose(got.get(), want, rtol=300 * eps, atol=300 * eps)


@every_method
def test_a_hundred_runs_give_the_same_bits(method: Method) -> None:
    fused, x, g = Fused(method), drawn(0), drawn(1)
    first = fused.step(x, g, fused.init(x), 2.0)
    expected = bits(first[0], *first[1], *first[2])
    for _ in range(100):
        again = fused.step(x, g, fused.init(x), 2.0)
        assert bits(again[0], *again[1], *again[2]) == expected


@every_method
def test_a_captured_step_reads_its_scalars_at_each_launch(method: Method) -> None:
    """Capture fails where anything waits for the device: there is no host synchronisation in a call."""
    import cupy

    fused, x, g = Fused(method), drawn(0), drawn(1)
    y, loss, lr = [z.copy() for z in x], cupy.zeros(()), cupy.zeros(())
    own, stream = fused.init(y), cupy.cuda.Stream(non_blocking=True)
    other = [z.copy() for z in y]
    fused.bind(other, g, fused.init(other), loss, lr)()  # loads the kernels
    cupy.cuda.Device().synchronize()
    bound = fused.bind(y, g, own, loss, lr)
    with stream:
        stream.begin_capture()
        bound()
        graph = stream.end_capture()
    state = fused.init(x)
    for f, alpha in ((2.0, 0.5), (1.5, 0.25), (1.0, 0.125)):
        loss[...], lr[...] = f, alpha
        cupy.cuda.Device().synchronize()
        graph.launch(stream)
        stream.synchronize()
        method_now = type(method)(lr=alpha)
        x, state, _ = Fused(method_now).step(x, g, state, f)
    assert bits(y, *own) == bits(x, *state)
    bound.check()


def test_arrays_of_the_host_are_refused() -> None:
    fused, x = Fused(MoMo()), drawn(0)
    host = [z.get() for z in x]
    for params, grads in ((host, x), (x, host)):
        with pytest.raises(TypeError, match=r"\[0\] is a numpy.ndarray that is not on a CUDA device; .*cupy.asarray"):
            fused.step(params, grads, fused.init(x), 1.0)


def test_bad_values_get_the_errors_of_the_reference() -> None:
    import cupy

    fused, x, g = Fused(MoMo()), drawn(0), drawn(1)
    with pytest.raises(ValueError, match="loss is nan; it must be finite"):
        fused.step(x, g, fused.init(x), cupy.array(np.nan))
    g[1][3] = np.inf
    with pytest.raises(ValueError, match=r"grads\[1\] has 1 entries that are NaN or infinite"):
        fused.step(x, g, fused.init(x), 1.0)


def test_subnormal_gradients_count() -> None:
    import cupy

    g = cupy.full(8, 1e-42, "float32")
    _, state, trace = Fused(TAM()).step(g, g, Fused(TAM()).init(g))
    _, _, trace = Fused(TAM()).step(g, g, state)
    assert float(trace.cosine) == 1.0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_pytorch_s_tensors_are_stepped_where_they_are(dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    if not torch.cuda.is_available():
        pytest.skip("needs a PyTorch with CUDA")
    parameter = torch.nn.Parameter(torch.ones(1000, dtype=getattr(torch, dtype), device="cuda"))
    parameter.grad = torch.ones_like(parameter)
    where, fused = parameter.data_ptr(), Fused(MoMo(lr=0.5))
    bound = fused.bind([parameter], [parameter.grad], fused.init([parameter]), torch.ones((), device="cuda"))
    bound()
    bound.check()
    assert parameter.data_ptr() == where
    assert parameter.float().tolist() == pytest.approx([1 - 1 / 1000] * 1000, rel=2**-7)
