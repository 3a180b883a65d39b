"""Advance one tile of an ensemble by a compiled program, and by ordinary steps where the program leaves one undone."""

from dataclasses import replace
from typing import Any

import numpy as np

from momoracle.convergence.certificates.certificate import Certificate, Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.compiled.lanes import WIDTH
from momoracle.convergence.compiled.program import Program
from momoracle.convergence.compiled.recording import NotRecorded, record
from momoracle.convergence.compiled.step_code import StepCode
from momoracle.convergence.engine.ensemble import Ensemble, Part
from momoracle.convergence.engine.samples import BLOCK, blocks
from momoracle.convergence.engine.tile import Tile, applicable, at_cap, beyond, capped, means_checked
from momoracle.convergence.limits import LIMITS
from momoracle.convergence.problems.problem import Array


def code_of(ensemble: Ensemble) -> StepCode:
    """Return the code of an ensemble's step.

    Raises:
        ValueError: the method or the problem cannot be recorded.
    """
    problem = ensemble.problem.astype(ensemble.dtype)
    try:
        one = Part.of(ensemble, np.zeros(1, dtype=np.int64)).method
        recording = record(problem, one, ensemble.dtype, applicable(ensemble))
        limit = LIMITS[ensemble.dtype]
        return StepCode(recording, problem.size, problem.samples, np.dtype(ensemble.dtype), limit)
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
        self.certificates = [c for c in applicable(ensemble) if c.of != "means"]
        self.of_momo, self.of_losses = ([c for c in self.certificates if c.of == k] for k in ("momo", "losses"))
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
        for name, (shape, dtype) in program.shapes(self.groups).items():
            self.arrays.setdefault(name, np.zeros(shape, dtype=dtype))
        self.arrays |= {name: value.copy() for name, value in (self.scalars | given).items()}
        if self.of_momo:
            measurer = Measurer(self.problem, self.method, self.part.points)
            self.arrays |= {f"measured {name}": 1.0 * getattr(measurer, name) for name in Measurer.CARRIED}
            self.arrays["center"] = measurer.center
        if self.of_losses:
            losses = LossMeasurer(self.problem, self.part.points)
            self.arrays |= {f"measured {name}": getattr(losses, name) for name in LossMeasurer.CARRIED}
        for one in self.certificates:
            for part, value in Ledger.empty(len(numbers))._asdict().items():
                self.arrays[f"{one.id} {part}"] = value
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
        stopped = self.arrays["stopped"]
        while (waiting := np.flatnonzero(stopped)).size:  # all that wait at the earliest step take it together
            done = int(reached[waiting // WIDTH].min())
            at = waiting[reached[waiting // WIDTH] == done]
            self._ordinary(at, base + done, block[at, done - 1])
            groups = np.unique(at // WIDTH)
            stopped.reshape(-1, WIDTH)[groups] = 0
            if done < steps.stop:
                for near in np.split(groups, np.flatnonzero(np.diff(groups) > 1) + 1):
                    self.program.run(self.arrays, range(near[0], near[-1] + 1), range(done, steps.stop))

    def _ordinary(self, at: Array, k: int, sample: Array) -> None:
        """Take step k of some replicas as `tile.advance` does."""
        x, arrays = self.tensor("x", at), self.arrays
        loss, gradient = self.problem.answers(x, sample)
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
        new |= {f"trace {name}": getattr(trace, name) for name in found.trace} | {"total": held["total"] + loss}
        if capped(method):
            hit = at_cap(trace.step_size, trace.weight_sum, method.lr(k) if callable(method.lr) else method.lr)
            new["capped"] = np.maximum(held["capped"], hit)
        if self.of_momo:
            new |= self._measured(method, at, k, loss, gradient, trace, x)
        if self.of_losses:
            new |= self._losses(at, k, loss, x)
        for name, value in new.items():
            arrays[name][at] = value

    def _measured(
        self, method: Any, at: Array, k: int, loss: Array, gradient: Array, trace: Any, after: Array
    ) -> dict[str, Array]:
        """Return what the certificates carry of some replicas after their step k."""
        measurer = Measurer(self.problem, method, after)
        for name in Measurer.CARRIED:
            setattr(measurer, name, self.arrays[f"measured {name}"][at].astype(getattr(measurer, name).dtype))
        norm_sq, distance_sq = measurer.norms_sq(gradient, after)
        measured = measurer.step(loss, norm_sq, trace, distance_sq, k)
        new = {f"measured {name}": getattr(measurer, name) for name in Measurer.CARRIED}
        return new | self._checked(self.of_momo, measured, at, k)

    def _losses(self, at: Array, k: int, loss: Array, after: Array) -> dict[str, Array]:
        """Return what the certificates of losses carry of some replicas after their step k."""
        measurer = LossMeasurer(self.problem, after)
        for name in LossMeasurer.CARRIED:
            setattr(measurer, name, self.arrays[f"measured {name}"][at])
        measured = measurer.step(loss, k)
        new = {f"measured {name}": getattr(measurer, name) for name in LossMeasurer.CARRIED}
        return new | self._checked(self.of_losses, measured, at, k)

    def _checked(self, certificates: list[Certificate], measured: Any, at: Array, k: int) -> dict[str, Array]:
        new: dict[str, Array] = {}
        for one in certificates:
            ledger = self.ledger(one.id, at).after(one.sides(measured, self.problem), k, np.ones(len(at), dtype=bool))
            new |= {f"{one.id} {part}": value for part, value in ledger._asdict().items()}
        return new

    def ledger(self, certificate: str, at: Array) -> Ledger:
        """Return the ledger of some replicas."""
        return Ledger(*(self.arrays[f"{certificate} {part}"][at] for part in Ledger._fields))

    def _method_of(self, at: Array) -> Any:
        names = self.program.recording.given.values()
        return replace(self.method, **{name: getattr(self.method, name)[at] for name in names})

    def _retire(self, at: Array, k: int) -> None:
        """Leave replicas at their starts, where they disturb nobody, as if they had taken no step."""
        self.retired[at] = k
        for name, value in self.scalars.items():
            if name != "capped":  # that stays true
                self.arrays[name][at] = value[at]
        self.arrays["alive"][at] = 0
        for name in self.program.recording.results:
            self._put(name, at, self.part.points[at] if name == "x" else 0)


def advance(ensemble: Ensemble, replicas: range, program: Program) -> Tile:
    """Run the replicas of a tile from their starts to the last step, by a program of `program_of`."""
    run, count = Run(ensemble, replicas, program), len(replicas)
    seen, arrays, column, done = ensemble.checkpoints(), run.arrays, 0, 0
    rows = {name: np.full((count, len(seen)), np.nan) for name in ("mean_loss", "loss_average", *ensemble.watch)}
    for block in blocks(run.problem, run.part.seeds):
        base, end = done, min(done + BLOCK, ensemble.steps)
        arrays |= {"sample": block} | program.schedule(run.method, base + 1, arrays)
        while done < end:
            looked_at = done + 1 == seen[column]
            last = done + 1 if looked_at else min(end, seen[column] - 1)
            if looked_at:
                mean_loss = program.mean_loss(arrays, run.groups).copy()
            run.take(done + 1, last, block, base)
            done, alive = last, arrays["alive"] > 0
            if looked_at:
                new = {"mean_loss": mean_loss, "loss_average": arrays["total"] / done}
                new |= {name: arrays[f"trace {name}"] for name in ensemble.watch}
                for name, value in new.items():
                    rows[name][:, column] = np.where(alive, value, np.nan)[:count]
                column += 1
        if done == ensemble.steps:
            break
    ledgers = {one.id: run.ledger(one.id, run.everyone[:count]) for one in run.certificates}
    ledgers |= means_checked(ensemble, rows["mean_loss"])
    hit = arrays["capped"][:count] > 0 if capped(run.method) else np.zeros(count, dtype=bool)
    return Tile(replicas, rows, ledgers, run.retired[:count], hit)
