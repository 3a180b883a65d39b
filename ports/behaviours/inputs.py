"""Check that a step is deterministic, does not change its gradients or loss, and keeps neither them nor their graph."""

import hashlib
from typing import Any

import numpy as np

from momoracle.ports.behaviours.bench import Bench, Input, NotApplicable, Run, bytes_of, compare_runs
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays


def deterministic(bench: Bench) -> Answer:
    """Run the same input on two ports, the second one beside a third with another input; the parent compares."""
    data, other = bench.input(), bench.input(name="other")
    first = bench.run(data)
    port, beside = bench.begin(data), bench.begin(other)
    second: Run = []
    for step, disturbance in zip(bench.steps(port, data), bench.steps(beside, other), strict=True):
        second.append(step)
        assert disturbance
    size = len(bytes_of(first))
    differing = _differing_steps(first, second)
    if differing:
        return Answer("broken", f"two instances in one process, given the same, differ from step {differing[0]} on")
    return Answer("holds", f"{size} bytes of {len(first)} steps", hashlib.sha256(bytes_of(first)).hexdigest())


def gradients_left_alone(bench: Bench) -> Answer:
    """Look at all gradients again after the last step: a port may write to one that it has kept."""
    _require_mutable(bench)
    data = bench.decayed(bench.input())
    port = bench.begin(data)
    memory = [copy_arrays(grads) for grads in data.grads]
    for grads, loss in zip(memory, data.losses, strict=True):
        port.step(grads, loss)
    changed = [
        f"step {k}, tensor {i} by {np.max(np.abs(before - after)):.2g}"
        for k, (step, now) in enumerate(zip(data.grads, memory, strict=True), start=1)
        for i, (before, after) in enumerate(zip(step, now, strict=True))
        if before.tobytes() != after.tobytes()
    ]
    if changed:
        return Answer("broken", f"{len(changed)} of {_count(data)} gradients were changed, first that of {changed[0]}")
    return Answer("holds", f"{_count(data)} gradients are as they were{_decay(data)}")


def gradients_not_kept(bench: Bench) -> Answer:
    """Hand over every gradient in the same memory, as a training loop that zeroes gradients in place does."""
    _require_mutable(bench)
    data = bench.decayed(bench.input())
    expected = bench.run(data)
    port = bench.begin(data)
    memory = copy_arrays(data.grads[0])
    observed: Run = []
    for grads, loss in zip(data.grads, data.losses, strict=True):
        for held, grad in zip(memory, grads, strict=True):
            held[...] = grad
        observed.append(copy_arrays(port.step(memory, loss)))
        for held in memory:
            held[...] = 0.0
    differing = [
        k for k, (a, b) in enumerate(zip(expected, observed, strict=True), 1) if bytes_of([a]) != bytes_of([b])
    ]
    if differing:
        return Answer("broken", f"with gradients zeroed in place between the steps, step {differing[0]} is another one")
    return Answer("holds", f"{len(expected)} steps are the same to the bit{_decay(data)}")


def loss_left_alone(bench: Bench) -> Answer:
    """Look at all losses again after the last step."""
    import torch

    data = bench.input()
    kept: list[Any] = []

    def keep(loss: float) -> Any:
        kept.append(torch.tensor(loss, dtype=torch.float64))
        return kept[-1]

    port: Any = bench.factory()
    bench.run(data, port.like(loss_of=keep))
    changed = [k for k, (a, b) in enumerate(zip(data.losses, kept, strict=True), start=1) if a != b.item()]
    if changed:
        now, before = kept[changed[0] - 1].item(), data.losses[changed[0] - 1]
        return Answer(
            "broken",
            f"{len(changed)} of {len(kept)} losses were changed, that of step {changed[0]} from "
            f"{before:.6g} to {now:.6g}",
        )
    return Answer("holds", f"{len(kept)} losses are as they were")


def loss_with_graph(bench: Bench) -> Answer:
    """Give a loss that requires a gradient, as every training loop has it."""
    import torch

    data = bench.input()
    detached: Any = bench.factory()
    expected = bench.run(data, detached)
    if not detached.takes_loss:
        raise NotApplicable("its step is not given the loss")

    def attach(loss: float) -> Any:
        zero = sum((param * 0.0).sum() for param in port.parameters)  # 0, with the parameters' graph
        return torch.tensor(loss, dtype=port.parameters[0].dtype) + zero

    port: Any = detached.like(loss_of=attach)
    observed: Run = []
    for k, step in enumerate(bench.steps(bench.begin(data, port), data), start=1):
        observed.append(step)
        holds = [name for name, held in port.tensors().items() if not name.startswith("params[") and held.requires_grad]
        if holds:
            return Answer("broken", f"after step {k} {holds[0]} requires a gradient: it keeps the graph of every loss")
    return compare_runs(bench, "a loss with its graph against one without", expected, observed)


def _differing_steps(a: Run, b: Run) -> list[int]:
    """Return the steps, from 1, after which two runs are not the same to the bit."""
    return [k for k, (x, y) in enumerate(zip(a, b, strict=True), start=1) if bytes_of([x]) != bytes_of([y])]


def _require_mutable(bench: Bench) -> None:
    if bench.adapter != "keras":
        return
    from keras import backend

    if backend.backend() != "torch":
        raise NotApplicable(f"arrays of Keras' backend {backend.backend()} cannot be changed")


def _count(data: Input) -> int:
    return sum(len(step) for step in data.grads)


def _decay(data: Input) -> str:
    return ", with weight decay too" if data.hyperparameters.get("weight_decay") else ""
