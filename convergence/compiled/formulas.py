"""Recorded scalars and vectors as machine code: what one step of a group of replicas computes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from llvmlite import ir

from momoracle.convergence.compiled.lanes import INT, POINTER, Emitter, common_dtype, count, lanes
from momoracle.convergence.compiled.recording import Recording
from momoracle.reference.numbers.expressions import Vector
from momoracle.reference.numbers.floats import TRUSTED, trusted_ratios
from momoracle.reference.numbers.recorded import Leaf, Number, StepNumber

_WIDE = np.float64


class Formulas:
    """Writes the formulas of a recording where the builder ``b`` stands, over the lanes of ``group`` at step ``k``.

    ``slots`` are the arrays that they read, by name; ``powers`` tells of slots that hold powers β^k which β it is: a
    number, or the slot that holds it. ``trusted`` has the conditions under which what was written is the step.
    """

    b: ir.IRBuilder
    e: Emitter
    entry: ir.IRBuilder
    table: ir.Value
    group: ir.Value
    first: ir.Value  # row of the group's tensors
    k: ir.Value

    def __init__(self, recording: Recording, size: int, dtype: Any) -> None:
        self.recording, self.size, self.dtype = recording, size, dtype
        self.names = {vector: name for name, vector in recording.results.items()}
        self.slots: dict[str, int] = {}
        self.powers: dict[str, Any] = {}
        self.bases: dict[str, ir.Value] = {}
        self.begin({})

    def begin(self, inputs: dict[str, ir.Value]) -> None:
        """Forget what was computed from other inputs."""
        self.inputs = inputs
        self.trusted: list[ir.Value] = []
        self.known: dict[Number, ir.Value] = {}
        self.narrow: dict[Number, ir.Value] = {}  # in the dtype of the vectors
        self.stored: set[Vector] = set()  # results that are in memory already
        self.sums: dict[Any, list[ir.Value]] = {}

    def slot(self, name: str) -> ir.Value:
        """Return the address of an array."""
        if name not in self.bases:
            place = count(self.slots.setdefault(name, len(self.slots)))
            self.bases[name] = self.entry.load(self.entry.gep(self.table, [place], source_etype=POINTER), typ=POINTER)
        return self.bases[name]

    # -- scalars ---------------------------------------------------------------------------------------------------

    def lane(self, name: str) -> ir.Value:
        """Return the group's entries of an array of scalars."""
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
            return self.e.broadcast(self.slot(name), self.k)
        return self.lane(name)

    def _power(self, number: Number) -> ir.Value:
        base, k = number.operands
        if not isinstance(k, Number) and k == 2:
            return self.b.fmul(self.scalar(base), self.scalar(base))
        assert isinstance(k, StepNumber)
        # β^k has no instruction that rounds as NumPy's does; so powers are computed by NumPy ahead of a block of steps.
        name = f"power of {base.operands[0] if isinstance(base, Number) else base!r}"
        self.powers[name] = base.operands[0] if isinstance(base, Number) else base
        if not isinstance(base, Number):
            return self.e.broadcast(self.slot(name), self.k)
        groups = self.b.load(self.e.at(self.slot("groups"), INT, count(0)), typ=INT)
        return self.e.load(self.slot(name), self.b.add(self.b.mul(self.k, groups), self.group), _WIDE)

    def _quotient(self, number: Number) -> ir.Value:
        e, b = self.e, self.b
        # A quotient by zero is zero, as in every number system of the reference; the division itself is by one there,
        # so that no NaN arises. Ratios outside the trusted range are left to NumPy, which scales them.
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
        """Compute dot products that were asked for together in one pass over the entries."""
        e, b = self.e, self.b
        # Scalars are computed ahead of the loop; inside it there is nothing but the entries' own arithmetic.
        self.prepare([vector for pair in pairs for vector in pair])

        def body(i: ir.Value, *totals: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            sides = [[e.cast(self.vector(vector, i, memo), _WIDE) for vector in pair] for pair in pairs]
            return [b.fadd(total, b.fmul(*side)) for total, side in zip(totals, sides, strict=True)], None

        _, *totals = e.loop(count(0), count(self.size), [e.constant(0.0)] * len(pairs), body)
        self.stored |= {vector for pair in pairs for vector in self._below(pair) if vector in self.names}
        # NumPy scales a sum that leaves the trusted range, which this loop does not. So such a lane does not take the
        # step: an ordinary step will. A sum of zeros alone is right all the same.
        low, high = (e.constant(end) for end in TRUSTED)
        sizes = [e.call("llvm.fabs", total) for total in totals]
        inside = [b.and_(e.compare(">", size, low), e.compare("<", size, high)) for size in sizes]
        for mask in self._empty(pairs, inside):
            self._trust(mask)
        self.sums[pairs] = totals

    def _empty(self, pairs: Any, trusted: list[ir.Value]) -> list[ir.Value]:
        """Return where each sum is trusted, or has a zero in every product; looked at where one of them is not."""
        e, b = self.e, self.b
        # That a product is zero is asked of every entry once more; so it is asked only where a sum is not trusted.
        sure = trusted[0]
        for mask in trusted[1:]:
            sure = b.and_(sure, mask)
        before, check, after = b.block, b.append_basic_block(), b.append_basic_block()
        b.cbranch(e.any(b.not_(sure)), check, after)
        b.position_at_end(check)

        def body(i: ir.Value, *empty: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            zero = e.constant(0.0, self.dtype)
            zeros = [[e.compare("==", self.vector(vector, i, memo), zero) for vector in pair] for pair in pairs]
            return [b.and_(old, b.or_(*sides)) for old, sides in zip(empty, zeros, strict=True)], None

        _, *empty = e.loop(count(0), count(self.size), [e.all()] * len(pairs), body)
        checked = [b.or_(mask, zeros) for mask, zeros in zip(trusted, empty, strict=True)]
        masks, end = [], b.block
        b.branch(after)
        b.position_at_end(after)
        for old, new in zip(trusted, checked, strict=True):
            masks.append(b.phi(lanes(bool)))
            masks[-1].add_incoming(old, before)
            masks[-1].add_incoming(new, end)
        return masks

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

    def leaf(self, name: str, i: ir.Value) -> ir.Value:
        """Return entry i of a given vector."""
        if name == "g":  # the row of a linear model, times the slope
            return self.b.fmul(self.e.load(self.slot("row"), i, self.dtype), self.scalar(self.recording.slope))
        return self.e.load(self.slot(name), self.b.add(self.first, i), self.dtype)

    def vector(self, vector: Any, i: ir.Value, memo: dict[Any, ir.Value]) -> ir.Value:
        """Return entry i of a formula; ``memo`` holds what is known of this entry. A result is kept when it is met."""
        if isinstance(vector, Leaf):
            return self.leaf(vector.name, i)
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
