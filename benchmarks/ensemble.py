"""Ensembles of MoMo on least squares with one sample a step: this engine beside a loop and beside a compiled scan.

``python benchmarks/ensemble.py`` (extras ``ports`` and ``fast``) writes ``benchmarks/ensemble.md``; ``--long SECONDS``
is how long to measure for how 1e9 replica-steps of n = 10 would go.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from momoracle import MoMo
from momoracle.convergence import NO_CAP, Ensemble, Problem, Summary, least_squares, run
from momoracle.convergence.certificates.momo import CERTIFICATES
from momoracle.convergence.engine.samples import orders
from momoracle.convergence.losses.linear_model import LinearModel

PAGE = Path(__file__).with_suffix(".md")
SIZE, SAMPLES, REPLICAS, BETA, ROUNDS = 50, 100, 1024, 0.9, 3
DTYPES = ("float32", "float64")


def data(problem: Problem, dtype: str) -> tuple[Any, Any]:
    """Return the matrix and the targets."""
    model = problem.astype(dtype).sample_loss_and_grad
    assert isinstance(model, LinearModel)
    return model.rows, model.targets


def with_momo_opt(problem: Problem, dtype: str, steps: int = 400) -> float:
    """Return seconds a step of a plain loop over momo-opt, gradients by torch autograd."""
    import momo
    import torch

    rows, targets = (torch.from_numpy(array) for array in data(problem, dtype))
    x = torch.nn.Parameter(torch.zeros(problem.size, dtype=rows.dtype))
    optimizer = momo.Momo([x], lr=NO_CAP, beta=BETA)
    samples = [int(s[0]) for s in islice(orders(problem, [0]), steps)]
    start = time.perf_counter()
    for s in samples:
        optimizer.zero_grad()
        loss = (rows[s] @ x - targets[s]) ** 2 / 2
        loss.backward()
        optimizer.step(loss=loss)
    return (time.perf_counter() - start) / steps


def with_optax(problem: Problem, dtype: str, steps: int = 400) -> Callable[[], float]:
    """Return a measurement of seconds a replica-step of optax's momo under jit(vmap(scan)), compiled beforehand."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    rows, targets = (jax.numpy.asarray(array) for array in data(problem, dtype))
    transform = optax.contrib.momo(learning_rate=NO_CAP, beta=BETA)
    samples = jax.numpy.asarray(np.stack(list(islice(orders(problem, range(REPLICAS)), steps)), axis=1))

    def loss(x: Any, s: Any) -> Any:
        return (rows[s] @ x - targets[s]) ** 2 / 2

    def step(carry: Any, s: Any) -> Any:
        x, state = carry
        value, gradient = jax.value_and_grad(loss)(x, s)
        updates, state = transform.update(gradient, state, x, value=value)
        return (optax.apply_updates(x, updates), state), value

    def scan(order: Any) -> Any:
        x = jax.numpy.zeros(problem.size, dtype=dtype)
        (x, _), values = jax.lax.scan(step, (x, transform.init(x)), order)
        return x, values.mean()

    every = jax.jit(jax.vmap(scan))
    jax.block_until_ready(every(samples))

    def measure() -> float:
        start = time.perf_counter()
        jax.block_until_ready(every(samples))
        return (time.perf_counter() - start) / steps / REPLICAS

    return measure


