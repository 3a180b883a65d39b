"""Recorded numbers as machine code: each operation over `WIDTH` replicas at once, as LLVM's vector instructions.

No instruction may reassociate or contract, so each rounds as NumPy's does, on every machine.
"""

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from momoracle.reference.numbers.recorded import Number

WIDTH = 16  # replicas that one instruction works on: two registers of AVX-512, so that two sums are under way
INT = ir.IntType(64)
POINTER = ir.PointerType()
_ELEMENT = {np.dtype(np.float64): ir.DoubleType(), np.dtype(np.float32): ir.FloatType(), np.dtype(bool): ir.IntType(1)}
_PLAIN = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv", "negative": "fneg"}
_RELATION = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "=="}
_LOGIC = {"bitwise_and": "and_", "bitwise_or": "or_", "invert": "not_"}
_INTRINSIC = {"sqrt": "llvm.sqrt", "absolute": "llvm.fabs"}


def lanes(dtype: Any) -> ir.VectorType:
    """Return the type of one number a lane."""
    return ir.VectorType(_ELEMENT[np.dtype(dtype)], WIDTH)


def count(value: int) -> ir.Constant:
    """Return an index."""
    return ir.Constant(INT, value)


class Emitter:
    """Writes instructions at the place where its builder stands."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.b = builder

    # -- memory: arrays of one row of `WIDTH` numbers after another ------------------------------------------------

    def at(self, base: ir.Value, element: ir.Type, index: ir.Value) -> ir.Value:
        """Return the address of an entry."""
        return self.b.gep(base, [index], source_etype=element)

    def load(self, base: ir.Value, row: ir.Value, dtype: Any) -> ir.Value:
        """Return row ``row`` of an array."""
        return self.b.load(self.at(base, lanes(dtype), row), align=np.dtype(dtype).itemsize, typ=lanes(dtype))

    def store(self, base: ir.Value, row: ir.Value, value: ir.Value, dtype: Any) -> None:
        """Write row ``row`` of an array."""
        self.b.store(value, self.at(base, lanes(dtype), row), align=np.dtype(dtype).itemsize)

    def gather(self, base: ir.Value, indices: Sequence[ir.Value], dtype: Any) -> ir.Value:
        """Return one entry a lane."""
        element, value = _ELEMENT[np.dtype(dtype)], ir.Constant(lanes(dtype), ir.Undefined)
        for lane, index in enumerate(indices):
            entry = self.b.load(self.at(base, element, index), typ=element)
            value = self.b.insert_element(value, entry, ir.Constant(ir.IntType(32), lane))
        return value

    def broadcast(self, base: ir.Value, index: ir.Value, dtype: Any = np.float64) -> ir.Value:
        """Return one entry of an array in all lanes."""
        element = _ELEMENT[np.dtype(dtype)]
        number = self.b.load(self.at(base, element, index), typ=element)
        zero, undefined = ir.Constant(ir.IntType(32), 0), ir.Constant(lanes(dtype), ir.Undefined)
        first = self.b.insert_element(undefined, number, zero)
        return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    def constant(self, value: float, dtype: Any = np.float64) -> ir.Constant:
        """Return a constant in all lanes."""
        return ir.Constant(lanes(dtype), [int(value) if np.dtype(dtype) == bool else value] * WIDTH)

    def all(self) -> ir.Constant:
        """Return a condition that holds in every lane."""
        return ir.Constant(lanes(bool), [1] * WIDTH)

    # -- control ---------------------------------------------------------------------------------------------------

    def loop(
        self, first: ir.Value, end: ir.Value, initial: Sequence[ir.Value], body: Callable[..., tuple[Any, Any]]
    ) -> list[ir.Value]:
        """Repeat ``body(i, *values)`` for i = ``first``, … below ``end``, at least once.

        The body returns the next values, and whether to go on (None: always). Returned are the last i + 1 and values.
        """
        b = self.b
        before, head, after = b.block, b.append_basic_block(), b.append_basic_block()
        b.branch(head)
        b.position_at_end(head)
        carried = [b.phi(value.type) for value in (first, *initial)]
        new, go = body(*carried)
        new = [b.add(carried[0], count(1)), *new]
        for phi, old, value in zip(carried, (first, *initial), new, strict=True):
            phi.add_incoming(old, before)
            phi.add_incoming(value, b.block)
        more = b.icmp_signed("<", new[0], end)
        b.cbranch(more if go is None else b.and_(more, go), head, after)
        b.position_at_end(after)
        return new

    def any(self, mask: ir.Value) -> ir.Value:
        """Tell whether a condition holds in any lane."""
        bits = self.b.bitcast(mask, ir.IntType(WIDTH))
        return self.b.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(WIDTH), 0))

    # -- arithmetic ------------------------------------------------------------------------------------------------

    def cast(self, value: ir.Value, dtype: Any) -> ir.Value:
        """Return the number in another dtype."""
        if value.type == lanes(dtype):
            return value
        if value.type == lanes(bool):
            return self.b.uitofp(value, lanes(dtype))
        wider = np.dtype(dtype) == np.float64
        return self.b.fpext(value, lanes(dtype)) if wider else self.b.fptrunc(value, lanes(dtype))

    def call(self, intrinsic: str, value: ir.Value) -> ir.Value:
        """Return LLVM's function of a number."""
        name = f"{intrinsic}.v{WIDTH}{'f64' if value.type == lanes(np.float64) else 'f32'}"
        kind = ir.FunctionType(value.type, [value.type])
        function = self.b.module.globals.get(name) or ir.Function(self.b.module, kind, name)
        return self.b.call(function, [value])

    def compare(self, relation: str, a: ir.Value, b: ir.Value) -> ir.Value:
        """Tell where a relation holds; it does not where a side is NaN."""
        return self.b.fcmp_ordered(relation, a, b)

    def within(self, value: ir.Value, limit: float, dtype: Any = np.float64) -> ir.Value:
        """Tell where |value| ≤ limit."""
        return self.compare("<=", self.call("llvm.fabs", value), self.constant(limit, dtype))

    def operation(self, name: str, operands: Sequence[ir.Value], dtype: Any) -> ir.Value:
        """Return an operation of NumPy's, carried out in a dtype."""
        b = self.b
        if name == "select":
            return b.select(operands[0], *(self.cast(item, dtype) for item in operands[1:]))
        if name in _RELATION:
            return self.compare(_RELATION[name], *operands)
        if name in _LOGIC:
            return getattr(b, _LOGIC[name])(*operands)
        values = [self.cast(item, dtype) for item in operands]
        if name in _PLAIN:
            return getattr(b, _PLAIN[name])(*values)
        if name in _INTRINSIC:
            return self.call(_INTRINSIC[name], *values)
        if name == "astype":
            return values[0]
        if name in ("maximum", "minimum"):  # a NaN stays one, as in NumPy
            chosen = b.or_(
                self.compare(">" if name == "maximum" else "<", *values), b.fcmp_unordered("uno", *values[:1] * 2)
            )
            return b.select(chosen, *values)
        if name == "fmax":  # a NaN gives way
            chosen = b.or_(self.compare(">=", *values), b.fcmp_unordered("uno", *values[1:] * 2))
            return b.select(chosen, *values)
        if name == "sign":
            (value,), zero = values, self.constant(0.0, dtype)
            below = b.select(self.compare("<", value, zero), self.constant(-1.0, dtype), value)
            return b.select(self.compare(">", value, zero), self.constant(1.0, dtype), below)
        raise NotImplementedError(f"there is no instruction for {name}")


def common_dtype(number: Number) -> Any:
    """Return the dtype in which the operands of a comparison meet."""
    dtypes = [item.dtype for item in number.operands if isinstance(item, Number)]
    return np.result_type(*dtypes)


class Machine:
    """Compiled code; it lives as long as this object."""

    def __init__(self, module: ir.Module) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
        )
        parsed = llvm.parse_assembly(str(module))
        parsed.verify()
        builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
        builder.getModulePassManager().run(parsed, builder)
        self._engine = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Return where a function is."""
        return int(self._engine.get_function_address(name))
