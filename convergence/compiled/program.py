"""A step of an ensemble on a linear model as a compiled program: the method's own text and the loss's, recorded.

Operations and their order are those of the ordinary step but for one thing: sums over entries (dot products) and over
samples (mean losses) are taken in their order, where NumPy leaves the order to BLAS. Where an ordinary step would do
anything else than plain arithmetic (a dot product, a quotient or a result outside the trusted range, a point beyond the
limits), the program leaves that replica's step undone and says so.
"""

import ctypes
from typing import Any

import numpy as np

from momoracle.convergence.compiled.lanes import WIDTH, Machine
from momoracle.convergence.compiled.step_code import StepCode
from momoracle.convergence.engine.samples import BLOCK
from momoracle.reference.frame.arguments import check_range
from momoracle.reference.frame.ranges import CHANGING_RATE

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 4)
_NUMBERS = ("stopped", "alive", "mean_loss")


class Program:
    """Compiled steps of one method on one model; it holds no state, so that threads may share it.

    Its arrays: tensors have shape (groups, n, WIDTH), scalars one number a lane, ``sample`` is (lanes, BLOCK), and what
    a schedule prescribes for each step (``alpha``, powers) has BLOCK numbers, or (BLOCK, lanes).
    """

    def __init__(self, code: StepCode) -> None:
        self.recording, self.size, self.dtype = code.recording, code.size, code.dtype
        self._slots, self._powers, self._machine = list(code.slots), code.powers, Machine(code.module)
        self._steps, self._mean = (_CALL(self._machine.address(name)) for name in ("steps", "mean"))

    def shapes(self, groups: int) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Return the shape and dtype of what the program works in and on, by name."""
        recording, number, row = self.recording, ((groups * WIDTH,), np.float64), ((self.size, WIDTH), self.dtype)
        trace = [f"trace {name}" for name in recording.trace]
        return {
            "reached": ((groups,), np.int64),
            "row": row,
            **dict.fromkeys(recording.results, ((groups, self.size, WIDTH), self.dtype)),
            **{f"new {name}": row for name in recording.results},
            **dict.fromkeys([*recording.scalars, *recording.measures, *trace, *_NUMBERS], number),
        }

    def schedule(self, method: Any, first: int, arrays: dict[str, Any]) -> dict[str, Any]:
        """Return what does not depend on the run, for the steps of a block: learning rates and powers."""
        steps = range(first, first + BLOCK)
        made: dict[str, Any] = {"k": np.array(steps, dtype=np.float64)}
        for slot, base in self._powers.items():
            of = arrays[base] if isinstance(base, str) else base
            made[slot] = np.array([of**k for k in steps])
        if callable(method.lr):
            made["alpha"] = np.array([float(method.lr(k)) for k in steps])
            check_range(f"lr({first}), …", made["alpha"], CHANGING_RATE, CHANGING_RATE.allowed("lr(k)"))
        return made

    def run(self, arrays: dict[str, Any], groups: range, steps: range) -> None:
        """Take groups through steps of the block.

        ``reached`` has how far each group came, ``stopped`` which lanes need an ordinary step.
        """
        self._steps(self._table(arrays), groups.start, groups.stop, steps.start, steps.stop)

    def mean_loss(self, arrays: dict[str, Any], groups: int) -> Any:
        """Return the mean loss at the points, one number a lane; samples are added in their order."""
        self._mean(self._table(arrays), 0, groups, 0, 0)
        return arrays["mean_loss"]

    def _table(self, arrays: dict[str, Any]) -> Any:
        assert all(arrays[name].flags.c_contiguous for name in self._slots)
        return (ctypes.c_void_p * len(self._slots))(*[arrays[name].ctypes.data for name in self._slots])