def engine(
    problem: Problem,
    dtype: str,
    steps: int,
    replicas: int = REPLICAS,
    processes: int = 1,
    certified: bool = False,
    compiled: bool = False,
    streamed: bool = False,
) -> float:
    """Return seconds a replica-step of this engine, all of it: compiling, drawing, mean losses, starting processes."""
    method = MoMo(lr=NO_CAP, beta=BETA)
    certificates = CERTIFICATES if certified else ()
    ensemble = Ensemble(
        problem, method, steps, seeds=replicas, dtype=dtype, certificates=certificates, compiled=compiled
    )
    start = time.perf_counter()
    summary = Summary(ensemble)
    for tile in run(ensemble, processes, tile=None if streamed else -(-replicas // processes)):
        summary.add(tile)
    return (time.perf_counter() - start) / steps / replicas


def contenders(dtype: str) -> list[str]:
    """Return the lines of the table of one dtype."""
    problem = least_squares(SIZE, SAMPLES)
    optax = with_optax(problem, dtype)
    measures: dict[str, Callable[[], float]] = {
        "(a) momo-opt, torch autograd, a plain loop": lambda: with_momo_opt(problem, dtype),
        "(b) optax momo, jit(vmap(scan))": optax,
        "(c) this engine, 1 process": lambda: engine(problem, dtype, 1000),
        "(c) this engine, 2 processes": lambda: engine(problem, dtype, 6000, processes=2),
        "(c) this engine, all certificates, 1 process": lambda: engine(problem, dtype, 500, certified=True),
        "(c) compiled, 1 thread": lambda: engine(problem, dtype, 10_000, compiled=True),
        "(c) compiled, 2 threads": lambda: engine(problem, dtype, 10_000, processes=2, compiled=True),
        "(c) compiled, all certificates, 1 thread": lambda: engine(problem, dtype, 4000, certified=True, compiled=True),
    }
    rounds: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            rounds[name].append(measure())
    first, second = list(rounds.values())[:2]
    return [
        f"| {dtype} | {name} | {median(taken) * 1e9:,.0f} "
        f"| {median(a / t for a, t in zip(first, taken, strict=True)):,.0f} "
        f"| {median(b / t for b, t in zip(second, taken, strict=True)):.2f} |"
        for name, taken in rounds.items()
    ]


def growth(name: str, values: list[int]) -> str:
    """Return how time grows with R, K or n: the exponent of a fit over the larger values, where overhead is small."""
    taken = []
    for value in values:
        size = value if name == "n" else SIZE
        steps, replicas = (value if name == "K" else 200), (value if name == "R" else REPLICAS)
        problem = least_squares(size, 2 * size)
        each = min(engine(problem, "float64", steps, replicas) for _ in range(3))
        taken.append(each * steps * replicas)
    slope = np.polyfit(np.log(values), np.log(taken), 1)[0]
    times = ", ".join(f"{value:,}: {seconds:.2f} s" for value, seconds in zip(values, taken, strict=True))
    return f"| {name} | {times} | {slope:.2f} |"


def overnight(seconds: float) -> list[str]:
    """Return what runs of about so many seconds, all together, say about 1e9 replica-steps of n = 10."""
    problem, steps, lines = least_squares(10, 20), 2000, []
    for name, compiled, processes in (
        ("1 process", False, 1),
        ("2 processes", False, 2),
        ("compiled, 1 thread", True, 1),
        ("compiled, 2 threads", True, 2),
    ):
        each, replicas = 0.0, 2**14
        while each * steps * replicas < seconds / 8:  # a trial that is long enough to tell how many make a quarter
            replicas = 2 * replicas if each == 0 else int(seconds / 4 / each / steps)
            each = engine(problem, "float64", steps, replicas, processes, compiled=compiled, streamed=True)
        whose = resource.RUSAGE_SELF if compiled or processes == 1 else resource.RUSAGE_CHILDREN
        peak = resource.getrusage(whose).ru_maxrss / 1024
        lines.append(f"| {name} | {replicas:,} | {each * steps * replicas:.0f} | {1e9 * each / 60:.1f} | {peak:.0f} |")
    return [
        "",
        f"1e9 replica-steps of n = 10 in float64, from runs of {steps} steps, tile by tile:",
        "",
        "| engine | replicas measured | seconds | minutes for 1e9 | MiB at most, a process |",
        "| --- | ---: | ---: | ---: | ---: |",
        *lines,
    ]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", type=float, default=60.0, metavar="SECONDS")
    long = parser.parse_args().long
    packages = ("numpy", "llvmlite", "torch", "momo-opt", "jax", "optax")
    load = os.getloadavg()[0]
    at_length = overnight(long)  # first: the peers' packages would count into the memory
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    lines = [
        "# Ensembles beside their peers",
        "",
        f"Written by `python benchmarks/{Path(__file__).name} --long {long:g}`: {platform.machine()}, "
        f"{os.cpu_count()} processors, Python {platform.python_version()}, {versions}.",
        f"MoMo without a cap, β = {BETA:g}, least squares, n = {SIZE}, {SAMPLES} samples, one a step, R = {REPLICAS};",
        f"nanoseconds a replica-step, median of {ROUNDS} rounds in which all take turns. (c) draws its",
        "samples, evaluates the mean loss at the checkpoints and starts its processes; compiled, it compiles in each",
        "run, from the reference's own text. (b) is compiled and has its samples drawn beforehand. A ratio above 1 is",
        "how many times faster a line is than (a), or than (b). Other work on the machine before this run, as its load",
        f"average: {load:.1f}; what two processes or threads gain depends on a second processor that is free.",
        "",
        "| dtype | contender | ns | × (a) | × (b) |",
        "| --- | --- | ---: | ---: | ---: |",
        *(line for dtype in DTYPES for line in contenders(dtype)),
        "",
        "Seconds as one of R, K and n grows, the others at R = 1024, K = 200, n = 50, and the exponent of a power law:",
        "",
        "| grows | seconds | exponent |",
        "| --- | --- | ---: |",
        growth("R", [1024, 2048, 4096, 8192]),
        growth("K", [200, 400, 800, 1600]),
        growth("n", [50, 100, 200, 400]),
        *at_length,
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps({"written": PAGE.name}))


if __name__ == "__main__":
    main()
