"""Parameter groups, gradients that are None, and tensors that come late: PyTorch's optimizers alone have them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from momoracle.ports.behaviours.bench import (
    MODELS,
    Bench,
    Input,
    NotApplicable,
    Run,
    all_of,
    apart,
    column,
    compared,
    copies,
)
from momoracle.ports.behaviours.open_questions import Reading, iterates, late_readings, missing_readings, rate_readings
from momoracle.ports.processes.child import Answer

MISSING = (2, 3)  # steps (from 0) in which the gradient is None: the averages hold something by then
LATE = 3  # the step (from 0) with which the last tensor comes
Words: TypeAlias = Callable[[Reading], str]


def missing_gradient(bench: Bench) -> Answer:
    """Leave out the gradient of the middle tensor, always and then for a while."""
    data, port = bench.input(), _fresh(bench)
    never = list(_steps(bench, port, data, [(k, 1) for k in range(len(data.losses))]))
    still = all(np.array_equal(step[1], data.params[1]) for step in never)
    moved = "" if still else "a tensor that never has a gradient has moved; "
    absent = compared(
        bench, "beside a tensor that never has a gradient", bench.run(data.only([0, 2])), column(never, 0, 2)
    )
    if not still or absent.outcome == "broken":
        return Answer("broken", moved + absent.evidence)
    missing = [(k, 1) for k in MISSING]
    observed = list(_steps(bench, _fresh(bench), data, missing))
    if bench.algorithm in MODELS:
        later = _read(bench, data, observed, missing_readings(bench.algorithm), _missing_words, missing=missing)
        return all_of([absent, later])
    others = [k for k in range(len(data.losses)) if k not in MISSING]
    alone = bench.run(data.only([1]).steps(others))
    place = [max(sum(k <= j for k in others) - 1, 0) for j in range(len(data.losses))]
    expected = [[a[0], alone[at][0], a[2]] for a, at in zip(bench.run(data), place, strict=True)]
    return all_of([absent, compared(bench, f"without a gradient in {len(MISSING)} steps", expected, observed)])


def late_parameter(bench: Bench) -> Answer:
    """Add the last tensor, as a group of its own, after three steps."""
    data, port = bench.input(), _fresh(bench)
    early, late = data.only([0, 1]), data.steps(range(LATE, len(data.losses)))
    port.begin([copies(early.params)], data.hyperparameters)
    observed: Run = [[*step, data.params[2]] for step in bench.steps(port, early.steps(range(LATE)))]
    port.add_group(copies(data.params[2:]))
    observed += bench.steps(port, late)
    if bench.algorithm in MODELS:
        return _read(bench, data, observed, late_readings(bench.algorithm), _late_words, born=[0, 0, LATE])
    alone = [[data.params[2]]] * LATE + bench.run(late.only([2]))
    expected = [[*a, *b] for a, b in zip(bench.run(early), alone, strict=True)]
    return compared(bench, f"a tensor added after {LATE} steps", expected, observed)


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
    if bench.algorithm in MODELS:
        return _read(bench, data, observed, rate_readings(), _rate_words, rates=[rates[0], rates[0], rates[1]])
    first, second = (bench.run(data.only(part).with_(lr=rate)) for part, rate in zip(([0, 1], [2]), rates, strict=True))
    expected = [[*a, *b] for a, b in zip(first, second, strict=True)]
    return compared(bench, f"rates {rates[0]:g} and {rates[1]:.3g} against two optimizers", expected, observed)


def _fresh(bench: Bench) -> Any:
    return bench.factory()  # a TorchPort, which has more than the protocol


def _two_groups(bench: Bench, data: Input) -> Answer:
    return compared(bench, "two groups against one", bench.run(data), list(_in_groups(bench, data, ())))


def _in_groups(bench: Bench, data: Input, rates: Sequence[float]) -> Any:
    port = _fresh(bench)
    params = copies(data.params)
    port.begin([params[:2], params[2:]], data.hyperparameters, rates)
    return bench.steps(port, data)


def _steps(bench: Bench, port: Any, data: Input, missing: Sequence[tuple[int, int]]) -> Any:
    bench.begin(data, port)
    for k, (grads, loss) in enumerate(zip(data.grads, data.losses, strict=True)):
        given = [None if (k, i) in missing else np.array(grad) for i, grad in enumerate(grads)]
        yield copies(port.step(given, loss))


def _read(
    bench: Bench, data: Input, observed: Run, readings: Sequence[Reading], words: Words, **unusual: Any
) -> Answer:
    """Say which of the readings the port follows, if any.

    A published port may keep a scalar in float32: that is another finding, so the readings, which are much further
    apart, are told apart at float32's rounding.
    """
    allowed = 64 * len(observed) * float(np.finfo("float32").eps)
    plainly = apart(iterates(bench.algorithm, data, Reading()), bench.run(data))
    if not plainly <= allowed:
        what = f"it is {plainly:.2g} from the method's iterates with all gradients and one learning rate"
        raise NotApplicable(f"{what}, so there is nothing to compare with; the vectors say more")
    far = {reading: apart(iterates(bench.algorithm, data, reading, **unusual), observed) for reading in readings}
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
    return f"the tensor is left alone, state and all{_count_words(reading)}"


def _late_words(reading: Reading) -> str:
    start = "zero" if reading.late == "zero" else "its first gradient"
    return f"a late tensor's averages start at {start}{_count_words(reading)}"


def _count_words(reading: Reading) -> str:
    words = {"": "", "own": "the tensor's own count of steps", "shared": "the optimizer's count of steps"}[
        reading.count
    ]
    return words and f"; second moments are corrected by {words}"
