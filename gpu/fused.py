"""Run a method of the reference as fused kernels: two launches for each step, without a scalar copied to the host."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from momoracle.gpu import arguments as own
from momoracle.gpu.bound import Bound
from momoracle.gpu.cuda_device import CudaDevice
from momoracle.gpu.job import DeviceNumber, Operands, Scalars, write_job
from momoracle.gpu.machine import Array, Machine
from momoracle.gpu.plan import plan
from momoracle.gpu.programs import PROGRAMS, Program
from momoracle.reference import Method
from momoracle.reference.frame import arguments

Arrays = Any  # one array, or a list of arrays


@dataclass(frozen=True)
class Fused:
    """MoMo, MoMoAdam, TAM, AdaTAM or AdaTAMW on a CUDA device.

    The first pass updates the averages and writes the sums of every block; in the second every block adds the same sums
    in the same order, computes the step size (or the damping), and updates. There are no atomics, and products are
    rounded before they are added: a step gives the same bits every time, aligned or not, and the averages of gradients
    have those of the reference.

    Args:
        method: the method with its hyperparameters, as the reference has it.
        recursion: MoMo and MoMoAdam without weight decay: take the model value from its recursion (M11) instead of
            inner products with the parameters. The first pass then need not read the parameters. In this mode
            ``offset`` is stored relative to the current parameters and ``inner_product`` is 0; states of the two modes
            cannot be mixed. The recursion holds only while nothing but the step changes the parameters, and it does not
            see the rounding of the new parameters. Use the inner products if the rounding of a parameter, ε|x|, is not
            small compared with its step.
        machine: what runs the kernels; the current CUDA device unless tests say otherwise.

    Raises:
        TypeError: the method has no kernels.
        ValueError: ``recursion`` with a method that has none, or with weight decay.
        ImportError: CuPy is missing.
        RuntimeError: there is no CUDA device.

    Arrays are CuPy's, or anything with ``__dlpack__`` or ``__cuda_array_interface__`` (PyTorch's tensors), which is
    taken without copying. The state is the reference's NamedTuple, its scalars arrays on the device; those that the
    reference keeps as a list of one number a tensor are one array of them.

    >>> import cupy
    >>> from momoracle import MoMo
    >>> x, fused = cupy.array([3.0, 4.0]), Fused(MoMo(lr=10.0, beta=0.0))
    >>> x, state, trace = fused.step(x, x, fused.init(x), loss=12.5)  # f(x) = ‖x‖²/2
    >>> float(trace.step_size), x  # Polyak's step size f/‖g‖²
    (0.5, array([1.5, 2. ]))
    """

    method: Method
    recursion: bool = False
    machine: Machine = field(default_factory=CudaDevice)

    def __post_init__(self) -> None:
        if type(self.method) not in PROGRAMS:
            names = ", ".join(cls.__name__ for cls in PROGRAMS)
            raise TypeError(f"method is {self.method!r}; allowed: one of {names}")
        arguments.check_switch("recursion", self.recursion)
        arguments.check_one_a_replica(vars(self.method), None)
        if self.recursion and not self._program.is_recursive:
            raise ValueError("recursion is True; only MoMo and MoMoAdam have one: leave it out")
        if self.recursion and vars(self.method)["weight_decay"]:
            raise ValueError("recursion is True with weight_decay > 0, for which it does not hold: leave one out")

    def init(self, params: Arrays, replicas: None = None) -> Any:
        """Return the state before the first step, on the device.

        Args:
            params: x^1, one array or a list of arrays.
            replicas: not offered here.

        Raises:
            TypeError: params are not arrays of this device, of float64, float32, float16 or bfloat16; ``replicas``,
                which the reference takes, is given; or with ``recursion`` parameters have 16 bits, in which rounding
                alone would move the model.
            ValueError: params is an empty list.
        """
        own.refuse_argument("replicas", replicas, f"step ensembles with {type(self.method).__name__} itself")
        arrays = self._arrays(params)
        alone = not isinstance(params, (list, tuple))
        fields: dict[str, Any] = {}
        for name in self._program.tensors:
            fields[name] = [self.machine.full(z.shape, 0, own.state_dtype(z.dtype)) for z in arrays]
        start = self.method.start()
        for name in self._program.scalars:
            fields[name] = self.machine.full(self._scalar_shape(len(arrays), alone), float(start[name]), "float64")
        return self._state(fields, self.machine.full((), 0, "int64"), alone)

    def step(
        self, params: Arrays, grads: Arrays, state: Any, loss: Any = None, out: None = None
    ) -> tuple[Any, Any, Any]:
        """Take one step and return ``(params, state, trace)``; nothing that is passed in changes.

        As the reference's step, to the errors; these are why it waits for the device once, at its end.

        Args:
            params: x^k, in the structure given to ``init``.
            grads: g_k, a gradient of the loss at ``params``; same structure, shapes and dtypes.
            state: what ``init`` or the last step returned.
            loss: f_k, the loss at ``params``: a number, or an array of one number on the device.
            out: of the reference's step; what steps in place here is ``bind``.

        Raises:
            TypeError, ValueError, OverflowError: as the reference; arrays that are not on one device; ``out``; and
                parameters that ``init`` refuses.
        """
        own.refuse_argument("out", out, "bind(params, grads, state) writes into the arrays that it is given")
        bound = self._bound(params, grads, state, loss, None, in_place=False, debug=False)
        bound()
        bound.check()
        return bound.params, bound.state, bound.trace

    def bind(
        self, params: Arrays, grads: Arrays, state: Any, loss: Any = None, lr: Any = None, debug: bool = False
    ) -> Bound:
        """Return a step that works in place on ``params`` and ``state``, to be called once a step.

        Args:
            params: x^k, written by each call. All arrays must be C-contiguous, and apart in memory. A call goes to
                CuPy's current stream: inside ``torch.cuda.stream(s)``, make it inside
                ``cupy.cuda.ExternalStream(s.cuda_stream)`` too.
            grads: g_k, read at each call from where it was when it was bound.
            state: what ``init`` or the last step returned, written by each call.
            loss: f_k; an array of one number on the device is read at each call, a number stays what it is.
            lr: an array of one number on the device, read at each call; the method's ``lr`` unless given.
            debug: with ``recursion``, check before each call that nothing else changed the parameters; it waits for
                the device and copies them to the host.

        Raises:
            TypeError, ValueError: as ``step``; params or state must not be written (read-only, or JAX's); and the
                method's ``lr`` is a callable, and there is no other.
        """
        if lr is None and callable(self.method.lr):
            raise TypeError(
                "lr is a callable of the step number, which a bound step does not know on the host: pass lr= an array "
                "of one number on the device, and write into it"
            )
        arguments.check_switch("debug", debug)
        return self._bound(params, grads, state, loss, lr, in_place=True, debug=debug and self.recursion)

    # -- preparing a step ------------------------------------------------------------------------------------------

    @property
    def _program(self) -> Program:
        return PROGRAMS[type(self.method)]

    def _arrays(self, params: Arrays) -> list[Array]:
        arrays = own.as_arrays(params, "params", self.machine)
        narrow = [str(array.dtype) for array in arrays if array.dtype.itemsize == 2]
        if self.recursion and narrow:
            raise TypeError(
                f"params holds {narrow[0]} with recursion=True, which does not see how parameters are rounded: leave "
                "it out, or keep them in float32"
            )
        return arrays

    def _bound(
        self, params: Arrays, grads: Arrays, state: Any, loss: Any, lr: Any, *, in_place: bool, debug: bool
    ) -> Bound:
        machine, program = self.machine, self._program
        alone = not isinstance(params, (list, tuple))
        x, g = self._arrays(params), own.as_arrays(grads, "grads", machine)
        arguments.check_same_structure(grads, params, "grads")
        states, step, scalars = self._checked_state(state, params, x)
        arguments.check_matching(g, x, "grads", "params")
        tensors = {f"state.{n}": z for n, z in zip(program.tensors, states, strict=True)}
        for name, arrays in {"params": x, "grads": g, **tensors}.items():
            own.require_same_place(arrays, x[0], name, machine)
        numbers = {"loss": self._loss(loss), "lr": self._lr(lr, step)}
        if in_place:
            for name in (*program.tensors, *program.scalars, "step"):
                own.require_writable(getattr(state, name), f"state.{name}")
            own.require_writable(params, "params")
            kept = {"state.step": step, **dict(zip((f"state.{n}" for n in program.scalars), scalars, strict=True))}
            read = {name: number.array for name, number in numbers.items() if number.array is not None}
            own.require_separate_memory(
                _labelled({"params": x, **tensors}) | kept, _labelled({"grads": g}) | read, machine
            )
            operands = Operands(x, g, states, x, states)
            new_step, new_scalars = step, scalars
        else:
            x, g, *states = ([machine.contiguous(z) for z in arrays] for arrays in (x, g, *states))
            fresh = [[machine.empty(z.shape, z.dtype) for z in arrays] for arrays in (x, *states)]
            operands = Operands(x, g, states, fresh[0], fresh[1:])
            new_step = machine.empty((), "int64")
            scalars = [machine.contiguous(z) for z in scalars]
            new_scalars = [machine.empty(z.shape, "float64") for z in scalars]

        cut = plan([z.size for z in x], [str(z.dtype) for z in x], self._split)
        trace = machine.empty((len(program.trace_scalars), len(cut.segments)), "float64")
        scalar_arrays = Scalars(step, new_step, scalars, new_scalars, trace, numbers["loss"], numbers["lr"])
        tables = write_job(
            cut, operands, scalar_arrays, [float(z) for z in program.settings(self.method, self.recursion)], machine
        )
        launches = [
            partial(
                machine.kernel(program.kernel, cut.bins, f"{stage}_{run.dtype}"), run.blocks, tables.tables, run.first
            )
            for stage in ("first", "second")
            for run in cut.launches
        ]
        new = dict(zip((*program.tensors, *program.scalars), (*operands.new_states, *new_scalars), strict=True))
        return Bound(
            params=operands.new_x[0] if alone else list(operands.new_x),
            state=self._state(new, new_step, alone),
            trace=self._trace(trace, operands.new_states, alone),
            _method=self.method,
            _program=program,
            _machine=machine,
            _job=tables,
            _operands=operands,
            _scalars=scalar_arrays,
            _launches=launches,
            _in_place=in_place,
            _debug=debug,
        )

    def _checked_state(
        self, state: Any, params: Arrays, x: list[Array]
    ) -> tuple[list[list[Array]], Array, list[Array]]:
        """Return a state's tensors (a list each), steps and scalars, checked against the parameters."""
        kind = self.method.State
        if not isinstance(state, kind):
            raise TypeError(
                f"state is a {type(state).__name__}; {type(self.method).__name__} needs a {kind.__name__}: "
                f"pass what {type(self.method).__name__}.init or the last step returned"
            )
        if state.replicas is not None:
            raise ValueError(f"state.replicas is {state.replicas!r}; a fused step has none: pass a state of Fused.init")
        states = []
        for name in self._program.tensors:
            arguments.check_same_structure(getattr(state, name), params, f"state.{name}")
            states.append(own.as_arrays(getattr(state, name), f"state.{name}", self.machine))
            own.require_state_tensors(states[-1], x, f"state.{name}")
        step = own.as_state_scalar(state.step, (), "int64", "state.step", self.machine)
        shape = self._scalar_shape(len(x), not isinstance(params, (list, tuple)))
        scalars = [
            own.as_state_scalar(getattr(state, name), shape, "float64", f"state.{name}", self.machine)
            for name in self._program.scalars
        ]
        return states, step, scalars

    def _loss(self, loss: Any) -> DeviceNumber:
        needed_by = type(self.method).__name__ if self.method.needs_loss else None
        array = None if loss is None else own.as_device_scalar(loss, "loss", self.machine)
        return DeviceNumber(own.check_loss(loss, needed_by) if array is None else 0.0, array)

    def _lr(self, lr: Any, step: Array) -> DeviceNumber:
        if lr is not None:
            array = own.as_device_scalar(lr, "lr", self.machine)
            return DeviceNumber(own.check_lr(lr, "lr") if array is None else 0.0, array)
        if not callable(self.method.lr):
            return DeviceNumber(float(self.method.lr))
        k = int(self.machine.read(step)) + 1
        return DeviceNumber(own.check_lr(self.method.lr(k), f"lr({k})"))

    # -- the results in the reference's structure ------------------------------------------------------------------

    @property
    def _split(self) -> bool:
        return self.method.split()

    def _scalar_shape(self, tensors: int, alone: bool) -> tuple[int, ...]:
        return (tensors,) if self._split and not alone else ()

    def _state(self, fields: dict[str, Any], step: Array, alone: bool) -> Any:
        values = {name: fields[name][0] if alone and name in self._program.tensors else fields[name] for name in fields}
        return self.method.State(step=step, replicas=None, **values)

    def _trace(self, rows: Array, tensors: Any, alone: bool) -> Any:
        """Return the reference's trace: its scalars, and the tensors that are in the state too; the others are None."""
        fields: dict[str, Any] = dict.fromkeys(self.method.Trace._fields)
        shape = self._scalar_shape(rows.shape[1], alone)
        for i, name in enumerate(self._program.trace_scalars):
            fields[name] = rows[i].reshape(shape)
        for name, arrays in zip(self._program.tensors, tensors, strict=True):
            if name in fields:
                fields[name] = arrays[0] if alone else list(arrays)
        return self.method.Trace(**fields)


def _labelled(groups: dict[str, list[Array]]) -> dict[str, Array]:
    return {f"{name}[{i}]": array for name, arrays in groups.items() for i, array in enumerate(arrays)}
