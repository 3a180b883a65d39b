"""Recorded steps as machine code: loops over groups of replicas, steps, and the entries of their vectors."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from llvmlite import ir

from momoracle.convergence.lanes import INT, POINTER, WIDTH, Emitter, common_dtype, count, lanes
from momoracle.convergence.recording import Recording
from momoracle.convergence.samples import BLOCK
from momoracle.reference.expressions import Vector
from momoracle.reference.floats import TRUSTED, trusted_ratios
from momoracle.reference.recorded import Leaf, Number, StepNumber

_WIDE = np.float64
_AT_ONCE = 4  # samples of a mean loss whose sums are under way together


class StepCode:
    """The functions ``steps`` and ``mean`` of a recording, over ``slots``: the arrays of `compiled.Program` by name.

    ``powers`` tells of slots that hold powers β^k which β it is: a number, or the slot that holds it.
    """

    def __init__(self, recording: Recording, size: int, samples: int, dtype: Any, limit: float) -> None:
        self.recording, self.size, self.samples, self.dtype = recording, size, samples, dtype
        self.limit = limit
        self.names = {vector: name for name, vector in recording.results.items()}
        self.slots: dict[str, int] = {}
        self.powers: dict[str, Any] = {}
        self.module = ir.Module("step")
        for name, body in (("steps", self._group), ("mean", self._mean)):
            self._function(name, body)

    def _function(self, name: str, body: Any) -> None:
        kind = ir.FunctionType(ir.VoidType(), [POINTER, *[INT] * 4])
        function = ir.Function(self.module, kind, name)
        self.table, *self.range = function.args
        self.entry = ir.IRBuilder(function.append_basic_block())
        self.bases: dict[Any, Any] = {}
        start = self.entry.append_basic_block()
        self.b = ir.IRBuilder(start)
        self.e = Emitter(self.b)
        self.e.loop(self.range[0], self.range[1], [], body)
        self.b.ret_void()
        self.entry.branch(start)

    def slot(self, name: str) -> ir.Value:
        """Return the address of an array."""
        if name not in self.bases:
            place = count(self.slots.setdefault(name, len(self.slots)))
            self.bases[name] = self.entry.load(self.entry.gep(self.table, [place], source_etype=POINTER), typ=POINTER)
        return self.bases[name]

    def _mean(self, group: ir.Value) -> tuple[list[Any], Any]:
        self.group, self.first = group, self.b.mul(group, count(self.size))
        total, whole = self.e.constant(0.0), self.samples - self.samples % _AT_ONCE
        if whole:
            total = self._part(0, whole, _AT_ONCE, total)
        if whole < self.samples:
            total = self._part(whole, self.samples, 1, total)
        mean = self.b.fdiv(total, self.e.constant(self.samples))
        self.e.store(self.slot("mean_loss"), group, mean, _WIDE)
        return [], None

    def _part(self, first: int, end: int, width: int, total: ir.Value) -> ir.Value:
        """Add the losses of the samples from ``first`` to ``end``, ``width`` at once."""
        e, b = self.e, self.b

        def some(j: ir.Value, total: ir.Value) -> tuple[list[ir.Value], None]:
            samples = [b.add(b.mul(j, count(width)), count(first + s)) for s in range(width)]

            def product(i: ir.Value, *sums: ir.Value) -> tuple[list[ir.Value], None]:
                x = self._leaf("x", i)
                places = [b.add(b.mul(s, count(self.size)), i) for s in samples]
                rows = [e.each(self.slot("rows"), place, self.dtype) for place in places]
                return [b.fadd(z, b.fmul(row, x)) for z, row in zip(sums, rows, strict=True)], None

            _, *products = e.loop(count(0), count(self.size), [e.constant(0.0, self.dtype)] * width, product)
            for s, z in zip(samples, products, strict=True):
                self._begin({"product": z, "target": e.each(self.slot("targets"), s, self.dtype)})
                total = b.fadd(total, self.scalar(self.recording.loss))
            return [total], None

        return e.loop(count(0), count((end - first) // width), [total], some)[1]

    def _begin(self, inputs: dict[str, ir.Value]) -> None:
        """Forget what was computed from other inputs."""
        self.inputs = inputs
        self.trusted: list[Any] = []
        self.known: dict[Any, Any] = {}
        self.narrow: dict[Any, Any] = {}
        self.stored: set[Any] = set()
        self.sums: dict[Any, Any] = {}

    def _group(self, group: ir.Value) -> tuple[list[Any], Any]:
        self.group, self.first = group, self.b.mul(group, count(self.size))
        reached = self.e.loop(self.range[2], self.range[3], [], self._step)[0]
        self.b.store(reached, self.e.at(self.slot("reached"), INT, group))
        return [], None

    def _step(self, k: ir.Value) -> tuple[list[Any], Any]:
        e, b, found = self.e, self.b, self.recording
        self.k = k
        lane = [b.add(b.mul(self.group, count(WIDTH)), count(i)) for i in range(WIDTH)]
        ids = [b.load(e.at(self.slot("sample"), INT, b.add(b.mul(i, count(BLOCK)), k)), typ=INT) for i in lane]
        rows = [b.mul(s, count(self.size)) for s in ids]

        def product(i: ir.Value, total: ir.Value) -> tuple[list[ir.Value], None]:
            row = e.gathered(self.slot("rows"), [b.add(start, i) for start in rows], self.dtype)
            e.store(self.slot("row"), i, row, self.dtype)
            return [b.fadd(total, b.fmul(row, self._leaf("x", i)))], None

        z = e.loop(count(0), count(self.size), [e.constant(0.0, self.dtype)], product)[1]
        self._begin({"product": z, "target": e.gathered(self.slot("targets"), ids, self.dtype)})
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
        new |= {name: e.cast(self.scalar(value), _WIDE) for name, value in found.measures.items()}
        self._commit(b.and_(fine, alive), new)
        for name, value in trace.items():
            e.store(self.slot(name), self.group, value, _WIDE)
        stop = b.and_(alive, b.not_(fine))
        e.store(self.slot("stopped"), self.group, e.cast(stop, _WIDE), _WIDE)
        return [], b.not_(e.any(stop))

    def _results(self) -> ir.Value:
        """Evaluate the results, and tell which lanes have entries within the limit before and finite after."""
        e, b, results = self.e, self.b, self.recording.results
        self.prepare(list(results.values()))

        def body(i: ir.Value, fine: ir.Value, *squares: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            for leaf in ("x", "g"):
                fine = b.and_(fine, e.within(self.vector(Leaf(leaf), i, memo), self.limit, self.dtype))
            for vector in results.values():
                size = e.call("llvm.fabs", self.vector(vector, i, memo))
                fine = b.and_(fine, e.compare("<", size, e.constant(np.inf, self.dtype)))
            if not self.recording.measures:
                return [fine], None
            center = e.each(self.slot("center"), i)
            terms = [
                e.cast(self._leaf("g", i), _WIDE),
                b.fsub(e.cast(self.vector(results["x"], i, memo), _WIDE), center),
            ]
            return [fine, *(b.fadd(old, b.fmul(z, z)) for old, z in zip(squares, terms, strict=True))], None

        sums = ["gradient_norm_sq", "distance_sq"] if self.recording.measures else []
        _, fine, *found = e.loop(count(0), count(self.size), [e.all(), *[e.constant(0.0) for _ in sums]], body)
        self.inputs |= dict(zip(sums, found, strict=True))
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
        if name in ("alpha", "k"):
            return self.e.each(self.slot(name), self.k)
        return self._lane(name)

    def _power(self, number: Number) -> ir.Value:
        base, k = number.operands
        if not isinstance(k, Number) and k == 2:
            return self.b.fmul(self.scalar(base), self.scalar(base))
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
        self._trust(b.or_(b.or_(inside, nothing), b.or_(vanishes, endless)))
        return ratio

    def _trust(self, mask: ir.Value) -> None:
        """Take the step only in the lanes of a mask."""
        self.trusted.append(mask)

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
        low, high = (e.constant(end) for end in TRUSTED)
        sizes = [e.call("llvm.fabs", total) for total in totals]
        inside = [b.and_(e.compare(">", size, low), e.compare("<", size, high)) for size in sizes]
        for mask in self._empty(pairs, inside):
            self._trust(mask)
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
