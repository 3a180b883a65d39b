"""The frame of every method: ``init`` and ``step`` around the few lines that the paper writes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from momoracle.reference.frame import arguments
from momoracle.reference.frame.arguments import Arrays
from momoracle.reference.frame.declared import check_class, check_quantities, check_start
from momoracle.reference.frame.ranges import CHANGING_RATE, RATE, LearningRate, declarations_of
from momoracle.reference.numbers.base import Numbers, OutOfRange
from momoracle.reference.numbers.expressions import Scalar, Vector
from momoracle.reference.numbers.floats import Floats
from momoracle.reference.numbers.roots import Vanished


class Now(NamedTuple):
    """What a step is computed from besides the vectors: its number k, α_k, the loss f_k, and the number system."""

    k: int
    alpha: Scalar
    loss: Scalar
    numbers: Numbers


class Advance(NamedTuple):
    """What a method's text returns: the next parameters, and every quantity of its state and trace by name."""

    params: Vector
    quantities: dict[str, Any]


@dataclass(frozen=True)
class Method(ABC):
    """An optimizer: frozen hyperparameters and a pure step.

    A subclass declares the NamedTuples of its state and trace, says in ``tensors`` which of their fields hold one array
    a parameter tensor (all others hold scalars), declares the range of each hyperparameter in the type of its field
    (``beta: Share = 0.9``), and writes the method itself in ``advance``.

    Args:
        lr: α > 0, the learning rate, or a callable of the step number 1, 2, …

    Raises:
        TypeError: a hyperparameter is no real number, or a switch is neither True nor False; or a subclass does not
            declare what the frame needs, which the message names.
        ValueError: a hyperparameter is outside its range.

    >>> from momoracle import SGD, MoMo
    >>> issubclass(MoMo, Method), MoMo().needs_loss, SGD().needs_loss
    (True, True, False)
    """

    State: ClassVar[Any]
    Trace: ClassVar[Any]
    tensors: ClassVar[tuple[str, ...]] = ()
    needs_loss: ClassVar[bool] = False

    lr: LearningRate

    # What the fields of State and Trace hold, read off ``tensors`` once a class.
    _kept: ClassVar[tuple[str, ...]]
    _scalars: ClassVar[tuple[str, ...]]
    _declared: ClassVar[frozenset[str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        check_class(cls)
        fields = cls.State._fields[2:]  # after step and replicas
        cls._declared = frozenset((*fields, *cls.Trace._fields))
        cls._kept = tuple(name for name in fields if name in cls.tensors)
        cls._scalars = tuple(name for name in fields if name not in cls.tensors)

    def __post_init__(self) -> None:
        for declaration in declarations_of(type(self)):
            name, value = declaration.name, getattr(self, declaration.name)
            if declaration.is_switch:
                arguments.check_switch(name, value)
            elif name == "lr":
                if not callable(value):
                    either = f"{RATE.allowed('lr')}, or a callable of the step number 1, 2, …"
                    arguments.check_range(name, value, RATE, either)
            elif declaration.range is not None:
                arguments.check_range(name, value, declaration.range)

    def split(self) -> bool:
        """Tell whether each tensor is a vector of its own; otherwise all of them together are the paper's vector."""
        return False

    def start(self) -> dict[str, Any]:
        """Return the initial scalars of the state by name; its tensors start at zero."""
        return {}

    @abstractmethod
    def advance(self, x: Vector, g: Vector, state: Any, now: Now) -> Advance:
        """Return the step as formulas, as the paper writes it.

        Args:
            x: x^k.
            g: g_k.
            state: the state, its tensors as vectors.
            now: k, α_k, f_k and the number system.
        """

    # -- the public face -------------------------------------------------------------------------------------------

    def init(self, params: Arrays, replicas: int | None = None) -> Any:
        """Return the state before the first step.

        Args:
            params: one array, or a list of arrays; floats of any width, or objects (Fraction, flint.arb, SymPy).
            replicas: R, where the leading axis of every array counts R independent runs.

        Raises:
            TypeError: params are not arrays of real floating point or of a supported number.
            ValueError: replicas is below 1, or is not the leading axis of every array.
        """
        arrays = arguments.arrays_of(params, "params")
        arguments.check_replicas(arrays, replicas)
        arguments.check_one_a_replica(vars(self), replicas)
        numbers = arguments.number_system(arrays, replicas)
        if isinstance(numbers, Floats):
            arguments.check_as_floats(type(self), vars(self))
        fields: dict[str, Any] = {name: [numbers.zeros(array) for array in arrays] for name in self._kept}
        start = self.start()
        check_start(type(self), start, self._scalars)
        for name, value in start.items():
            zero = numbers.kept(numbers.scalar(value))
            fields[name] = [zero for _ in arrays] if self.split() else zero
        alone = not isinstance(params, (list, tuple))
        return self.State(step=0, replicas=replicas, **self._shown(self.State, fields, alone))

    def step(
        self, params: Arrays, grads: Arrays, state: Any, loss: Any = None, out: tuple[Arrays, Any] | None = None
    ) -> tuple[Any, Any, Any]:
        """Take one step and return ``(params, state, trace)``; nothing that is passed in changes.

        Args:
            params: x^k, in the structure given to ``init``.
            grads: g_k, a gradient of the loss at ``params``; same structure, shapes and dtypes.
            state: what ``init`` or the last step returned.
            loss: f_k, the loss at ``params``; one number, or one a replica. MoMo's methods need it.
            out: ``(params, state)`` whose arrays receive the new values in place of fresh ones, as in NumPy's ufuncs.
                They may be the very arrays passed in, but none may overlap another; after an ``OverflowError`` or a
                ``FloatingPointError`` their content is undefined.

        Returns:
            The new parameters, the new state, and the trace: every quantity of the step under its name.

        Raises:
            TypeError: a dtype or structure differs, or the loss is missing.
            ValueError: a shape differs, or a parameter, gradient, loss or state is not finite, or ``out`` overlaps.
            OverflowError: the input is finite, but the new parameters or state do not fit their dtype.
            FloatingPointError: squares of the gradient underflow, and eps is so small that the result would be wrong.
        """
        with np.errstate(all="ignore"):  # what leaves the range is refused by name instead
            return self._step(params, grads, state, loss, out)

    # -- around the text of the method -----------------------------------------------------------------------------

    def _step(
        self, params: Arrays, grads: Arrays, state: Any, loss: Any, out: tuple[Arrays, Any] | None
    ) -> tuple[Any, Any, Any]:
        x = arguments.arrays_of(params, "params")
        g = arguments.arrays_of(grads, "grads")
        arguments.check_same_structure(grads, params, "grads")
        old, numbers = self._tensors(state, params, x)
        arguments.check_matching(g, x, "grads", "params")
        arguments.check_same_numbers(g, numbers, "grads")
        arguments.check_finite_arrays(g, "grads")
        arguments.check_finite_arrays(x, "params")
        if isinstance(numbers, Floats):
            arguments.check_as_floats(type(self), vars(self))
        loss = arguments.loss_of(loss, numbers, type(self).__name__ if self.needs_loss else None)
        now = Now(state.step + 1, self._learning_rate(state.step + 1, numbers), loss, numbers)
        targets = {} if out is None else arguments.targets_of(out, x, g, old, self.State)
        alone = not isinstance(params, (list, tuple))
        if self.split():
            fields = self._advance_each(x, g, state, old, alone, now, targets)
        else:
            fields = self._advance(list(range(len(x))), x, g, state, old, now, targets)
        new_state = self.State(step=now.k, replicas=state.replicas, **self._shown(self.State, fields, alone))
        new_params = fields["params"][0] if alone else fields["params"]
        return new_params, new_state, self.Trace(**self._shown(self.Trace, fields, alone))

    def _advance_each(
        self,
        x: list[Any],
        g: list[Any],
        state: Any,
        old: dict[str, list[Any]],
        alone: bool,
        now: Now,
        targets: dict[str, list[Any]],
    ) -> dict[str, Any]:
        """Carry out ``advance`` on each tensor by itself; return every quantity as a list, one a tensor."""
        fields: dict[str, Any] = {}
        for t in range(len(x)):
            own = state if alone else state._replace(**{name: getattr(state, name)[t] for name in self._scalars})
            for name, value in self._advance([t], x, g, own, old, now, targets).items():
                fields.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return fields

    def _advance(
        self,
        block: list[int],
        x: list[Any],
        g: list[Any],
        state: Any,
        old: dict[str, list[Any]],
        now: Now,
        targets: dict[str, list[Any]],
    ) -> dict[str, Any]:
        """Carry out ``advance`` on the tensors of one block; return each quantity as a scalar or a list of arrays."""
        part = [x[t] for t in block]
        numbers = now.numbers
        if len(part) < len(x):
            numbers = numbers.restricted(part)
            now = now._replace(numbers=numbers)
        tensors = {name: numbers.leaf([arrays[t] for t in block]) for name, arrays in old.items()}
        before = state._replace(**tensors) if tensors else state
        arrays: dict[Vector, list[Any]] = {}  # a formula that is in both state and trace is one array
        values: dict[str, Any] = {}
        quantities: dict[str, Any] = {}
        try:
            result = self.advance(numbers.leaf(part), numbers.leaf([g[t] for t in block]), before, now)
            check_quantities(type(self), result, self.tensors, self._declared)
            quantities = {**result[1], "params": result[0]}
            for name, value in quantities.items():
                if not isinstance(value, Vector):
                    values[name] = numbers.kept(value)
                    continue
                if value not in arrays:
                    prepared = [targets[name][t] for t in block] if name in targets else numbers.operand(value, part)
                    arrays[value] = prepared or [numbers.new(array, name != "params") for array in part]
                values[name] = arrays[value]
            for name in self._scalars:
                if not numbers.finite(values[name]) and not self._may_be_infinite(name, numbers):
                    raise OutOfRange(quantities[name])
            numbers.write(arrays, fresh=not targets)
        except Vanished as fault:
            raise FloatingPointError(
                f"the operand of a square root (a second moment) of step {now.k} is too small for dtype "
                f"{part[0].dtype}, and eps does not hide what is lost; rescale the loss, take eps >= "
                f"{fault.enough:.1e}, or use a wider dtype"
            ) from None
        except OutOfRange as fault:
            arguments.check_state_arrays(old)  # what was not finite before is no overflow
            name = next(name for name, value in quantities.items() if value is fault.value)
            raise OverflowError(
                f"{name} of step {now.k} is not finite in dtype {part[0].dtype}, although all input is: it overflowed, "
                "or eps is 0 (or vanishes in this dtype) where a denominator is; rescale the loss or use a wider dtype"
            ) from None
        return values

    def _shown(self, fields_of: Any, fields: dict[str, Any], alone: bool) -> dict[str, Any]:
        """Return the fields of a state or trace: what there is one a tensor of, in the structure of the parameters."""
        listed = fields_of._fields if self.split() else self.tensors
        return {
            name: fields[name][0] if alone and name in listed else fields[name]
            for name in fields_of._fields
            if name in fields
        }

    def _tensors(self, state: Any, params: Arrays, x: list[Any]) -> tuple[dict[str, list[Any]], Numbers]:
        """Return the tensor fields of a state, all of it checked against the parameters, and their number system."""
        if not isinstance(state, self.State):
            raise TypeError(
                f"state is a {type(state).__name__}; {type(self).__name__} needs a {self.State.__name__}: "
                f"pass what {type(self).__name__}.init or the last step returned"
            )
        arguments.check_replicas(x, state.replicas)
        numbers = arguments.number_system(x, state.replicas)
        tensors = {}
        for name in self._kept:
            value = getattr(state, name)
            arguments.check_same_structure(value, params, f"state.{name}")
            tensors[name] = arguments.arrays_of(value, f"state.{name}")
            arguments.check_same_shapes(tensors[name], x, f"state.{name}", "params")
            arguments.check_state_dtypes(tensors[name], x, f"state.{name}")
        for name in self._scalars:
            value = getattr(state, name)
            if self.split():
                arguments.check_same_structure(value, params, f"state.{name}")
            arguments.check_state_scalar(value, f"state.{name}", partial(self._may_be_infinite, name, numbers))
        return tensors, numbers

    def _may_be_infinite(self, name: str, numbers: Numbers) -> bool:
        """Tell whether a scalar of the state may be infinite: only where its first value is, as an absent bound's."""
        return arguments.has_infinity(numbers.kept(numbers.scalar(self.start()[name])))

    def _learning_rate(self, k: int, numbers: Numbers) -> Scalar:
        if not callable(self.lr):
            return numbers.scalar(self.lr)
        value = self.lr(k)
        allowed = CHANGING_RATE.allowed("lr(k)")
        arguments.check_range(f"lr({k})", value, CHANGING_RATE, allowed)
        if isinstance(numbers, Floats):
            arguments.check_as_float(f"lr({k})", value, CHANGING_RATE, allowed)
        return numbers.scalar(value)
