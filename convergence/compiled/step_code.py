"""Recorded steps as machine code: loops over groups of replicas and over steps, and what a step stores."""

from typing import Any

import numpy as np
from llvmlite import ir

from momoracle.convergence.compiled.formulas import Formulas
from momoracle.convergence.compiled.lanes import INT, POINTER, WIDTH, Emitter, count
from momoracle.convergence.compiled.recording import Recording
from momoracle.convergence.engine.samples import BLOCK
from momoracle.reference.numbers.recorded import Leaf

_WIDE = np.float64
_AT_ONCE = 4  # samples of a mean loss whose sums are under way together


class StepCode(Formulas):
    """The functions ``steps`` and ``mean`` of a recording, over ``slots``: the arrays of `compiled.Program` by name."""

    def __init__(self, recording: Recording, size: int, samples: int, dtype: Any, limit: float) -> None:
        super().__init__(recording, size, dtype)
        self.samples, self.limit = samples, limit
        self.module = ir.Module("step")
        for name, text in (("steps", self._group), ("mean", self._mean)):
            self._function(name, text)

    def _function(self, name: str, text: Any) -> None:
        kind = ir.FunctionType(ir.VoidType(), [POINTER, *[INT] * 4])
        function = ir.Function(self.module, kind, name)
        self.table, *self.range = function.args
        self.entry, self.bases = ir.IRBuilder(function.append_basic_block()), {}
        start = self.entry.append_basic_block()
        self.b = ir.IRBuilder(start)
        self.e = Emitter(self.b)
        self.e.loop(self.range[0], self.range[1], [], text)
        self.b.ret_void()
        self.entry.branch(start)

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
                x = self.leaf("x", i)
                places = [b.add(b.mul(s, count(self.size)), i) for s in samples]
                rows = [e.broadcast(self.slot("rows"), place, self.dtype) for place in places]
                return [b.fadd(z, b.fmul(row, x)) for z, row in zip(sums, rows, strict=True)], None

            _, *products = e.loop(count(0), count(self.size), [e.constant(0.0, self.dtype)] * width, product)
            for s, z in zip(samples, products, strict=True):
                self.begin({"product": z, "target": e.broadcast(self.slot("targets"), s, self.dtype)})
                total = b.fadd(total, self.scalar(self.recording.loss))
            return [total], None

        return e.loop(count(0), count((end - first) // width), [total], some)[1]

    def _group(self, group: ir.Value) -> tuple[list[Any], Any]:
        self.group, self.first = group, self.b.mul(group, count(self.size))
        reached = self.e.loop(self.range[2], self.range[3], [], self._step)[0]
        self.b.store(reached, self.e.at(self.slot("reached"), INT, group))
        return [], None

    def _step(self, k: ir.Value) -> tuple[list[Any], Any]:
        e, b, recording = self.e, self.b, self.recording
        self.k = k
        # Each lane has a sample of its own, so its row is gathered entry by entry. The row is kept: the gradient is the
        # row times the slope, which is known only once the product is.
        lane = [b.add(b.mul(self.group, count(WIDTH)), count(i)) for i in range(WIDTH)]
        ids = [b.load(e.at(self.slot("sample"), INT, b.add(b.mul(i, count(BLOCK)), k)), typ=INT) for i in lane]
        rows = [b.mul(s, count(self.size)) for s in ids]

        def product(i: ir.Value, total: ir.Value) -> tuple[list[ir.Value], None]:
            row = e.gather(self.slot("rows"), [b.add(start, i) for start in rows], self.dtype)
            e.store(self.slot("row"), i, row, self.dtype)
            return [b.fadd(total, b.fmul(row, self.leaf("x", i)))], None

        z = e.loop(count(0), count(self.size), [e.constant(0.0, self.dtype)], product)[1]
        self.begin({"product": z, "target": e.gather(self.slot("targets"), ids, self.dtype)})
        # Scalars first: they ask for the dot products, each a pass over the entries. ``fine`` collects which lanes take
        # the step as the ordinary one would: all within the limits, finite, and in the trusted range.
        loss = self.scalar(recording.loss)
        fine = e.within(loss, self.limit)
        new = {name: self.scalar(value) for name, value in recording.scalars.items()}
        trace = {f"trace {name}": self.scalar(value) for name, value in recording.trace.items()}
        fine = b.and_(fine, self._results())
        for name, value in new.items():
            if name != "next_lower_bound":
                fine = b.and_(fine, e.compare("<", e.call("llvm.fabs", value), e.constant(np.inf)))
        for mask in self.trusted:
            fine = b.and_(fine, mask)
        # The certificates compare both ends of the step, so they come last. Only then is anything overwritten.
        alive = e.compare(">", self.lane("alive"), e.constant(0.0))
        new |= {name: e.cast(self.scalar(value), _WIDE) for name, value in recording.measures.items()}
        self._commit(b.and_(fine, alive), new)
        for name, value in trace.items():
            e.store(self.slot(name), self.group, value, _WIDE)
        # A lane that may not take the step stops its group here: the next step would be taken from an old point.
        stop = b.and_(alive, b.not_(fine))
        e.store(self.slot("stopped"), self.group, e.cast(stop, _WIDE), _WIDE)
        return [], b.not_(e.any(stop))

    def _results(self) -> ir.Value:
        """Evaluate the results, and tell which lanes have entries within the limit before and finite after."""
        e, b, results = self.e, self.b, self.recording.results
        norms = "measured distance_sq" in self.recording.measures
        self.prepare(list(results.values()))

        # One pass over the entries does it all: each result is computed, stored beside the old one, and looked at; and
        # the two norms that the certificates need are summed.
        def body(i: ir.Value, fine: ir.Value, *squares: ir.Value) -> tuple[list[ir.Value], None]:
            memo: dict[Any, ir.Value] = {}
            for leaf in ("x", "g"):
                fine = b.and_(fine, e.within(self.vector(Leaf(leaf), i, memo), self.limit, self.dtype))
            for vector in results.values():
                size = e.call("llvm.fabs", self.vector(vector, i, memo))
                fine = b.and_(fine, e.compare("<", size, e.constant(np.inf, self.dtype)))
            if not norms:
                return [fine], None
            center = e.broadcast(self.slot("center"), i)
            terms = [
                e.cast(self.leaf("g", i), _WIDE),
                b.fsub(e.cast(self.vector(results["x"], i, memo), _WIDE), center),
            ]
            return [fine, *(b.fadd(old, b.fmul(z, z)) for old, z in zip(squares, terms, strict=True))], None

        sums = ["gradient_norm_sq", "distance_sq"] if norms else []
        _, fine, *squares = e.loop(count(0), count(self.size), [e.all(), *[e.constant(0.0) for _ in sums]], body)
        self.inputs |= dict(zip(sums, squares, strict=True))
        return fine

    def _commit(self, done: ir.Value, new: dict[str, ir.Value]) -> None:
        """Overwrite the old results and scalars in the lanes of ``done``; the others keep what they had."""
        e, b = self.e, self.b

        def body(i: ir.Value) -> tuple[list[ir.Value], None]:
            for name in self.recording.results:
                place = b.add(self.first, i)
                value = b.select(done, e.load(self.slot(f"new {name}"), i, self.dtype), self.leaf(name, i))
                e.store(self.slot(name), place, value, self.dtype)
            return [], None

        e.loop(count(0), count(self.size), [], body)
        for name, value in new.items():
            e.store(self.slot(name), self.group, b.select(done, value, self.lane(name)), _WIDE)
