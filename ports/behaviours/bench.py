"""What every check of a behaviour works with: a small fixed input, fresh ports, and how near two runs are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np

from momoracle.ports.adapters.loading import Factory
from momoracle.ports.adapters.port_arguments import start_arguments
from momoracle.ports.adapters.port_spec import PortSpec
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.protocol import NotOffered
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.method_port import MethodPort
from momoracle.ports.running.run_vector import choose_arguments, copy_arrays
from momoracle.reference.frame.registry import method_of
from momoracle.reference.golden.cases import Maker
from momoracle.reference.golden.draw import Draw
from momoracle.reference.golden.vectors import FloatArray

Run: TypeAlias = list[list[FloatArray]]  # the parameters after each step

STEPS = 8
SHAPES = ((3,), (2, 2), (2,))
READ = ("momo", "momo-adam")  # methods that couple their tensors, and of which it is written down how to read them

# Large enough for rounding not to matter beside the steps; for the models, some steps are at the cap and some below.
RATES = {"momo": 0.5, "momo-adam": 0.3, "adam": 0.05, "adamw": 0.05, "adatam": 0.05, "adatamw": 0.05}


class NotApplicable(Exception):  # noqa: N818 - an answer, not an error
    """The behaviour means nothing for this port; the message says why."""


@dataclass(frozen=True)
class Input:
    """Parameters, and a gradient of each tensor and a loss for every step; no array is ever written to."""

    params: tuple[FloatArray, ...]
    grads: tuple[tuple[FloatArray, ...], ...]
    losses: tuple[float, ...]
    hyperparameters: dict[str, Any]

    def only(self, tensors: Sequence[int]) -> "Input":
        """Return the input of these tensors alone."""
        grads = tuple(tuple(step[i] for i in tensors) for step in self.grads)
        return replace(self, params=tuple(self.params[i] for i in tensors), grads=grads)

    def steps(self, wanted: Sequence[int]) -> "Input":
        """Return the input of these steps (from 0) alone."""
        grads, losses = tuple(self.grads[k] for k in wanted), tuple(self.losses[k] for k in wanted)
        return replace(self, grads=grads, losses=losses)

    def with_(self, **hyperparameters: Any) -> "Input":
        """Return the input with some hyperparameters more, or others."""
        return replace(self, hyperparameters={**self.hyperparameters, **hyperparameters})


@dataclass(frozen=True)
class Bench:
    """One port on which the checks of its behaviour are carried out."""

    spec: PortSpec
    factory: Factory
    algorithm: str

    @property
    def adapter(self) -> str:
        """The framework, or an empty string for a class of the protocol."""
        return self.spec.adapter

    @property
    def dtype(self) -> str:
        """The dtype of the inputs; JAX and Keras are set up for one in the whole process, which is their default."""
        return "float32" if self.adapter in ("optax", "keras") else "float64"

    def input(
        self, shapes: Sequence[tuple[int, ...]] = SHAPES, dtype: str | Sequence[Any] = "", name: str = "behaviours"
    ) -> Input:
        """Return the input of this name; the numbers of a tensor depend on its place and size alone.

        Gradients lean to one side, so that momentum matters.
        """
        dtypes = [dtype or self.dtype] * len(shapes) if isinstance(dtype, str) else list(dtype)
        draws = [Draw(f"{name} {i}") for i in range(len(shapes))]
        params = tuple(
            draw.array(shape, "float64").astype(kind) for draw, shape, kind in zip(draws, shapes, dtypes, strict=True)
        )
        grads = tuple(
            tuple(
                draw.array(shape, "float64", scale=0.7, shift=0.4).astype(kind)
                for draw, shape, kind in zip(draws, shapes, dtypes, strict=True)
            )
            for _ in range(STEPS)
        )
        losses = Draw(f"{name} losses")
        falling = tuple(losses.number(0.9, 1.1) * (2.5 - 0.2 * k) for k in range(STEPS))
        settings = Maker(self.algorithm, self.dtype).hyperparameters(lr=RATES.get(self.algorithm, 0.1))
        return Input(params, grads, falling, settings)

    def decayed(self, data: Input) -> Input:
        """Return the input with weight decay where the method and the port have it: it is an occasion to go wrong."""
        if "weight_decay" not in facts_of(self.algorithm).defaults:
            return data
        try:
            self.begin(data.with_(weight_decay=0.1))
        except NotOffered:
            return data
        return data.with_(weight_decay=0.1)

    def begin(self, data: Input, port: Any = None) -> Any:
        """Return a port at the start of the run."""
        port = self.factory() if port is None else port
        port.start(copy_arrays(data.params), **self.arguments(port, data))
        return port

    def arguments(self, port: Any, data: Input) -> dict[str, Any]:
        """Return what the port's ``start`` gets beside the parameters; raises `NotOffered`."""
        return choose_arguments(port, start_arguments(self.spec, self.algorithm), data.hyperparameters)

    def run(self, data: Input, port: Any = None) -> Run:
        """Return the parameters after each step of a fresh port."""
        return list(self.steps(self.begin(data, port), data))

    def steps(self, port: Any, data: Input) -> Iterator[list[FloatArray]]:
        """Go on with ``port``, and yield the parameters after each step."""
        for grads, loss in zip(data.grads, data.losses, strict=True):
            yield copy_arrays(port.step(copy_arrays(grads), loss))


