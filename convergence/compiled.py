"""One step of an ensemble on a linear model as a compiled program: the method's own text and the loss's, recorded.

The program takes groups of `WIDTH` replicas through many steps. Operations and their order are those of the ordinary
step but for one thing: dot products are summed in the order of their entries, where NumPy asks BLAS. Where an ordinary
step would do anything else than plain arithmetic (a dot product, a quotient or a result outside the trusted range, a
point beyond the limits), the program leaves that replica's step undone and says so.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from momoracle.convergence.lanes import INT, POINTER, WIDTH, Emitter, Machine, common_dtype, count, lanes
from momoracle.convergence.linear_model import LinearModel
from momoracle.convergence.samples import BLOCK
from momoracle.convergence.tile import at_cap, capped
from momoracle.reference import Method
from momoracle.reference.arguments import in_range
from momoracle.reference.expressions import Vector
from momoracle.reference.floats import TRUSTED, trusted_ratios
from momoracle.reference.method import Now
from momoracle.reference.recorded import Leaf, Number, Recorded, StepNumber

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 4)
_WIDE = np.float64


class Recording(NamedTuple):
    """The text of one step after the first: formulas of its results, and the hyperparameters of one number a replica."""

    loss: Number
    slope: Number
    results: dict[str, Vector]  # the parameters and the state's tensors
    scalars: dict[str, Any]  # of the state, the sum of the losses, and whether a cap bound
    trace: dict[str, Any]  # scalars of the trace
    given: dict[str, str]  # by slot: the hyperparameter


def record(method: Any, model: Any, dtype: Any) -> Recording:
    """Return the recorded step of a method on a linear model.

    Raises:
        ValueError: the method or the model cannot be recorded; the message says why.
    """
    if not isinstance(model, LinearModel):
        raise ValueError("its losses are not those of a LinearModel")
    if not isinstance(method, Method):
        raise ValueError(f"{type(method).__name__} has no text of one step")
    numbers, first = Recorded([]), lambda name, kind=_WIDE: Number("input", name, dtype=kind)
    try:
        loss, slope = model.loss(first("product", dtype), first("target", dtype))
        loss = (loss + model.constant if model.constant else loss).astype(_WIDE)
        held = {name: Leaf(name) if name in method.tensors else first(name) for name in method.State._fields[2:]}
        alpha = first("alpha") if callable(method.lr) else numbers.scalar(method.lr)
        now = Now(StepNumber(), alpha, loss, numbers)
        text = method.advance(Leaf("x"), Leaf("g"), method.State(step=1, replicas=None, **held), now)
    except TypeError as error:
        raise ValueError(str(error)) from error
    found = text.quantities
    scalars = {name: found[name] for name in held if name not in method.tensors} | {"total": first("total") + loss}
    if capped(method):
        scalars["capped"] = np.maximum(first("capped"), at_cap(found["step_size"], found["weight_sum"], alpha))
    return Recording(
        loss,
        slope,
        {"x": text.params} | {name: found[name] for name in held if name in method.tensors},
        scalars,
        {name: found[name] for name in method.Trace._fields if name in found and not isinstance(found[name], Vector)},
        {slot: next(o.name for o in fields(method) if getattr(method, o.name) is v) for slot, v in numbers.given.items()},
    )


class Program:
    """Compiled steps of one method on one model; ``slots`` are the arrays that it works on, by name, in order.

    Tensors have shape (groups, n, WIDTH), scalars one number a lane, ``sample`` is (lanes, BLOCK), and what a schedule
    prescribes for each step (``alpha``, powers) has BLOCK numbers, or (BLOCK, lanes).
    """

    def __init__(self, recording: Recording, size: int, dtype: Any, limit: float, measured: bool) -> None:
        self.recording, self.size, self.dtype = recording, size, np.dtype(dtype)
        self.limit, self.measured = limit, measured
        self.slots: dict[str, int] = {}
        self._bases: dict[str, ir.Value] = {}
        self.names = {vector: name for name, vector in recording.results.items()}
        self.powers: dict[str, Any] = {}  # by slot: the base, a float or the name of what is given
        module = ir.Module("step")
        kind = ir.FunctionType(ir.VoidType(), [POINTER, *[INT] * 4])
        function = ir.Function(module, kind, "steps")
        self.table, *self.range = function.args
        self.entry = ir.IRBuilder(function.append_basic_block())
        start = self.entry.append_basic_block()
        self.b = ir.IRBuilder(start)
        self.e = Emitter(self.b)
        self.e.loop(self.range[0], self.range[1], [], self._group)
        self.b.ret_void()
        self.entry.branch(start)
        self._machine = Machine(module, "steps", _CALL)

    def shapes(self, groups: int) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Return the shape and dtype of what the program works in and on, by name."""
        found, number, row = self.recording, ((groups * WIDTH,), _WIDE), ((self.size, WIDTH), self.dtype)
        trace = [f"trace {name}" for name in found.trace]
        return {
            "reached": ((groups,), np.int64),
            "row": row,
            **{name: ((groups, self.size, WIDTH), self.dtype) for name in found.results},
            **{f"new {name}": row for name in found.results},
            **dict.fromkeys([*found.scalars, *trace, "stopped", "alive", "loss", "gradient_norm_sq", "distance_sq"], number),
        }

    def schedule(self, method: Any, first: int, arrays: dict[str, Any]) -> dict[str, Any]:
        """Return what does not depend on the run, for the steps of a block: learning rates and powers."""
        steps = range(first, first + BLOCK)
        made: dict[str, Any] = {}
        for slot, base in self.powers.items():
            of = arrays[base] if isinstance(base, str) else base
            made[slot] = np.array([of**k for k in steps])
        if callable(method.lr):
            made["alpha"] = np.array([float(method.lr(k)) for k in steps])
            in_range(f"lr({first}), …", made["alpha"], 0, np.inf, "0 <= lr(k) < inf")
        return made

    def run(self, arrays: dict[str, Any], groups: range, steps: range) -> None:
        """Take groups through steps of the block; ``reached`` tells how far each came, ``stopped`` who needs help."""
        for name in self.slots:
            assert arrays[name].flags.c_contiguous
        table = (ctypes.c_void_p * len(self.slots))(*[arrays[name].ctypes.data for name in self.slots])
        self._machine.run(ctypes.addressof(table), groups.start, groups.stop, steps.start, steps.stop)

    # -- emission --------------------------------------------------------------------------------------------------

    def slot(self, name: str) -> ir.Value:
        """Return the address of an array."""
        if name not in self.slots:
            self.slots[name] = len(self.slots)
            self._bases[name] = self.entry.load(
                self.entry.gep(self.table, [count(self.slots[name])], source_etype=POINTER), typ=POINTER
            )
        return self._bases[name]

    def _group(self, group: ir.Value) -> tuple[list[Any], Any]:
        self.group, self.first = group, self.b.mul(group, count(self.size))
        reached = self.e.loop(self.range[2], self.range[3], [], self._step)[0]
        self.b.store(reached, self.e.at(self.slot("reached"), INT, group))
        return [], None

    def _step(self, k: ir.Value) -> tuple[list[Any], Any]:
        e, b, found = self.e, self.b, self.recording
        self.k, self.known, self.narrow, self.stored, self.sums = k, {}, {}, set(), {}
        lane = [b.add(b.mul(self.group, count(WIDTH)), count(i)) for i in range(WIDTH)]
        ids = [
            b.load(e.at(self.slot("sample"), INT, b.add(b.mul(i, count(BLOCK)), k)), typ=INT) for i in lane
        ]
        rows = [b.mul(s, count(self.size)) for s in ids]
        self.inputs = {"target": e.gathered(self.slot("targets"), ids, self.dtype)}
        self.trusted = []

        def product(i: ir.Value, total: ir.Value) -> tuple[list[ir.Value], None]:
            row = e.gathered(self.slot("rows"), [b.add(start, i) for start in rows], self.dtype)
            e.store(self.slot("row"), i, row, self.dtype)
            return [b.fadd(total, b.fmul(row, self._leaf("x", i)))], None

        self.inputs["product"] = e.loop(count(0), count(self.size), [e.constant(0.0, self.dtype)], product)[1]
        loss = self.scalar(found.loss)
        fine = e.within(loss, self.limit)
        new = {name: self.scalar(value) for name, value in found.scalars.items()}
        trace = {f"trace {name}": self.scalar(value) for name, value in found.trace.items()}
        fine = b.and_(fine, self._results())
        for name, value in new.items():
            if name != "next_lower_bound":
                fine = b.and_(fine, e.compare("<", e.call("llvm.fabs", value), e.constant(np.inf)))
        for mask in self.trusted:
            fine = b.and_(fine, mask)
        alive = e.compare(">", self._lane("alive"), e.constant(0.0))
        self._commit(b.and_(fine, alive), new)
        for name, value in {**trace, "loss": loss}.items():
            e.store(self.slot(name), self.group, value, _WIDE)
        stop = b.and_(alive, b.not_(fine))
        e.store(self.slot("stopped"), self.group, e.cast(stop, _WIDE), _WIDE)
        return [], b.not_(e.any(stop))

    def _results(self) -> ir.Value:
        """Evaluate what is left of the vectors, and tell which lanes have entries within the limit before and finite after."""
        e, b, results = self.e, self.b, self.recording.results
        self.prepare(list(results.values()))

        def body(i: ir.Value, fine: ir.Value, *squares: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            for leaf in ("x", "g"):
                fine = b.and_(fine, e.within(self.vector(Leaf(leaf), i, memo), self.limit, self.dtype))
            for vector in results.values():
                size = e.call("llvm.fabs", self.vector(vector, i, memo))
                fine = b.and_(fine, e.compare("<", size, e.constant(np.inf, self.dtype)))
            if not self.measured:
                return [fine], None
            center = e.each(self.slot("center"), i)
            terms = [e.cast(self._leaf("g", i), _WIDE), b.fsub(e.cast(self.vector(results["x"], i, memo), _WIDE), center)]
            return [fine, *(b.fadd(old, b.fmul(z, z)) for old, z in zip(squares, terms, strict=True))], None

        sums = ["gradient_norm_sq", "distance_sq"] if self.measured else []
        _, fine, *found = e.loop(count(0), count(self.size), [e.all(), *[e.constant(0.0) for _ in sums]], body)
        for name, value in zip(sums, found, strict=True):
            e.store(self.slot(name), self.group, value, _WIDE)
        return fine

    def _commit(self, done: ir.Value, new: dict[str, ir.Value]) -> None:
        e, b = self.e, self.b

        def body(i: ir.Value) -> tuple[list[ir.Value], None]:
            for name in self.recording.results:
                place = b.add(self.first, i)
                value = b.select(done, e.load(self.slot(f"new {name}"), i, self.dtype), self._leaf(name, i))
                e.store(self.slot(name), place, value, self.dtype)
            return [], None

        e.loop(count(0), count(self.size), [], body)
        for name, value in new.items():
            e.store(self.slot(name), self.group, b.select(done, value, self._lane(name)), _WIDE)

    # -- scalars ---------------------------------------------------------------------------------------------------

    def _lane(self, name: str) -> ir.Value:
        return self.e.load(self.slot(name), self.group, _WIDE)

    def scalar(self, number: Any) -> ir.Value:
        """Return a recorded number of the group's lanes, computed once a step."""
        if not isinstance(number, Number):
            return self.e.constant(float(number))
        if number not in self.known:
            self.known[number] = getattr(self, f"_{number.operation}", self._plain)(number)
        return self.known[number]

    def _plain(self, number: Number) -> ir.Value:
        kind = common_dtype(number) if number.dtype == bool else number.dtype
        operands = [
            self.scalar(item) if isinstance(item, Number) else self.e.constant(float(item), kind)
            for item in number.operands
        ]
        if number.dtype == bool:
            operands = [self.e.cast(item, kind) for item in operands]
        return self.e.operation(number.operation, operands, kind)

    def _input(self, number: Number) -> ir.Value:
        (name,) = number.operands
        if name in self.inputs:
            return self.inputs[name]
        if name == "alpha":
            return self.e.each(self.slot(name), self.k)
        return self._lane(name)

    def _power(self, number: Number) -> ir.Value:
        base, k = number.operands
        assert isinstance(k, StepNumber)
        name = f"power of {base.operands[0] if isinstance(base, Number) else base!r}"
        self.powers[name] = base.operands[0] if isinstance(base, Number) else base
        if not isinstance(base, Number):
            return self.e.each(self.slot(name), self.k)
        groups = self.b.load(self.e.at(self.slot("groups"), INT, count(0)), typ=INT)
        return self.e.load(self.slot(name), self.b.add(self.b.mul(self.k, groups), self.group), _WIDE)

    def _quotient(self, number: Number) -> ir.Value:
        e, b = self.e, self.b
        low, high = trusted_ratios(self.dtype)
        top, below = (self.scalar(item) for item in number.operands)
        zero = e.constant(0.0)
        vanishes, nothing = e.compare("==", below, zero), e.compare("==", top, zero)
        ratio = b.select(vanishes, zero, b.fdiv(top, b.select(vanishes, e.constant(1.0), below)))
        size = e.call("llvm.fabs", ratio)
        inside = b.and_(e.compare(">", size, e.constant(low)), e.compare("<", size, e.constant(high)))
        endless = e.compare("==", e.call("llvm.fabs", top), e.constant(np.inf))
        self.trusted.append(b.or_(b.or_(inside, nothing), b.or_(vanishes, endless)))
        return ratio

    def _dot(self, number: Number) -> ir.Value:
        pairs, which = number.operands
        if pairs not in self.sums:
            self._pass(pairs)
        return self.sums[pairs][which]

    def _pass(self, pairs: Any) -> None:
        """Compute dot products that were asked for together in one pass."""
        e, b = self.e, self.b
        self.prepare([vector for pair in pairs for vector in pair])

        def body(i: ir.Value, *totals: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            sides = [[e.cast(self.vector(vector, i, memo), _WIDE) for vector in pair] for pair in pairs]
            return [b.fadd(total, b.fmul(*side)) for total, side in zip(totals, sides, strict=True)], None

        _, *totals = e.loop(count(0), count(self.size), [e.constant(0.0)] * len(pairs), body)
        self.stored |= {vector for pair in pairs for vector in self._below(pair) if vector in self.names}
        low, high = TRUSTED
        for total in totals:
            size = e.call("llvm.fabs", total)
            self.trusted.append(b.and_(e.compare(">", size, e.constant(low)), e.compare("<", size, e.constant(high))))
        self.trusted[-len(pairs) :] = self._empty(pairs, self.trusted[-len(pairs) :])
        self.sums[pairs] = totals

    def _empty(self, pairs: Any, trusted: list[ir.Value]) -> list[ir.Value]:
        """Return where each sum is trusted, or has a zero in every product; looked at where one of them is not."""
        e, b = self.e, self.b
        sure = trusted[0]
        for mask in trusted[1:]:
            sure = b.and_(sure, mask)
        before, check, after = b.block, b.append_basic_block(), b.append_basic_block()
        b.cbranch(e.any(b.not_(sure)), check, after)
        b.position_at_end(check)

        def body(i: ir.Value, *empty: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            zero = e.constant(0.0, self.dtype)
            one_is = [[e.compare("==", self.vector(vector, i, memo), zero) for vector in pair] for pair in pairs]
            return [b.and_(old, b.or_(*sides)) for old, sides in zip(empty, one_is, strict=True)], None

        _, *empty = e.loop(count(0), count(self.size), [e.all()] * len(pairs), body)
        checked = [b.or_(mask, zeros) for mask, zeros in zip(trusted, empty, strict=True)]
        found, end = [], b.block
        b.branch(after)
        b.position_at_end(after)
        for old, new in zip(trusted, checked, strict=True):
            found.append(b.phi(lanes(bool)))
            found[-1].add_incoming(old, before)
            found[-1].add_incoming(new, end)
        return found

    # -- vectors ---------------------------------------------------------------------------------------------------

    def _below(self, vectors: Any) -> Iterator[Vector]:
        for vector in vectors:
            yield vector
            if not isinstance(vector, Leaf) and vector not in self.stored:
                yield from self._below([item for item in vector.operands if isinstance(item, Vector)])

    def prepare(self, vectors: Any) -> None:
        """Compute the scalars that formulas need, ahead of a loop over their entries."""
        for vector in list(self._below(vectors)):
            if isinstance(vector, Leaf) or vector in self.stored:
                continue
            for item in vector.operands:
                if isinstance(item, Number):
                    self.narrow[item] = self.e.cast(self.scalar(item), self.dtype)

    def _leaf(self, name: str, i: ir.Value) -> ir.Value:
        if name == "g":  # of a linear model: its row times the slope
            return self.b.fmul(self.e.load(self.slot("row"), i, self.dtype), self.scalar(self.recording.slope))
        return self.e.load(self.slot(name), self.b.add(self.first, i), self.dtype)

    def vector(self, vector: Any, i: ir.Value, memo: dict[Any, ir.Value]) -> ir.Value:
        """Return entry i of a formula; ``memo`` holds what is known of this entry. A result is kept when it is met."""
        if isinstance(vector, Leaf):
            return self._leaf(vector.name, i)
        if vector in memo:
            return memo[vector]
        if vector in self.stored:
            value = self.e.load(self.slot(f"new {self.names[vector]}"), i, self.dtype)
        else:
            operands = [
                self.vector(item, i, memo)
                if isinstance(item, Vector)
                else self.narrow[item]
                if isinstance(item, Number)
                else self.e.constant(item, self.dtype)
                for item in vector.operands
            ]
            value = self.e.operation(vector.operation.__name__, operands, self.dtype)
            if vector in self.names:
                self.e.store(self.slot(f"new {self.names[vector]}"), i, value, self.dtype)
        memo[vector] = value
        return value
