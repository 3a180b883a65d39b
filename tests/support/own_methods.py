"""Methods of one's own for tests: the two example files, and small ones that are written to a file for one test."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from momoracle.ports.running.compare import differ
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import Method
from momoracle.reference.golden.vectors import GoldenVector

FOLDER = Path(__file__).parent / "methods"
NESTEROV = f"{FOLDER / 'nesterov.py'}:Nesterov"
NGN = f"{FOLDER / 'ngn.py'}:NGN"

_TEMPLATE = """
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from momoracle.reference.frame.method import Advance, Method, Now
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.frame.ranges import BelowInfinity, LearningRate, Nonnegative, Range, Share


class State(NamedTuple):
    step: int
    replicas: int | None
    momentum: Any


class Trace(NamedTuple):
    momentum: Any


@dataclass(frozen=True)
class Own(Method):
    State: ClassVar[Any] = State
    Trace: ClassVar[Any] = Trace
    tensors: ClassVar[tuple[str, ...]] = ("momentum",)

    lr: LearningRate = 0.1
    beta: Share = 0.9

    def advance(self, x: Vector, g: Vector, state: Any, now: Now) -> Advance:
        n = now.numbers
        m = n.scalar(self.beta) * state.momentum + g
        return Advance(x - now.alpha * m, {"momentum": m})
"""


def write_method(folder: Path, *edits: tuple[str, str], name: str = "own") -> str:
    """Write a heavy ball with some places of its text replaced, and return it as ``FILE.py:CLASS``."""
    text = _TEMPLATE
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, textwrap.dedent(new) if "\n" in new and new[0] == "\n" else new)
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return f"{path}:Own"


def deviating(method: type[Method], vectors: Iterable[GoldenVector]) -> list[str]:
    """Return ``id, step, quantity`` of everything that a method, run in floats, computes outside its tolerance."""
    return [
        f"{vector.id}, step {result.step}, {name}"
        for vector in vectors
        for result in observe(MethodPort(method), vector)
        for name, expected in vector.steps[result.step - 1].expected.items()
        if differ(result.params if name == "params" else result.buffers[name], expected) is not None
    ]
