"""Check that other ways to the same step agree: faster options, closures, a float as the loss, no compilation."""

from collections.abc import Callable, Mapping
from typing import Any

from momoracle.common.user_code import error_report
from momoracle.ports.adapters.argument_names import arguments_of
from momoracle.ports.behaviours.bench import Bench, NotApplicable, Run, compare_runs
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays

OPTIONS = ("foreach", "fused", "capturable", "differentiable")
BOUND_TO_DEVICES = ("fused", "capturable")  # a port may refuse these on a processor


def option(name: str) -> Callable[[Bench], Answer]:
    """Return the check of one of the ``OPTIONS``: switched on against all of them off."""

    def check(bench: Bench) -> Answer:
        accepted, _ = arguments_of(bench.factory().optimizer_class)  # type: ignore[attr-defined]
        if name not in accepted:
            raise NotOffered(f"argument {name}")
        off = {other: False for other in OPTIONS if other in accepted}
        expected = _with_options(bench, off)
        try:
            observed = _with_options(bench, {**off, name: True})
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            if name in BOUND_TO_DEVICES:
                raise NotApplicable(
                    f"it is refused on the processor: {error_report(error, in_libraries=True)}"
                ) from error
            raise
        return compare_runs(bench, f"{name}=True against False", expected, observed)

    return check


def closure(bench: Bench) -> Answer:
    """Call ``step(closure)`` with a closure that sets the gradients and returns the loss, as torch documents it."""
    import inspect

    import torch

    data, port = bench.input(), bench.factory()
    bench.begin(data, port)
    optimizer: Any = port.optimizer  # type: ignore[attr-defined]
    if "closure" not in inspect.signature(optimizer.step).parameters:
        raise NotOffered("closure in its step")
    calls: list[bool] = []
    observed: Run = []
    for k, (grads, loss) in enumerate(zip(data.grads, data.losses, strict=True), start=1):

        def evaluate(grads: Any = grads, loss: float = loss) -> Any:
            calls.append(torch.is_grad_enabled())
            port.set_gradients(copy_arrays(grads))  # type: ignore[attr-defined]
            return port.loss(loss)  # type: ignore[attr-defined]

        optimizer.step(evaluate)
        if len(calls) != k:
            return Answer("broken", f"step {k} called the closure {len(calls) - k + 1} times")
        observed.append(port.values())  # type: ignore[attr-defined]
    if not all(calls):
        return Answer(
            "broken", f"gradients were switched off in {calls.count(False)} of {len(calls)} calls of the closure"
        )
    return compare_runs(
        bench, "called once a step, with gradients enabled; against a step without", bench.run(data), observed
    )


def float_loss(bench: Bench) -> Answer:
    """Give the loss as a Python float."""
    data = bench.input()
    port: Any = bench.factory()
    expected = bench.run(data, port)
    if not port.takes_loss:
        raise NotApplicable("its step is not given the loss")
    try:
        observed = bench.run(data, port.like(loss_of=float))
    except Exception as error:
        return Answer("holds", f"it is refused: {error_report(error, in_libraries=True)}")
    return compare_runs(bench, "a float against a tensor", expected, observed)


def uncompiled(bench: Bench) -> Answer:
    """Run without `jax.jit`."""
    import jax

    data = bench.input()
    expected = bench.run(data)
    with jax.disable_jit():
        observed = bench.run(data)
    return compare_runs(bench, "jitted against plain", expected, observed)


def _with_options(bench: Bench, options: Mapping[str, Any]) -> Run:
    data, port = bench.decayed(bench.input()), bench.factory()
    port.begin([copy_arrays(data.params)], data.hyperparameters, options=options)  # type: ignore[attr-defined]
    return list(bench.steps(port, data))
