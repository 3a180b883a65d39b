r"""S2: over two thousand steps each step stays the plain one.

Status: derived.

Statement. As in S1, for every step of runs of 2000 steps: nothing is frozen, forgotten, reset or re-based on the way,
and rounding errors of the averages do not build up.
"""

from collections.abc import Sequence
from functools import partial

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.steps.compare import SWITCHES, Case, compare_steps

STEPS = 2000


def extreme_cases(algorithm: str) -> list[Case]:
    """Return a method with all of its switches at their first values, and with all at their last; f_* stays finite."""
    first = {name: values[0] for name, values in SWITCHES[algorithm].items()}
    last = {name: values[0 if name == "lower_bound" else -1] for name, values in SWITCHES[algorithm].items()}
    return [Case(algorithm, first), Case(algorithm, last)]


def compare_long_runs(optimizers: Optimizers, effort: Effort, only: Sequence[str] = ()) -> Evidence:
    """Compare long runs on two tensors, float64 in both settings and float32 in one."""
    steps, runs = effort.count(STEPS, 500), 0
    for number, algorithm in enumerate(only or SWITCHES):
        for i, case in enumerate(extreme_cases(algorithm)):
            for dtype in ("float64", "float32")[: 1 + i]:
                compare_steps(optimizers, case, ((2,), ()), dtype, steps, 2000 + number)
                runs += 1
    return Evidence(f"{runs} runs of {steps} steps, every quantity of every step")


CLAIM = Claim(
    id="S2",
    title="Long runs: the two-thousandth step is the plain one",
    source="derived",
    status="derived",
    kind="identity",
    statement=r"|q_k - q_k'| \le 1000\,\varepsilon\,|q_k|_s,\qquad k \le 2000",
    methods=(CheckMethod("property", "2000 steps beside a plain implementation", compare_long_runs),),
    refutations=(
        Refutation(
            "the momentum is dropped in step 400",
            (partial(compare_long_runs, only=("sgdm",)),),
            wrong("sgdm", ("n.scalar(self.beta) * state.momentum‹›", " * float(now.k != 400)")),
        ),
        Refutation(
            "the correction ends after 300 steps",
            (partial(compare_long_runs, only=("adam",)),),
            wrong("adam", ("(1 - beta2**‹k›)", "(k if k <= 300 else 10**6)")),
        ),
        Refutation(
            "γ is re-based every hundred steps",
            (partial(compare_long_runs, only=("momo",)),),
            wrong("momo", ("gamma = beta * (gx if first‹› else gamma)", " or k % 100 == 0")),
        ),
    ),
)
