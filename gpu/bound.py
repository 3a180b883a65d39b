"""Bind a step to its arrays, so that a call only enqueues the launches of the two passes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momoracle.gpu.arguments import check_loss, check_lr
from momoracle.gpu.job import Job, Operands, Scalars
from momoracle.gpu.machine import Machine
from momoracle.gpu.programs import Program
from momoracle.reference import Method
from momoracle.reference.frame import arguments

_WRITTEN = "params and state have been written: go on from a copy of them"


@dataclass
class Bound:
    """One step of `Fused`, ready to be taken as often as it is called.

    Where it was bound in place, each call steps on in the same arrays: no table is written, nothing is allocated, and
    the host waits for nothing, so that a call can be captured in a CUDA graph. Values are not checked then: call
    ``check`` now and then. The graph works on the arrays and tables of the step: keep the step as long as the graph.
    Tables are written on the stream that is current where it is bound; a call on another must come after that.

    Attributes:
        params, state, trace: what the call writes, in the structure that ``Fused.step`` returns.

    >>> import cupy
    >>> from momoracle import TAM
    >>> from momoracle.gpu import Fused
    >>> x, g = cupy.array([1.0]), cupy.array([1.0])
    >>> fused = Fused(TAM(lr=1.0, eps=0.0))
    >>> step = fused.bind(x, g, fused.init(x))
    >>> step()
    >>> step.check()
    >>> x  # the first damping is 1/2
    array([0.5])
    """

    params: Any
    state: Any
    trace: Any
    _method: Method
    _program: Program
    _machine: Machine
    _job: Job
    _operands: Operands
    _scalars: Scalars
    _launches: Sequence[Callable[[], None]]
    _in_place: bool
    _debug: bool
    _called: bool = False
    _left: list[NDArray[Any]] = field(default_factory=list)

    def __call__(self) -> None:
        """Enqueue the step.

        Raises:
            ValueError: at debug level, the parameters are not where the last call left them.
        """
        self._called = True
        if self._debug:
            self._refuse_moved()
        for launch in self._launches:
            launch()
        if self._debug:
            self._left = [self._machine.read(array) for array in self._operands.new_x]

    @property
    def launches(self) -> int:
        """How many kernels a call enqueues: two for each dtype of the parameters."""
        return len(self._launches)

    def check(self) -> None:
        """Wait for the last call, if there was one, and refuse what it met.

        Raises:
            ValueError: a parameter, a gradient, the loss or the learning rate was not finite, or a scalar of the state
                NaN.
            OverflowError: the input was finite, but the new parameters or state do not fit their dtype.
        """
        if not self._called:
            return
        if not self._in_place:
            self._check_state()
        self._check_numbers()
        read = self._machine.read
        new = dict(zip(self._program.scalars, map(read, self._scalars.new_scalars), strict=True))
        unfit = bool(read(self._job.faults).any()) or not all(_is_fit(name, value) for name, value in new.items())
        if unfit:
            self._check_input()
            self._refuse_result(new)
        elif self._in_place:  # else NaN in the state is what an earlier step left
            self._check_state()

    def _check_state(self) -> None:
        """Refuse NaN in the scalars of the state before the step, which may have vanished in it."""
        for name, before in zip(self._program.scalars, self._machine.read(self._job.before).T[1:], strict=False):
            arguments.check_not_nan(before, f"state.{name}")

    def _refuse_result(self, new: dict[str, NDArray[Any]]) -> None:
        """Name what is not finite first, in the reference's order: scalars, and then a tensor at a time."""
        x, states = self._operands.new_x, self._operands.new_states
        segments = [[t] for t in range(len(x))] if self._method.split() else [list(range(len(x)))]
        tensors = {**dict(zip(self._program.tensors, states, strict=True)), "params": x}

        def list_unfit() -> Iterator[tuple[str, Any]]:
            for segment, block in enumerate(segments):
                dtype = x[block[0]].dtype
                yield from ((name, dtype) for name in new if not _is_fit(name, np.ravel(new[name])[segment]))
                yield from ((name, dtype) for t in block for name in tensors if not self._is_finite(tensors[name][t]))

        name, dtype = next(list_unfit(), ("params or state", x[0].dtype))  # which may have been mended since
        step = int(self._machine.read(self._scalars.new_step))
        cause = "an earlier step left params or state so, or it overflowed" if self._in_place else "it overflowed"
        raise OverflowError(
            f"{name} of step {step} is not finite in dtype {dtype}, although all input is: {cause}, "
            "or eps is 0 (or vanishes in this dtype) where a denominator is; rescale the loss or use a wider dtype"
        )

    def _check_numbers(self) -> None:
        for name, number in (("loss", self._scalars.loss), ("lr", self._scalars.lr)):
            if number.array is not None:
                value = float(self._machine.read(number.array).astype(np.float64).reshape(()))
                if name == "lr":
                    check_lr(value, name)
                else:
                    self._check_and_reword(partial(check_loss, value, None))

    def _check_input(self) -> None:
        with np.errstate(all="ignore"):  # what is not finite is refused by name instead
            self._refuse_input()

    def _refuse_input(self) -> None:
        self._check_and_reword(partial(arguments.check_finite_arrays, self._read_floats(self._operands.g), "grads"))
        if not self._in_place:
            arguments.check_finite_arrays(self._read_floats(self._operands.x), "params")

    def _check_and_reword(self, check: Callable[[], Any]) -> None:
        try:
            check()
        except ValueError as error:
            if not self._in_place:
                raise
            raise ValueError(str(error).replace("Nothing was changed", _WRITTEN)) from None

    def _read_floats(self, arrays: Any) -> list[NDArray[Any]]:
        return [_as_numpy_float(self._machine.read(array)) for array in arrays]

    def _is_finite(self, array: Any) -> bool:
        return bool(np.isfinite(_as_numpy_float(self._machine.read(array))).all())

    def _refuse_moved(self) -> None:
        for i, (left, array) in enumerate(zip(self._left, self._operands.x, strict=False)):
            if left.tobytes() != self._machine.read(array).tobytes():
                raise ValueError(
                    f"params[{i}] changed since the last call; the recursion holds only while the step alone changes "
                    "them: use recursion=False, or start again with init"
                )


def _is_fit(name: str, value: Any) -> bool:
    return name == "next_lower_bound" or bool(np.isfinite(value).all())  # which alone may be infinite


def _as_numpy_float(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of a dtype that NumPy's own functions take: bfloat16 becomes float32."""
    return array if array.dtype.kind == "f" else array.astype(np.float32)
