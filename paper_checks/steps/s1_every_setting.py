r"""S1: under every switch, dtype and schedule each step is the plain one.

Status: derived.

Statement. Let q be any quantity of a step (the new parameters, or a quantity of the trace), computed by the reference
in a dtype whose averages have the machine epsilon ε, and q' the same quantity computed in float64 by the plain text of
``plain.py`` from the same point, gradient and loss. Then |q − q'| ≤ 1000 ε |q|_s, where |q|_s is the sum of the
magnitudes of the terms of q; parameters may be off by their own rounding in addition.

Reason. A step is some hundred operations, and each adds at most ε/2 of the magnitudes that enter it. Averages shrink
what came before by β, so a thousand roundings cover 1/(1−β) = 10 steps of them.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.refutation import wrong, wrong_frame
from momoracle.paper_checks.steps.compare import all_cases, compare_steps
from momoracle.reference.frame import arguments
from momoracle.reference.frame.method import Method
from momoracle.reference.numbers import floats

SHAPES = ((3,), (), (2, 2), (1,), (2, 1, 2), (5,), (1, 1), (4,))
DTYPES = ("float64", "float32", "float16", "longdouble")


def halving(k: int) -> float:
    """Return a rate that falls every ten steps."""
    return 0.1 / (1 + k // 10)


def compare_settings(
    optimizers: Optimizers, effort: Effort, only: Sequence[str] = (), shapes: Sequence[tuple[int, ...]] = SHAPES
) -> Evidence:
    """Compare every case in every dtype on eight tensors, with a constant and a falling rate; ``only`` some methods."""
    seen, cases = Counter[str](), 0
    for number, case in enumerate(all_cases()):
        if not only or case.algorithm in only:
            for i, dtype in enumerate(DTYPES):
                lr: Any = halving if (number + i) % 2 else 0.05
                seen += compare_steps(optimizers, case, shapes, dtype, effort.count(40, 14), 10 * number + i, lr)
            cases += 1
    if not only:
        missing = {"cap", "Polyak", "no step"} - set(seen)
        require(not missing, f"no step took the branch {', '.join(missing)}")
    return Evidence(
        f"{cases} settings of nine methods in {len(DTYPES)} dtypes, {seen['steps']} steps; "
        f"MoMo's took {seen['cap']} caps, {seen['Polyak']} Polyak steps and {seen['no step']} empty ones"
    )


def compare_many_tensors(optimizers: Optimizers, effort: Effort, only: Sequence[str] = ()) -> Evidence:
    """Compare every case on twenty tensors and on a single array in a list."""
    cases = [case for case in all_cases() if not only or case.algorithm in only]
    for shapes in (((2,), (1, 3)) * 10, ((3,),)):
        for number, case in enumerate(cases):
            compare_steps(optimizers, case, shapes, "float64", effort.count(6, 3), 1000 + number)
    return Evidence(f"{len(cases)} settings on 20 tensors, and on one")


def zero_from_the_seventh_tensor_on(self: Any, arrays: Any, fresh: bool) -> None:
    """Write the results of a step, and 0 into every tensor after the sixth: a planted fault."""
    WRITE(self, arrays, fresh)
    for targets in arrays.values():
        for target in targets[6:]:
            target[...] = 0


WRITE = floats.Floats.write
CLAIM = Claim(
    id="S1",
    title="Every switch, dtype and schedule: the step is the plain one",
    source="derived",
    status="derived",
    kind="identity",
    statement=r"|q - q'| \le 1000\,\varepsilon\,|q|_s\quad\text{for every quantity } q \text{ of every step}",
    methods=(
        CheckMethod("property", "every setting beside a plain implementation", compare_settings),
        CheckMethod("property", "twenty tensors, and one", compare_many_tensors),
    ),
    refutations=(
        Refutation(
            "ρ is frozen after step 8",
            (partial(compare_settings, only=("momo", "momo-adam")),),
            wrong("momo", ("rho = 1 - beta**‹k›", "min(k, 8)")),
        ),
        Refutation(
            "the estimate is frozen after step 8",
            (partial(compare_settings, only=("momo",)),),
            wrong("momo", ("if self.estimate_lower_bound‹›:\n", " and k <= 8")),
        ),
        Refutation(
            "λ is forgotten after step 8",
            (partial(compare_settings, only=("momo",)),),
            wrong("momo", ("n.scalar(‹self.weight_decay›)", "self.weight_decay if k <= 8 else 0")),
        ),
        *(
            Refutation(
                f"{name}'s decay is forgotten after step 6",
                (partial(compare_settings, only=(name,)),),
                wrong(name, (old, "now.numbers.scalar(self.weight_decay if now.k <= 6 else 0)")),
            )
            for name, old in (
                ("adam", "‹now.numbers.scalar(self.weight_decay)› * x"),
                ("sgdm", "‹n.scalar(self.weight_decay)› * x"),
            )
        ),
        Refutation(
            "MoMo-Adam*'s reset is left out under decoupled decay",
            (partial(compare_settings, only=("momo-adam",)),),
            wrong(
                "momo-adam", ("if self.estimate_lower_bound‹›:\n            f_star", " and not self.decoupled_decay")
            ),
        ),
        *(
            Refutation(
                f"AdaTAM's {switch} acts in the first step only",
                (partial(compare_settings, only=("adatam",)),),
                wrong("adatam", (f"if self.{switch}‹›", " and k == 1")),
            )
            for switch in ("averaged_momentum", "bias_correction")
        ),
        Refutation(
            "per_tensor is ignored",
            (partial(compare_settings, only=("adatam",)), partial(compare_many_tensors, only=("tam",))),
            wrong("tam adatam", ("return self.per_tensor", "return True")),
        ),
        Refutation(
            "float16 is averaged in float16",
            (partial(compare_settings, only=("sgdm",)),),
            wrong_frame(
                (floats, "working_dtype", lambda dtype: dtype), (arguments, "working_dtype", lambda dtype: dtype)
            ),
        ),
        Refutation(
            "tensors beyond the sixth are not written",
            (partial(compare_settings, only=("sgd",)), partial(compare_many_tensors, only=("sgd",))),
            wrong_frame((floats.Floats, "write", zero_from_the_seventh_tensor_on)),
        ),
        Refutation(
            "the rate of a schedule is that of the step before",
            (partial(compare_settings, only=("sgd",)),),
            wrong_frame(
                (
                    Method,
                    "_learning_rate",
                    lambda self, k, numbers: numbers.scalar(self.lr(max(k - 1, 1)) if callable(self.lr) else self.lr),
                )
            ),
        ),
    ),
)
