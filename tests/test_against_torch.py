"""The four methods that PyTorch also has, against torch.optim: fifty steps in float64 on prescribed gradients."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from support.independent import Setting, rerun

from momoracle import SGD, SGDM, Adam, AdamW

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.ports

Tensors: TypeAlias = list[NDArray[np.float64]]
SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (5,), (4, 1), (1, 3), (3, 2, 2))
STEPS = 50
LEAST_GRADIENT, LARGEST_GRADIENT = 0.5, 2.0
LARGEST_PARAM = 8.0
OURS: dict[str, Callable[..., Any]] = {"sgd": SGD, "sgdm": SGDM, "adam": Adam, "adamw": AdamW}
CASES: list[tuple[str, dict[str, float]]] = [
    ("sgd", {"lr": 0.1, "weight_decay": 0.0}),
    ("sgd", {"lr": 0.1, "weight_decay": 0.02}),
    ("sgdm", {"lr": 0.02, "beta": 0.9, "weight_decay": 0.0}),
    ("sgdm", {"lr": 0.02, "beta": 0.9, "weight_decay": 0.02}),
    ("adam", {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}),
    ("adam", {"lr": 0.01, "beta1": 0.8, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.05}),
    ("adamw", {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}),
    ("adamw", {"lr": 0.01, "beta1": 0.8, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.05}),
]


def tolerance(algorithm: str, settings: dict[str, float]) -> float:
    """Bound how far two correct float64 programs may part in ``STEPS`` steps, from the operations of one of them.

    Let ``u = 2^-53`` and ``G`` bound the gradients with their decay, ``X`` the parameters. A step rounds the parameters
    at most 3 times, relative to at most ``X`` and its update. Each rounding of a buffer, at most 5 a step, is forgotten
    at the rate ``1 - beta``. Heavy ball: the buffer is at most ``G / (1 - beta)``. Adam: the first average errs by
    ``5 u G / (1 - beta1)``; the second, a sum of positive terms, by ``5 k u`` relative to it, which the root halves;
    a correction ``1 - beta^k`` by ``u / (1 - beta)``; and the root is at least ``floor``. Decay only contracts, so the
    steps' errors add up. Both programs err: hence 2.
    """
    lr, decay = settings["lr"], settings["weight_decay"]
    largest = LARGEST_GRADIENT + decay * LARGEST_PARAM
    if algorithm in {"sgd", "sgdm"}:
        memory = 1 / (1 - settings.get("beta", 0.0))
        update = lr * largest * memory
        step = 3 * (LARGEST_PARAM + update) + 5 * update * memory
    else:
        floor = LEAST_GRADIENT - (decay * LARGEST_PARAM if algorithm == "adam" else 0.0)
        memory1, memory2 = 1 / (1 - settings["beta1"]), 1 / (1 - settings["beta2"])
        update = lr * largest / floor
        step = 3 * (LARGEST_PARAM + update) + update * (5 * memory1 + 5 * STEPS / 2 + memory1 + memory2 / 2)
    return 2 * STEPS * 2.0**-53 * step


def prescribed(seed: int) -> tuple[Tensors, list[Tensors]]:
    """Draw gradients of either sign whose entries stay away from 0, where Adam's quotient would magnify roundings."""
    generator = np.random.default_rng(seed)

    def draw() -> Tensors:
        sizes = [generator.uniform(LEAST_GRADIENT, LARGEST_GRADIENT, shape) for shape in SHAPES]
        return [np.asarray(size * generator.choice([-1.0, 1.0], size.shape)) for size in map(np.asarray, sizes)]

    return draw(), [draw() for _ in range(STEPS)]


def run_torch(algorithm: str, settings: dict[str, float], params: Tensors, grads: list[Tensors]) -> list[Tensors]:
    tensors = [torch.nn.Parameter(torch.from_numpy(np.array(x))) for x in params]
    shared = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
    if algorithm in {"sgd", "sgdm"}:
        optimizer = torch.optim.SGD(tensors, momentum=settings.get("beta", 0.0), **shared)
    else:
        method = torch.optim.AdamW if algorithm == "adamw" else torch.optim.Adam
        optimizer = method(tensors, betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"], **shared)
    path = []
    for step in grads:
        for tensor, g in zip(tensors, step, strict=True):
            tensor.grad = torch.from_numpy(np.array(g))
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return path


def run_ours(algorithm: str, settings: dict[str, float], params: Tensors, grads: list[Tensors]) -> list[Tensors]:
    optimizer = OURS[algorithm](**settings)
    state = optimizer.init(params)
    path = []
    for step in grads:
        params, state, _ = optimizer.step(params, step, state)
        path.append(params)
    return path


def run_independent(algorithm: str, settings: dict[str, float], params: Tensors, grads: list[Tensors]) -> list[Tensors]:
    steps = [(0.0, [np.ravel(g).tolist() for g in step]) for step in grads]
    given: dict[str, Setting] = dict(settings)
    records = rerun(algorithm, given, [np.ravel(x).tolist() for x in params], steps, digits=40)
    return [
        [np.array([float(e) for e in part]).reshape(s) for part, s in zip(record["params"], SHAPES, strict=True)]
        for record in records
    ]


@pytest.mark.parametrize("run", [run_ours, run_independent])
@pytest.mark.parametrize(("algorithm", "settings"), CASES)
def test_every_step_is_torch_s(algorithm: str, settings: dict[str, float], run: Callable[..., list[Tensors]]) -> None:
    params, grads = prescribed(seed=20240521)
    theirs = run_torch(algorithm, settings, params, grads)
    for k, (ours, step) in enumerate(zip(run(algorithm, settings, params, grads), theirs, strict=True), 1):
        for x, y in zip(ours, step, strict=True):
            assert x.shape == y.shape
            assert x.dtype == y.dtype == np.float64
            assert np.abs(y).max() < LARGEST_PARAM, "the tolerance supposes smaller parameters"
            np.testing.assert_allclose(x, y, rtol=0, atol=tolerance(algorithm, settings), err_msg=f"step {k}")
