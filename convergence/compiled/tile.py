"""Advance one tile of an ensemble by a compiled program, and by ordinary steps where the program leaves one undone."""

from dataclasses import replace
from typing import Any

import numpy as np

from momoracle.convergence.certificates.certificate import Ledger
from momoracle.convergence.certificates.loss_measures import LossMeasurer
from momoracle.convergence.certificates.momo_measures import Measurer
from momoracle.convergence.compiled.lanes import WIDTH
from momoracle.convergence.compiled.program import Program
from momoracle.convergence.compiled.recording import NotRecorded, record
from momoracle.convergence.compiled.step_code import StepCode
from momoracle.convergence.engine.ensemble import Ensemble, Part
from momoracle.convergence.engine.replicas import Replicas, has_cap, is_beyond, select_certificates
from momoracle.convergence.engine.samples import BLOCK, blocks
from momoracle.convergence.engine.tile import Tile, check_means
from momoracle.convergence.problems.limits import LIMITS
from momoracle.convergence.problems.problem import Array


def code_of(ensemble: Ensemble) -> StepCode:
    """Return the code of an ensemble's step.

    Raises:
        ValueError: the method or the problem cannot be recorded.
    """
    problem = ensemble.stated_problem.astype(ensemble.dtype)
    try:
        method = Part.of(ensemble, np.zeros(1, dtype=np.int64)).method
        recording = record(problem, method, ensemble.dtype, select_certificates(ensemble))
        limit = LIMITS[ensemble.dtype]
        return StepCode(recording, problem.size, problem.samples, np.dtype(ensemble.dtype), limit)
    except (NotRecorded, NotImplementedError) as error:
        name = type(ensemble.method).__name__
        raise ValueError(
            f"compiled is True, but {name} on {problem.name} cannot be compiled: {error}; leave compiled out"
        ) from error


