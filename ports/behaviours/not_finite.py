"""Check that no finite step is computed from a loss or a gradient that is not finite."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from momoracle.common.user_code import error_report
from momoracle.ports.behaviours.bench import (
    Bench,
    Input,
    Run,
    allow_rounding,
    bytes_of,
    combine_answers,
    couples_tensors,
    largest_difference,
    pick_tensors,
)
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays

AT = 3  # the poisoned step, from 0: the averages hold something by then


@dataclass(frozen=True)
class Course:
    """A run as far as it went, and the error that ended it."""

    steps: Run
    error: str


def nan_loss(bench: Bench) -> Answer:
    """One loss is NaN."""
    return _poisoned_loss(bench, float("nan"))


def infinite_loss(bench: Bench) -> Answer:
    """One loss is infinite, of either sign."""
    return combine_answers([_poisoned_loss(bench, float("inf")), _poisoned_loss(bench, float("-inf"))])


def nan_gradient(bench: Bench) -> Answer:
    """One entry of one gradient is NaN."""
    data = bench.input()
    grads = [copy_arrays(step) for step in data.grads]
    grads[AT][0][0] = np.nan
    poisoned = replace(data, grads=tuple(map(tuple, grads)))
    # Where tensors are apart from each other, the others may step as usual, and what counts is the entry itself.
    tensors = range(len(data.params)) if couples_tensors(bench.algorithm) else [0]
    return _judged(bench, data, poisoned, "a NaN gradient", list(tensors))


def _poisoned_loss(bench: Bench, loss: float) -> Answer:
    data = bench.input()
    losses = (*data.losses[:AT], loss, *data.losses[AT + 1 :])
    return _judged(bench, data, replace(data, losses=losses), f"a loss of {loss}", list(range(len(data.params))))


def _judged(bench: Bench, data: Input, poisoned: Input, what: str, tensors: list[int]) -> Answer:
    course = _course(bench, poisoned)
    if len(course.steps) <= AT:
        return Answer("holds", f"{what} in step {AT + 1} is refused: {course.error}")
    before, after = (pick_tensors([course.steps[k]], *tensors)[0] for k in (AT - 1, AT))
    if not _finite(after):
        return Answer(
            "holds", f"{what} in step {AT + 1} shows: {_bad(after)} of {_entries(after)} entries are not finite"
        )
    moved = largest_difference([before], [after])
    rest = pick_tensors(course.steps[AT + 1 :], *tensors)
    skipped = pick_tensors(bench.run(data.steps([k for k in range(len(data.losses)) if k != AT])), *tensors)[AT:]
    seen = next((k for k, step in enumerate(rest, AT + 2) if not _finite(step)), None)
    if moved > 0.0:
        later = f"step {seen} is the first to show it" if seen else "so did every step after it"
        if course.error and not seen:
            later = f"step {AT + 2 + len(rest)} is then refused"
        return Answer("broken", f"after {what} step {AT + 1} moved by {moved:.2g} and stayed finite; {later}")
    if seen or course.error:
        return Answer(
            "holds", f"{what} changed nothing in step {AT + 1}, and shows in step {seen or AT + 2 + len(rest)}"
        )
    far = largest_difference(skipped, rest)
    if far <= allow_rounding(skipped, bench.dtype):
        return Answer("holds", f"{what} in step {AT + 1} changed nothing, and the {len(rest)} steps after it are right")
    frozen = all(bytes_of([step]) == bytes_of([after]) for step in rest)
    words = "no step after it moves" if frozen else f"the steps after it are up to {far:.2g} from those without it"
    return Answer("broken", f"{what} in step {AT + 1} changed no parameter, but has poisoned the state: {words}")


def _course(bench: Bench, data: Input) -> Course:
    steps: Run = []
    port: Any = bench.begin(data)
    before = data.steps(range(AT))
    steps += bench.steps(port, before)  # an error here has nothing to do with what is not finite
    try:
        for step in bench.steps(port, data.steps(range(AT, len(data.losses)))):
            steps.append(step)
    except Exception as error:
        return Course(steps, error_report(error, in_libraries=True))
    return Course(steps, "")


def _finite(arrays: list[Any]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _bad(arrays: list[Any]) -> int:
    return sum(int((~np.isfinite(array)).sum()) for array in arrays)


def _entries(arrays: list[Any]) -> int:
    return sum(int(array.size) for array in arrays)
