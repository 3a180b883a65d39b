"""Check parameter groups, gradients that are None, and tensors that come late: only PyTorch's optimizers have them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.behaviours.bench import (
    READ,
    Bench,
    Input,
    NotApplicable,
    Run,
    combine_answers,
    compare_runs,
    couples_tensors,
    largest_difference,
    pick_tensors,
)
from momoracle.ports.behaviours.open_questions import (
    Reading,
    first_missing_readings,
    iterates,
    late_and_missing_readings,
    late_readings,
    missing_readings,
    rate_readings,
)
from momoracle.ports.running.messages import Answer
from momoracle.ports.running.run_vector import copy_arrays
from momoracle.reference.golden.vectors import FloatArray

MISSING = (2, 3)  # steps (from 0) in which the gradient is None: the averages hold something by then
MISSING_FIRST = (0, 1)  # the same for a tensor whose first gradient comes later
LATE = 3  # the step (from 0) with which the last tensor comes
Words: TypeAlias = Callable[[Reading], str]


def missing_gradient(bench: Bench) -> Answer:
    """Leave out the gradient of the middle tensor: always, for a while, and in the first steps."""
    data = bench.input()
    never = list(_steps(bench, bench.factory(), data, [(k, 1) for k in range(len(data.losses))]))
    still = all(np.array_equal(step[1], data.params[1]) for step in never)
    moved = "" if still else "a tensor that never has a gradient has moved; "
    absent = compare_runs(
        bench, "beside a tensor that never has a gradient", bench.run(data.only([0, 2])), pick_tensors(never, 0, 2)
    )
    if not still or absent.outcome == "broken":
        return Answer("broken", moved + absent.evidence)
    for_a_while = _missing_in(bench, data, MISSING, f"without a gradient in {len(MISSING)} steps", missing_readings)
    at_first = _missing_in(bench, data, MISSING_FIRST, "without a gradient at first", first_missing_readings)
    return combine_answers([absent, for_a_while, at_first])


def _missing_in(
    bench: Bench, data: Input, steps: Sequence[int], what: str, readings_of: Callable[[str], list[Reading]]
) -> Answer:
    """Leave out the gradient of the middle tensor in these steps."""
    missing = [(k, 1) for k in steps]
    observed = list(_steps(bench, bench.factory(), data, missing))
    if _is_read(bench):
        return _compare_readings(bench, data, observed, readings_of(bench.algorithm), _missing_words, missing=missing)
    alone = _run_from(bench, data, 1, [k for k in range(len(data.losses)) if k not in steps])
    expected = [[a[0], b[0], a[2]] for a, b in zip(bench.run(data), alone, strict=True)]
    return compare_runs(bench, what, expected, observed)


def _run_from(bench: Bench, data: Input, tensor: int, taken: Sequence[int]) -> Run:
    """Return the run of one tensor alone that is stepped in the steps ``taken`` only, with a row for every step."""
    moved = iter(bench.run(data.only([tensor]).steps(taken)))
    run, last = [], [data.params[tensor]]
    for k in range(len(data.losses)):
        last = next(moved) if k in taken else last
        run.append(last)
    return run


def late_parameter(bench: Bench) -> Answer:
    """Add the last tensor after three steps, as a group of its own: with a gradient at once, and with one later."""
    data = bench.input()
    at_once = _added_late(bench, data, [], f"a tensor added after {LATE} steps", late_readings)
    what = f"a tensor added after {LATE} steps, whose first gradient is None"
    return combine_answers([at_once, _added_late(bench, data, [(LATE, 2)], what, late_and_missing_readings)])


def _added_late(
    bench: Bench,
    data: Input,
    missing: Sequence[tuple[int, int]],
    what: str,
    readings_of: Callable[[str], list[Reading]],
) -> Answer:
    port: Any = bench.factory()
    early = data.only([0, 1])
    port.begin([copy_arrays(early.params)], data.hyperparameters)
    observed: Run = [[*step, data.params[2]] for step in bench.steps(port, early.steps(range(LATE)))]
    port.add_group(copy_arrays(data.params[2:]))
    observed += _go_on(port, data, range(LATE, len(data.losses)), missing)
    if _is_read(bench):
        readings = readings_of(bench.algorithm)
        born = [0, 0, LATE]
        return _compare_readings(bench, data, observed, readings, _late_words, born=born, missing=missing)
    alone = _run_from(bench, data, 2, [k for k in range(LATE, len(data.losses)) if (k, 2) not in missing])
    expected = [[*a, *b] for a, b in zip(bench.run(early), alone, strict=True)]
    return compare_runs(bench, what, expected, observed)


def equal_groups(bench: Bench) -> Answer:
    """Put the tensors into two groups with the same settings."""
    return _two_groups(bench, bench.decayed(bench.input()))


def equal_groups_estimating(bench: Bench) -> Answer:
    """Do the same with a lower bound that is estimated: there is one, not one a group."""
    return _two_groups(bench, bench.input().with_(estimate_lower_bound=True))


def own_rates(bench: Bench) -> Answer:
    """Put the tensors into two groups, the second with a third of the learning rate."""
    data = bench.input()
    rates = [data.hyperparameters["lr"], data.hyperparameters["lr"] / 3]
    observed = list(_in_groups(bench, data, rates))
    if _is_read(bench):
        return _compare_readings(
            bench, data, observed, rate_readings(), _rate_words, rates=[rates[0], rates[0], rates[1]]
        )
    first, second = (bench.run(data.only(part).with_(lr=rate)) for part, rate in zip(([0, 1], [2]), rates, strict=True))
    expected = [[*a, *b] for a, b in zip(first, second, strict=True)]
    return compare_runs(bench, f"rates {rates[0]:g} and {rates[1]:.3g} against two optimizers", expected, observed)


def _is_read(bench: Bench) -> bool:
    """Tell whether what is expected is a reading of the method rather than each tensor's own run.

    Raises `NotApplicable` where the method couples its tensors and nobody has written down how it may be read.
    """
    if bench.algorithm in READ:
        return True
    if couples_tensors(bench.algorithm):
        raise NotApplicable("a step of the method couples its tensors, and no reading of this case is written down")
    return False


def _two_groups(bench: Bench, data: Input) -> Answer:
    return compare_runs(bench, "two groups against one", bench.run(data), list(_in_groups(bench, data, ())))


def _in_groups(bench: Bench, data: Input, rates: Sequence[float]) -> Any:
    port: Any = bench.factory()
    params = copy_arrays(data.params)
    port.begin([params[:2], params[2:]], data.hyperparameters, rates)
    return bench.steps(port, data)


def _steps(bench: Bench, port: Any, data: Input, missing: Sequence[tuple[int, int]]) -> Iterator[list[FloatArray]]:
    bench.begin(data, port)
    yield from _go_on(port, data, range(len(data.losses)), missing)


def _go_on(
    port: Any, data: Input, steps: Sequence[int], missing: Sequence[tuple[int, int]]
) -> Iterator[list[FloatArray]]:
    for k in steps:
        grads = [None if (k, i) in missing else np.array(grad) for i, grad in enumerate(data.grads[k])]
        yield copy_arrays(port.step(grads, data.losses[k]))


def _compare_readings(
    bench: Bench, data: Input, observed: Run, readings: Sequence[Reading], words: Words, **unusual: Any
) -> Answer:
    """Say which of the readings the port follows, if any.

    A published port may keep a scalar in float32: that is another finding, so the readings, which are much further
    apart, are told apart at float32's rounding.
    """
    allowed = 64 * len(observed) * float(np.finfo("float32").eps)
    plainly = largest_difference(iterates(bench.algorithm, data, Reading()), bench.run(data))
    if not plainly <= allowed:
        what = f"it is {plainly:.2g} from the method's iterates with all gradients and one learning rate"
        raise NotApplicable(f"{what}, so there is nothing to compare with; the vectors say more")
    far = {
        reading: largest_difference(iterates(bench.algorithm, data, reading, **unusual), observed)
        for reading in readings
    }
    nearest = min(readings, key=lambda reading: far[reading])
    fits = far[nearest] <= allowed
    others = [far[reading] for reading in readings if far[reading] > allowed]
    rest = f", the nearest other one at {min(others):.2g}" if fits and others else ""
    how = "follows the reading" if fits else "follows no reading; the nearest is"
    return Answer("holds" if fits else "broken", f"it {how}: {words(nearest)} ({far[nearest]:.2g} away{rest})")


def _rate_words(reading: Reading) -> str:
    if reading.rates == "exact":
        return "the exact minimiser, τ_g = (α_g/ρ) min{1, ρ (h − ρ f_*)_+ / Σ α_g ‖d_g‖²}"
    return "the authors' τ_g = min{α_g/ρ, (h − ρ f_*)_+ / ‖d‖²}"


def _missing_words(reading: Reading) -> str:
    if reading.missing == "zero":
        return "None counts as a gradient of zero"
    start = ", and starts at its first gradient" if reading.late == "first gradient" else ""
    return f"the tensor is left alone, state and all{start}{_count_words(reading)}"


def _late_words(reading: Reading) -> str:
    start = "zero" if reading.late == "zero" else "its first gradient"
    gap = "" if reading.missing == "zero" else ", and a gradient that is None leaves it alone"
    return f"a late tensor's averages start at {start}{gap}{_count_words(reading)}"


def _count_words(reading: Reading) -> str:
    words = {"": "", "own": "the tensor's own count of steps", "shared": "the optimizer's count of steps"}[
        reading.count
    ]
    return words and f"; second moments are corrected by {words}"
