"""Advance one tile of an ensemble by a compiled program, and by ordinary steps where the program leaves one undone."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from momoracle.convergence.certificate import Ledger
from momoracle.convergence.compiled import Program
from momoracle.convergence.ensemble import LIMITS, Ensemble, Part
from momoracle.convergence.lanes import WIDTH
from momoracle.convergence.measured import Measurer
from momoracle.convergence.problem import Array
from momoracle.convergence.recording import NotRecorded, record
from momoracle.convergence.samples import BLOCK, blocks
from momoracle.convergence.step_code import StepCode
from momoracle.convergence.tile import Tile, answers, applicable, at_cap, beyond, capped


def code_of(ensemble: Ensemble) -> StepCode:
    """Return the code of an ensemble's step.

    Raises:
        ValueError: the method or the problem cannot be recorded.
    """
    problem = ensemble.problem.astype(ensemble.dtype)
    try:
        one = Part.of(ensemble, np.zeros(1, dtype=np.int64)).method
        recording = record(one, problem.sample_loss_and_grad, np.dtype(ensemble.dtype))
        measured = bool(applicable(ensemble))
        limit = LIMITS[ensemble.dtype]
        return StepCode(recording, problem.size, problem.samples, np.dtype(ensemble.dtype), limit, measured)
    except (NotRecorded, NotImplementedError) as error:
        name = type(ensemble.method).__name__
        raise ValueError(
            f"compiled is True, but {name} on {problem.name} cannot be compiled: {error}; leave compiled out"
        ) from error


class Run:
    """The replicas of a tile, in groups of `WIDTH`; the last group is filled up with copies of the last replica."""

    def __init__(self, ensemble: Ensemble, replicas: range, program: Program) -> None:
        self.program, self.groups = program, -(-len(replicas) // WIDTH)
        numbers = np.minimum(np.arange(self.groups * WIDTH), len(replicas) - 1) + replicas.start
        self.part, self.problem = Part.of(ensemble, numbers), ensemble.problem.astype(ensemble.dtype)
        self.method, self.limit = self.part.method, LIMITS[ensemble.dtype]
        self.everyone, self.retired = np.arange(len(numbers)), np.zeros(len(numbers), dtype=np.int64)
        self.measurer = Measurer(ensemble.problem, self.method, self.part.points) if program.measured else None
        model: Any = self.problem.sample_loss_and_grad
        state = self.method.init(self.part.points, replicas=len(numbers))
        given = {slot: getattr(self.method, name) for slot, name in program.recording.given.items()}
        held = {name: getattr(state, name, 0.0) for name in program.recording.scalars}
        self.scalars = {name: np.zeros(len(numbers)) + value for name, value in (held | {"alive": 1.0}).items()}
        self.arrays: dict[str, Array] = {
            "rows": model.rows,
            "targets": model.targets,
            "groups": np.array([self.groups]),
        }
        if self.measurer is not None:
            self.arrays["center"] = self.measurer.center
        for name, (shape, dtype) in program.shapes(self.groups).items():
            self.arrays.setdefault(name, np.zeros(shape, dtype=dtype))
        self.arrays |= {name: value.copy() for name, value in (self.scalars | given).items()}
        self._put("x", self.everyone, self.part.points)

    def tensor(self, name: str, at: Array) -> Array:
        """Return a tensor of some replicas, a row each."""
        return self.arrays[name][at // WIDTH, :, at % WIDTH]

    def _put(self, name: str, at: Array, rows: Array) -> None:
        self.arrays[name][at // WIDTH, :, at % WIDTH] = rows

    def take(self, first: int, last: int, block: Array, base: int) -> None:
        """Take the steps from ``first`` to ``last``; column 0 of ``block`` has the samples of step ``base`` + 1."""
        if first == 1:
            self._ordinary(self.everyone, 1, block[:, 0])
            first = 2
        steps, reached = range(first - 1 - base, last - base), self.arrays["reached"]
        if not steps:
            return
        self.program.run(self.arrays, range(self.groups), steps)
        for group in np.flatnonzero(self.arrays["stopped"].reshape(-1, WIDTH).any(axis=1)):
            while (stopped := np.flatnonzero(self.arrays["stopped"].reshape(-1, WIDTH)[group])).size:
                at, done = group * WIDTH + stopped, int(reached[group])
                self._ordinary(at, base + done, block[at, done - 1])
                if done == steps.stop:
                    break
                self.program.run(self.arrays, range(group, group + 1), range(done, steps.stop))

    def _ordinary(self, at: Array, k: int, sample: Array) -> None:
        """Take step k of some replicas as `tile.advance` does."""
        x, arrays = self.tensor("x", at), self.arrays
        loss, gradient = answers(self.problem, x, sample)
        out = beyond(loss, gradient, x, self.limit)
        self._retire(at[out], k)
        at, x, loss, gradient = at[~out], x[~out], loss[~out], gradient[~out]
        if not at.size:
            return
        method, found = self._method_of(at), self.program.recording
        held = {name: arrays[name][at] for name in found.scalars} | {
            name: self.tensor(name, at) for name in found.results
        }
        state = method.State(step=k - 1, replicas=len(at), **{name: held[name] for name in method.State._fields[2:]})
        x, state, trace = method.step(x, gradient, state, loss=loss)
        for name in found.results:
            self._put(name, at, x if name == "x" else getattr(state, name))
        new = {name: getattr(state, name) for name in found.scalars if hasattr(state, name)}
        new |= {f"trace {name}": getattr(trace, name) for name in found.trace} | {
            "total": held["total"] + loss,
            "loss": loss,
        }
        if capped(method):
            hit = at_cap(trace.step_size, trace.weight_sum, method.lr(k) if callable(method.lr) else method.lr)
            new["capped"] = np.maximum(held["capped"], hit)
        if self.measurer is not None:
            new["gradient_norm_sq"], new["distance_sq"] = self.measurer.norms_sq(gradient, x)
        for name, value in new.items():
            arrays[name][at] = value

    def _method_of(self, at: Array) -> Any:
        names = self.program.recording.given.values()
        return replace(self.method, **{name: getattr(self.method, name)[at] for name in names})

    def _retire(self, at: Array, k: int) -> None:
        """Leave replicas at their starts, where they disturb nobody, as if they had taken no step."""
        self.retired[at] = k
        for name, value in self.scalars.items():
            self.arrays[name][at] = value[at]
        self.arrays["alive"][at] = 0
        for name in self.program.recording.results:
            self._put(name, at, self.part.points[at] if name == "x" else 0)


def advance(ensemble: Ensemble, replicas: range, program: Program) -> Tile:
    """Run the replicas of a tile from their starts to the last step, by a program of `program_of`."""
    run, count, certificates = Run(ensemble, replicas, program), len(replicas), applicable(ensemble)
    seen, arrays, column, done = ensemble.checkpoints(), run.arrays, 0, 0
    rows = {name: np.full((count, len(seen)), np.nan) for name in ("mean_loss", "loss_average", *ensemble.watch)}
    ledgers = {c.id: Ledger(len(run.everyone)) for c in certificates}
    for block in blocks(run.problem, run.part.seeds):
        base, end = done, min(done + BLOCK, ensemble.steps)
        arrays |= {"sample": block} | program.schedule(run.method, base + 1, arrays)
        while done < end:
            looked_at = done + 1 == seen[column]
            last = done + 1 if looked_at or certificates else min(end, seen[column] - 1)
            if looked_at:
                mean_loss = program.mean_loss(arrays, run.groups).copy()
            run.take(done + 1, last, block, base)
            done, alive = last, arrays["alive"] > 0
            if run.measurer is not None:
                trace = SimpleNamespace(**{name: arrays[f"trace {name}"] for name in program.recording.trace})
                found = run.measurer.step(
                    arrays["loss"], arrays["gradient_norm_sq"], trace, arrays["distance_sq"].copy(), done
                )
                for certificate in certificates:
                    ledgers[certificate.id].enter(certificate.sides(found, ensemble.problem), done, alive)
            if looked_at:
                new = {"mean_loss": mean_loss, "loss_average": arrays["total"] / done}
                new |= {name: arrays[f"trace {name}"] for name in ensemble.watch}
                for name, value in new.items():
                    rows[name][:, column] = np.where(alive, value, np.nan)[:count]
                column += 1
        if done == ensemble.steps:
            break
    hit = arrays["capped"][:count] > 0 if capped(run.method) else np.zeros(count, dtype=bool)
    return Tile(replicas, rows, {name: led.of(count) for name, led in ledgers.items()}, run.retired[:count], hit)