@cache
def couples_tensors(algorithm: str) -> bool:
    """Tell whether a step of the method on one tensor depends on the others."""
    bench = Bench(PortSpec("", "", "", ""), lambda: MethodPort(method_of(algorithm)), algorithm)
    data = bench.input()
    alone = bench.run(data.only([0]))
    return largest_difference(pick_tensors(bench.run(data), 0), alone) > allow_rounding(alone, bench.dtype)


def pick_tensors(run: Run, *tensors: int) -> Run:
    """Return the run of these tensors alone."""
    return [[step[i] for i in tensors] for step in run]


def bytes_of(run: Run) -> bytes:
    """Return everything in a run as bytes, for comparing bit for bit."""
    return b"".join(array.tobytes() for step in run for array in step)


def largest_difference(a: Run, b: Run) -> float:
    """Return the largest difference between two runs; infinite where a shape differs, NaN where a number is."""
    pairs = [pair for steps in zip(a, b, strict=True) for pair in zip(*steps, strict=True)]
    if any(x.shape != y.shape for x, y in pairs):
        return float("inf")
    wide = [np.abs(x.astype(np.float64) - y.astype(np.float64)).max(initial=0.0) for x, y in pairs]
    return float(np.max(wide, initial=0.0))


def allow_rounding(run: Run, dtype: str) -> float:
    """Return how far rounding may take two runs of the same formulas apart: a few dozen roundings a step."""
    largest = max((float(np.abs(array).max(initial=0.0)) for step in run for array in step), default=0.0)
    return 64 * len(run) * float(np.finfo(dtype).eps) * max(1.0, largest)


def compare_runs(bench: Bench, what: str, expected: Run, observed: Run) -> Answer:
    """Return ``holds`` where two runs agree within rounding, else ``broken``, with how far they are apart."""
    far, allowed = largest_difference(expected, observed), allow_rounding(expected, bench.dtype)
    outcome: Literal["holds", "broken"] = "holds" if far <= allowed else "broken"
    explains = f"rounding explains {allowed:.2g}"
    if outcome == "broken" and far <= allow_rounding(expected, "float32"):
        explains += ", and float32's as much as this: is a number kept in it?"
    return Answer(outcome, f"{what}: {len(expected)} steps, at most {far:.2g} apart ({explains})")


def combine_answers(answers: Sequence[Answer]) -> Answer:
    """Return ``broken`` with what is broken, else ``holds`` with everything that does."""
    wrong = [answer for answer in answers if answer.outcome == "broken"]
    return Answer("broken" if wrong else "holds", "; ".join(answer.evidence for answer in wrong or answers))
