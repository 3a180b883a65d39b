r"""S3: on tensors of a hundred thousand entries each step is the plain one.

Status: derived.

Statement. As in S1, for tensors that are larger than the tiles and the blocks of the dot products, and no multiple of
them. Dot products are compared with correctly rounded sums, parameters entry by entry.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation
from momoracle.paper_checks.refutation import wrong_frame
from momoracle.paper_checks.steps.compare import SWITCHES, compare_steps
from momoracle.paper_checks.steps.s2_long_runs import extreme_cases
from momoracle.reference.numbers import floats


def compare_large(optimizers: Optimizers, effort: Effort, only: Sequence[str] = ()) -> Evidence:
    """Compare two steps on a large tensor, one just above a block, and a small one; in float64 and float32."""
    largest, runs = effort.count(100_003, 70_003), 0
    for number, algorithm in enumerate(only or SWITCHES):
        for i, case in enumerate(extreme_cases(algorithm)):
            dtype = "float32" if i else "float64"
            compare_steps(optimizers, case, ((largest,), (8193,), (3,)), dtype, 2, 3000 + number)
            runs += 1
    return Evidence(f"{runs} settings on tensors of {largest}, 8193 and 3 entries, two steps each")


def write_the_first_entries(self: Any, arrays: Any, fresh: bool) -> None:
    """Write the results of a step, and 0 beyond the first 32768 entries of a tensor: a planted fault."""
    WRITE(self, arrays, fresh)
    for targets in arrays.values():
        for target in targets:
            target.reshape(-1)[32768:] = 0


def dot_of_whole_blocks(a: Any, b: Any) -> Any:
    """Return a dot product without what is left after its last whole block: a planted fault."""
    size = a.shape[-1]
    whole = size - size % 8192 if size > 8192 else size
    return DOT(a[..., :whole], b[..., :whole])


WRITE, DOT = floats.Floats.write, floats.dot
CLAIM = Claim(
    id="S3",
    title="Large tensors: the step is the plain one",
    source="derived",
    status="derived",
    kind="identity",
    statement=r"|q - q'| \le 1000\,\varepsilon\,|q|_s\qquad\text{for } 10^5 \text{ entries}",
    methods=(CheckMethod("property", "large tensors beside a plain implementation", compare_large),),
    refutations=(
        Refutation(
            "only the first 32768 entries are written",
            (partial(compare_large, only=("sgd",)),),
            wrong_frame((floats.Floats, "write", write_the_first_entries)),
        ),
        Refutation(
            "a dot product drops what is left after its last whole block",
            (partial(compare_large, only=("momo",)), partial(compare_large, only=("tam",))),
            wrong_frame((floats, "dot", dot_of_whole_blocks)),
        ),
    ),
)
