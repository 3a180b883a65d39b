"""Run one task of a sweep: its rows, one a run, with an error in place of numbers where a run fails."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from momoracle.convergence.certificates.stated import ALL
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.method_text import make_method
from momoracle.convergence.problems.problem_error import ProblemError
from momoracle.convergence.run import compiled_where_possible, run
from momoracle.convergence.sweeps.spec import Task
from momoracle.convergence.zoo import problem

Row = dict[str, Any]


def compute_rows(task: Task) -> list[Row]:
    """Return one row a seed; seeds that fail together are run alone, so that only those at fault have errors."""
    try:
        return _rows(task)
    except Exception as error:  # whatever a problem of the user's may raise is a row, not the end of the sweep
        if task.seeds == 1:
            return failure_rows(task, error)
    singles = [replace(task, first_seed=task.first_seed + i, seeds=1) for i in range(task.seeds)]
    return [row for single in singles for row in compute_rows(single)]


def failure_rows(task: Task, error: BaseException | str) -> list[Row]:
    """Return the rows of a task that failed as a whole."""
    text = str(error) if isinstance(error, str | ProblemError) else f"{type(error).__name__}: {error}"
    return [_row_head(task, seed) | {"error": text} for seed in _seeds(task)]


def _seeds(task: Task) -> range:
    return range(task.first_seed, task.first_seed + task.seeds)


def _row_head(task: Task, seed: int) -> Row:
    return {
        "task": task.number,
        "problem": task.problem,
        "problem_options": json.dumps(task.problem_options, sort_keys=True),
        "method": task.method,
        "method_options": json.dumps(task.method_options, sort_keys=True),
        "steps": task.steps,
        "dtype": task.dtype,
        "seed": seed,
        "error": None,
    }


def _rows(task: Task) -> list[Row]:
    minimised = problem(task.problem, **task.problem_options)
    asked = Ensemble(
        minimised,
        make_method(task.method, task.method_options, minimised),
        task.steps,
        seeds=task.seeds,
        first_seed=task.first_seed,
        dtype=task.dtype,
        certificates=ALL if task.certificates else (),
        compiled=task.compiled,
    )
    ensemble = compiled_where_possible(asked)
    steps, constants = ensemble.checkpoints(), minimised.constants
    least = constants.lower_bound if constants.infimum is None else constants.infimum
    rows = []
    for tile in run(ensemble):
        for r, replica in enumerate(tile.replicas):
            ledgers = tile.ledgers.items()
            numbers = {
                "compiled": ensemble.compiled,
                "retired": int(tile.retired[r]),
                "capped": bool(tile.capped[r]),
                "least": float(least),
                "average_gap": float(tile.rows["loss_average"][r, -1] - least),
                "last_gap": float(tile.rows["mean_loss"][r, -1] - least),
                "certified": sorted(name for name, ledger in ledgers if ledger.checked[r] and not ledger.first[r, 0]),
                "violated": sorted(name for name, ledger in ledgers if ledger.first[r, 0]),
                "checkpoints": steps,
                "loss_average": np.asarray(tile.rows["loss_average"][r]).tolist(),
                "mean_loss": np.asarray(tile.rows["mean_loss"][r]).tolist(),
            }
            rows.append(_row_head(task, task.first_seed + replica) | numbers)
    return rows