class CompiledTile:
    """The replicas of a tile in the arrays of a program, in groups of `WIDTH`.

    The last group is filled up with copies of the last replica.
    """

    def __init__(self, ensemble: Ensemble, replicas: range, program: Program) -> None:
        self.program, self.groups = program, -(-len(replicas) // WIDTH)
        numbers = np.minimum(np.arange(self.groups * WIDTH), len(replicas) - 1) + replicas.start
        self.part, self.problem = Part.of(ensemble, numbers), ensemble.stated_problem.astype(ensemble.dtype)
        self.method, self.limit = self.part.method, LIMITS[ensemble.dtype]
        self.everyone, self.retired = np.arange(len(numbers)), np.zeros(len(numbers), dtype=np.int64)
        self.certificates = [c for c in select_certificates(ensemble) if c.of != "means"]
        model: Any = self.problem.sample_loss_and_grad
        state = self.method.init(self.part.points, replicas=len(numbers))
        # What the program reads and never writes: the data, and the hyperparameters that differ among replicas.
        options = {slot: getattr(self.method, name) for slot, name in program.recording.hyperparameters.items()}
        self.arrays: dict[str, Array] = {
            "rows": model.rows,
            "targets": model.targets,
            "groups": np.array([self.groups]),
        }
        for name, (shape, dtype) in program.shapes(self.groups).items():
            self.arrays.setdefault(name, np.zeros(shape, dtype=dtype))
        # What it carries from step to step: the state's scalars, and below them the sums of the certificates.
        scalars = {name: getattr(state, name, 0.0) for name in program.recording.scalars}
        self.scalars = {name: np.zeros(len(numbers)) + value for name, value in (scalars | {"alive": 1.0}).items()}
        self.arrays |= {name: value.copy() for name, value in (self.scalars | options).items()}
        start = Replicas(self.problem, self.method, self.certificates, self.part.points, state)
        self.arrays |= {name: 1.0 * value for name, value in _carried_arrays(start).items()}
        if start.momo is not None:
            self.arrays["center"] = start.momo.center
        self._put("x", self.everyone, self.part.points)

    def tensor(self, name: str, at: Array) -> Array:
        """Return a tensor of some replicas, a row each."""
        return self.arrays[name][at // WIDTH, :, at % WIDTH]

    def _put(self, name: str, at: Array, rows: Array) -> None:
        self.arrays[name][at // WIDTH, :, at % WIDTH] = rows

    def advance(self, first: int, last: int, block: Array, base: int) -> None:
        """Take the steps from ``first`` to ``last``; column 0 of ``block`` has the samples of step ``base`` + 1."""
        # The recorded text is that of a later step: the first initialises averages and has no momentum yet.
        if first == 1:
            self._take_ordinary_step(self.everyone, 1, block[:, 0])
            first = 2
        steps, reached = range(first - 1 - base, last - base), self.arrays["reached"]
        if not steps:
            return
        # Every group goes on by itself until a lane of it meets something that is no plain arithmetic. The program then
        # leaves that lane's step undone and the group waits; its other lanes have taken the step.
        self.program.run(self.arrays, range(self.groups), steps)
        stopped = self.arrays["stopped"]
        while (waiting := np.flatnonzero(stopped)).size:  # all that wait at the earliest step take it together
            done = int(reached[waiting // WIDTH].min())
            at = waiting[reached[waiting // WIDTH] == done]
            self._take_ordinary_step(at, base + done, block[at, done - 1])
            groups = np.unique(at // WIDTH)
            stopped.reshape(-1, WIDTH)[groups] = 0
            if done < steps.stop:
                for near in np.split(groups, np.flatnonzero(np.diff(groups) > 1) + 1):
                    self.program.run(self.arrays, range(near[0], near[-1] + 1), range(done, steps.stop))

    def _take_ordinary_step(self, at: Array, k: int, sample: Array) -> None:
        """Take step k of some replicas as `engine.tile.advance` does."""
        x, arrays, recording = self.tensor("x", at), self.arrays, self.program.recording
        loss, gradient = self.problem.answers(x, sample)
        out = is_beyond(loss, gradient, x, self.limit)
        self._retire(at[out], k)
        at, x, loss, gradient = at[~out], x[~out], loss[~out], gradient[~out]
        if not at.size:
            return
        # Out of the program's arrays, a step of the reference, and back into them.
        values = {name: arrays[name][at] for name in recording.scalars}
        values |= {name: self.tensor(name, at) for name in recording.results}
        method = replace(
            self.method, **{name: getattr(self.method, name)[at] for name in recording.hyperparameters.values()}
        )
        state = method.State(step=k - 1, replicas=len(at), **{name: values[name] for name in method.State._fields[2:]})
        replicas = Replicas(self.problem, method, self.certificates, x, state)
        replicas.total = values["total"]
        if has_cap(method):
            replicas.capped = values["capped"] > 0
        _restore(replicas, {name: arrays[name][at] for name in _carried_arrays(replicas)})
        trace = replicas.take_step(k, loss, gradient, np.ones(len(at), dtype=bool))
        state = replicas.state
        for name in recording.results:
            self._put(name, at, replicas.x if name == "x" else getattr(state, name))
        new = {name: getattr(state, name) for name in recording.scalars if hasattr(state, name)}
        new |= {f"trace {name}": getattr(trace, name) for name in recording.trace} | {"total": replicas.total}
        if has_cap(method):
            new["capped"] = replicas.capped
        for name, value in (new | _carried_arrays(replicas)).items():
            arrays[name][at] = value

    def ledger(self, certificate: str, at: Array) -> Ledger:
        """Return the ledger of some replicas."""
        return Ledger(*(self.arrays[f"{certificate} {part}"][at] for part in Ledger._fields))

    def _retire(self, at: Array, k: int) -> None:
        """Leave replicas at their starts, where they disturb nobody, as if they had taken no step."""
        self.retired[at] = k
        for name, value in self.scalars.items():
            if name != "capped":  # that stays true
                self.arrays[name][at] = value[at]
        self.arrays["alive"][at] = 0
        for name in self.program.recording.results:
            self._put(name, at, self.part.points[at] if name == "x" else 0)


def _carried_arrays(replicas: Replicas) -> dict[str, Array]:
    """Return what certificates carry from step to step, by the names that the program's arrays have."""
    arrays: dict[str, Array] = {}
    for measurer, names in ((replicas.momo, Measurer.CARRIED), (replicas.losses, LossMeasurer.CARRIED)):
        if measurer is not None:
            arrays |= {f"measured {name}": getattr(measurer, name) for name in names}
    for certificate, ledger in replicas.ledgers.items():
        arrays |= {f"{certificate} {part}": value for part, value in ledger._asdict().items()}
    return arrays


def _restore(replicas: Replicas, arrays: dict[str, Array]) -> None:
    """Put back what `_carried_arrays` returns; the program has numbers where a measurer has conditions."""
    for measurer, names in ((replicas.momo, Measurer.CARRIED), (replicas.losses, LossMeasurer.CARRIED)):
        if measurer is not None:
            for name in names:
                setattr(measurer, name, arrays[f"measured {name}"].astype(getattr(measurer, name).dtype))
    for certificate in replicas.ledgers:
        replicas.ledgers[certificate] = Ledger(*(arrays[f"{certificate} {part}"] for part in Ledger._fields))


def advance(ensemble: Ensemble, replicas: range, program: Program) -> Tile:
    """Run the replicas of a tile from their starts to the last step, by a program of the ensemble's `code_of`."""
    tile, count = CompiledTile(ensemble, replicas, program), len(replicas)
    seen, arrays, column, done = ensemble.checkpoints(), tile.arrays, 0, 0
    rows = {name: np.full((count, len(seen)), np.nan) for name in ("mean_loss", "loss_average", *ensemble.watch)}
    # Blocks of samples bound the memory; within a block the program runs from checkpoint to checkpoint.
    for block in blocks(tile.problem, tile.part.seeds):
        base, end = done, min(done + BLOCK, ensemble.steps)
        arrays |= {"sample": block} | program.schedule(tile.method, base + 1, arrays)
        while done < end:
            looked_at = done + 1 == seen[column]
            last = done + 1 if looked_at else min(end, seen[column] - 1)
            if looked_at:
                mean_loss = program.mean_loss(arrays, tile.groups).copy()
            tile.advance(done + 1, last, block, base)
            done, alive = last, arrays["alive"] > 0
            if looked_at:
                new = {"mean_loss": mean_loss, "loss_average": arrays["total"] / done}
                new |= {name: arrays[f"trace {name}"] for name in ensemble.watch}
                for name, value in new.items():
                    rows[name][:, column] = np.where(alive, value, np.nan)[:count]
                column += 1
        if done == ensemble.steps:
            break
    ledgers = {c.id: tile.ledger(c.id, tile.everyone[:count]) for c in tile.certificates}
    ledgers |= check_means(ensemble, rows["mean_loss"])
    capped = arrays["capped"][:count] > 0 if has_cap(tile.method) else np.zeros(count, dtype=bool)
    return Tile(replicas, rows, ledgers, tile.retired[:count], capped)
