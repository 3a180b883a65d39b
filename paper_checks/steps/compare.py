"""Hold the reference's step beside the plain one, step by step, and count which branches the steps took.

Both take each step from the same point, the reference's. Memories (averages, momenta, bounds) are each one's own, so an
error in them adds up.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from momoracle.paper_checks.claim import Optimizers, require
from momoracle.paper_checks.steps.plain import Sized, plain_step

#: roundings that a quantity may be off by, in units of its size; some hundred operations lead from input to a result
ROUNDINGS = 1000
DECAY, LOW = 0.3, -0.5

#: the settings of each method that a step can take in different ways, each with its values
SWITCHES: dict[str, dict[str, Sequence[Any]]] = {
    "sgd": {"weight_decay": (0.0, DECAY)},
    "sgdm": {"weight_decay": (0.0, DECAY)},
    "adam": {"weight_decay": (0.0, DECAY)},
    "adamw": {"weight_decay": (0.0, DECAY)},
    "momo": {
        "weight_decay": (0.0, DECAY),
        "bias_correction": (False, True),
        "estimate_lower_bound": (False, True),
        "lower_bound": (LOW, -np.inf),
    },
    "momo-adam": {
        "weight_decay": (0.0, DECAY),
        "decoupled_decay": (False, True),
        "estimate_lower_bound": (False, True),
        "lower_bound": (LOW, -np.inf),
    },
    "tam": {"weight_decay": (0.0, DECAY), "per_tensor": (True, False)},
    "adatam": {"per_tensor": (True, False), "averaged_momentum": (False, True), "bias_correction": (False, True)},
    "adatamw": {
        "weight_decay": (0.0, DECAY),
        "per_tensor": (True, False),
        "averaged_momentum": (False, True),
        "bias_correction": (False, True),
    },
}


class Case(NamedTuple):
    """One method in one setting."""

    algorithm: str
    settings: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.algorithm}({', '.join(f'{name}={value}' for name, value in self.settings.items())})"


def all_cases() -> Iterator[Case]:
    """Yield every method in every combination of its switches; an estimate needs a finite bound to start from."""
    for algorithm, switches in SWITCHES.items():
        for values in itertools.product(*switches.values()):
            settings = dict(zip(switches, values, strict=True))
            if not (settings.get("estimate_lower_bound") and settings["lower_bound"] == -np.inf):
                yield Case(algorithm, settings)


def make_method(optimizers: Optimizers, case: Case, lr: Any) -> Any:
    """Return the optimizer of a case."""
    return getattr(optimizers, case.algorithm.replace("-", "_"))(lr=lr, **case.settings)


def draw_tensors(generator: np.random.Generator, shapes: Sequence[tuple[int, ...]], dtype: str) -> list[Any]:
    """Draw normal entries in each shape, each tensor with a magnitude of its own."""
    return [np.asarray(generator.standard_normal(s) * (1 + i % 3) / 2).astype(dtype) for i, s in enumerate(shapes)]


def compare_steps(
    optimizers: Optimizers,
    case: Case,
    shapes: Sequence[tuple[int, ...]],
    dtype: str,
    steps: int,
    seed: int,
    lr: Any = 0.05,
) -> Counter[str]:
    """Run a case on random gradients and losses and compare every quantity of every step; count the branches.

    Raises:
        Falsified: a quantity is off by more than rounding explains; the message says which, where and by how much.
    """
    generator = np.random.default_rng(seed)
    method = make_method(optimizers, case, lr)
    hyperparameters = {field.name: getattr(method, field.name) for field in fields(method)}
    x = draw_tensors(generator, shapes, dtype)
    state, memory, branches = method.init(x), None, Counter[str]()
    for k in range(1, steps + 1):
        g = draw_tensors(generator, shapes, dtype)
        # Losses of both signs around the bound, large ones now and then: every branch of τ and of the reset is taken.
        loss = float(generator.standard_normal()) * (10.0 if k % 7 == 0 else 1.0)
        rate = lr(k) if callable(lr) else lr
        wide = [z.astype(np.float64) for z in x]
        plain = plain_step(
            case.algorithm,
            {**hyperparameters, "lr": rate},
            k,
            wide,
            [z.astype(np.float64) for z in g],
            loss,
            memory,
        )
        memory, label = plain.memory, f"{case}, {dtype}, step {k}"
        after, state, trace = method.step(x, g, state, loss)
        require(state.step == k, f"{label}: the state counts {state.step} steps")
        require([z.dtype for z in after] == [z.dtype for z in x], f"{label}: the parameters change their dtype")
        require_equal("params", after, plain.quantities["params"], label, dtype, wide)
        for name in trace._fields:
            require_equal(name, getattr(trace, name), plain.quantities[name], label, dtype)
        if "step_size" in plain.quantities:
            tau, rho = plain.quantities["step_size"].value, plain.quantities["weight_sum"].value
            branches["no step" if tau == 0 else "cap" if tau == rate / rho else "Polyak"] += 1
        branches["steps"] += 1
        x = after
    return branches


def require_equal(name: str, got: Any, expected: Sized, label: str, dtype: str, start: Any = None) -> None:
    """Raise `Falsified` unless a quantity is the plain one up to rounding, and finite where that is."""
    # The plain step is float64, and so are the scalars of the reference: longdouble cannot be compared more closely.
    working = max(float(np.finfo(np.result_type(dtype, np.float32)).eps), float(np.finfo(np.float64).eps))
    values, sizes, starts = (z if isinstance(z, list) else [z] for z in (expected.value, expected.size, start))
    observed = got if isinstance(got, list) else [got]
    require(len(observed) == len(values), f"{label}: {name} has {len(observed)} entries, not {len(values)}")
    for i, (z, value, size) in enumerate(zip(observed, values, sizes, strict=True)):
        allowed = ROUNDINGS * working * np.asarray(size)
        if start is not None:  # the parameters are rounded once more, to their own dtype
            rounding = np.finfo(dtype)
            reach = np.abs(value) + np.abs(starts[i])
            allowed = allowed + 4 * max(float(rounding.eps), working) * reach + 4 * float(rounding.smallest_subnormal)
        with np.errstate(invalid="ignore"):  # an infinite bound is equal to itself, and NaN to nothing
            close = (np.abs(np.asarray(z, dtype=np.float64) - value) <= allowed) | np.equal(z, value)
        if not np.all(close):
            at = np.unravel_index(int(np.argmin(close)), np.shape(close))
            observed_at, expected_at = np.asarray(z)[at], np.asarray(value)[at]
            require(False, f"{label}: {name}[{i}] is {observed_at}, the plain step gives {expected_at}")
