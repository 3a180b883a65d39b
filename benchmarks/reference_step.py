"""One step of the reference beside its peers, in one run: time as a ratio.

``python benchmarks/reference_step.py`` (with the ``ports`` extra) writes ``benchmarks/reference_step.md``.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

PAGE = Path(__file__).with_suffix(".md")
SIZES = (50, 10_000, 1_000_000, 10_000_000)
ROUNDS = 15
Step = Callable[[], Any]

#: what the table compares with each method of the reference: its peers, the first of them the one of the ratio
PEERS = {
    "MoMo": ("momo-opt Momo", "optax momo (jit)"),
    "MoMoAdam": ("momo-opt MomoAdam", "optax momo_adam (jit)"),
    "SGDM": ("torch.optim.SGD",),
    "Adam": ("torch.optim.Adam", "optax adam (jit)"),
}


def make_arrays(n: int, dtype: str) -> tuple[Any, Any]:
    """Return parameters and a gradient."""
    rng = np.random.default_rng(n)
    return rng.standard_normal(n).astype(dtype), rng.standard_normal(n).astype(dtype)


def reference(name: str, n: int, dtype: str, in_place: bool) -> Step:
    """Return a step of the reference, into fresh arrays or with ``out=`` into its own."""
    import momoracle

    method = getattr(momoracle, name)(lr=1e-3)
    x, g = make_arrays(n, dtype)
    run = [x, method.init(x)]
    del x

    def step() -> None:
        run[:] = method.step(run[0], g, run[1], loss=1.0, out=tuple(run) if in_place else None)[:2]

    return step


def with_torch(name: str, n: int, dtype: str) -> Step:
    """Return a step of an optimizer under torch."""
    import momo
    import torch

    make: Any = {
        "momo-opt Momo": momo.Momo,
        "momo-opt MomoAdam": momo.MomoAdam,
        "torch.optim.SGD": lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=0.9),
        "torch.optim.Adam": torch.optim.Adam,
    }[name]
    x, g = make_arrays(n, dtype)
    param = torch.nn.Parameter(torch.from_numpy(x))
    param.grad = torch.from_numpy(g)
    optimizer = make([param], lr=1e-3)
    if not name.startswith("momo"):
        return lambda: optimizer.step()
    loss = torch.tensor(1.0, dtype=param.dtype)
    return lambda: optimizer.step(loss=loss)


def with_optax(name: str, n: int, dtype: str) -> Step:
    """Return a compiled step of an optax optimizer, its buffers donated."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    transform: Any = {
        "optax momo (jit)": optax.contrib.momo,
        "optax momo_adam (jit)": optax.contrib.momo_adam,
        "optax adam (jit)": optax.adam,
    }[name](1e-3)
    values = {} if name == "optax adam (jit)" else {"value": np.dtype(dtype).type(1.0)}

    def update(x: Any, g: Any, state: Any) -> tuple[Any, Any]:
        updates, state = transform.update(g, state, x, **values)
        return optax.apply_updates(x, updates), state

    x, g = (jax.numpy.asarray(z) for z in make_arrays(n, dtype))
    run = [x, transform.init(x)]
    compiled = jax.jit(update, donate_argnums=(0, 2))
    del x

    def step() -> None:
        run[:] = compiled(run[0], g, run[1])
        jax.block_until_ready(run)

    return step


def made(name: str, n: int, dtype: str) -> Step:
    """Return the step of a contender by its name in the table."""
    if name.startswith("optax"):
        return with_optax(name, n, dtype)
    if name.startswith(("momo-opt", "torch")):
        return with_torch(name, n, dtype)
    method, _, mode = name.partition(" ")
    return reference(method, n, dtype, mode == "out=")


def times(names: list[str], n: int, dtype: str) -> dict[str, list[float]]:
    """Return seconds a step, one number a round; the contenders take turns within each round."""
    steps = {name: made(name, n, dtype) for name in names}
    repeat = max(1, min(300, 3_000_000 // n))
    rounds: dict[str, list[float]] = {name: [] for name in names}
    for step in steps.values():
        for _ in range(3):
            step()
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeat):
                step()
            rounds[name].append((time.perf_counter() - start) / repeat)
    return rounds


def rows() -> Any:
    """Yield the lines of the table."""
    for method, peers in PEERS.items():
        for dtype in ("float32", "float64"):
            for n in SIZES:
                names = [method, f"{method} out=", *peers]
                rounds = times(names, n, dtype)
                cells = [f"{median(rounds[name]) * 1e6:.0f}" for name in names]
                ratios = [
                    f"{median(p / r for p, r in zip(rounds[peers[0]], rounds[name], strict=True)):.2f}"
                    for name in names[:2]
                ]
                peers_text = ", ".join(f"{peer}: {cell}" for peer, cell in zip(peers, cells[2:], strict=True))
                yield f"| {' | '.join([method, dtype, f'{n:,}', *cells[:2], peers_text, *ratios])} |"


def main() -> None:
    """Measure, and write the page."""
    packages = ("numpy", "torch", "momo-opt", "jax", "optax")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    lines = [
        "# One step of the reference beside its peers",
        "",
        f"Written by `python benchmarks/{Path(__file__).name}`: {platform.machine()}, "
        f"{os.cpu_count()} processors, Python {platform.python_version()}, {versions}.",
        f"Microseconds a step, median of {ROUNDS} rounds in which all take turns; the ratio is the peer named first",
        "over the reference, round by round (above 1 the reference is ahead).",
        "",
        "| method | dtype | n | fresh arrays | `out=` | peers | ratio, fresh | ratio, `out=` |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
        *rows(),
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps({"written": PAGE.name}))


if __name__ == "__main__":
    main()
