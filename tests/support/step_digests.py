"""Step each method 1,000 times and print a digest of all bits, as JSON: ``python -m support.step_digests``."""

import hashlib
import json
from typing import Any

import numpy as np

from momoracle.reference.numbers import fixed_order
from support.runs import METHODS

STEPS, REPLICAS = 1000, 3
SHAPES: list[tuple[int, ...]] = [(150,), (3, 4)]
LONG = 20000  # several blocks of a dot product


def digest(method: Any, steps: int, size: int, dtype: str, replicas: int | None = None) -> str:
    """Return a digest of a run's points, states and traces: a last bit that differs is carried into all later ones."""
    draw = np.random.default_rng(0)
    rows = () if replicas is None else (replicas,)
    shapes = [(size,)] if size else SHAPES
    x = [draw.integers(-1024, 1024, (*rows, *shape)).astype(dtype) / 256 for shape in shapes]
    slopes = [(1 + draw.integers(0, 64, z.shape) / 64).astype(dtype) for z in x]
    state, total = method.init(x, replicas=replicas), hashlib.sha256()
    for _ in range(steps):
        noise = [(draw.integers(-256, 256, z.shape) / 256).astype(dtype) for z in x]
        grads = [c * z + e for c, z, e in zip(slopes, x, noise, strict=True)]
        flat = [z.astype(np.float64).reshape(*rows, -1) for z in x]
        loss = sum(fixed_order.sum_products(z, z) for z in flat) / 2
        x, state, trace = method.step(x, grads, state, loss=loss)
        for part in (x, *state, *trace):
            for array in part if isinstance(part, list) else [part]:
                total.update(np.asarray(array, np.float64).tobytes() if array is not None else b"-")
    return total.hexdigest()


def main() -> None:
    """Print the digest of every run, and of dot products by BLAS, which show whether kernels differ at all."""
    found = {}
    for name, method in METHODS.items():
        found[name] = digest(method, STEPS, 0, "float64")
        found[f"{name}, float32"] = digest(method, STEPS // 5, 0, "float32")
        found[f"{name}, replicas"] = digest(method, STEPS // 10, 0, "float64", REPLICAS)
        for dtype in ("float64", "float32"):
            found[f"{name}, long, {dtype}"] = digest(method, STEPS // 100, LONG, dtype)
    vectors = np.random.default_rng(0).standard_normal((100, 1000))
    found["BLAS"] = hashlib.sha256(np.vecdot(vectors, vectors[::-1]).tobytes()).hexdigest()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
