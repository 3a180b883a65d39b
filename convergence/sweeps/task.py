"""Run one task of a sweep: its rows, one a run, with an error in place of numbers where a run fails."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from momoracle.convergence.certificates.stated import ALL
from momoracle.convergence.engine.ensemble import Ensemble
from momoracle.convergence.method_text import make_method
from momoracle.convergence.problems.problem import Array
from momoracle.convergence.problems.problem_error import ProblemError
from momoracle.convergence.problems.trial import try_problem
from momoracle.convergence.run import compiled_where_possible, run
from momoracle.convergence.sweeps.spec import Task
from momoracle.convergence.verdict import Evidence, Verdict, is_refuted, judge
from momoracle.convergence.zoo import problem

Row = dict[str, Any]


def compute_rows(task: Task) -> list[Row]:
    """Return one row a seed; seeds that fail together are run alone, so that only those at fault have errors.

    What the problem states is tried first: where that is refuted, every row has the error.
    """
    try:
        ensemble = _ensemble(task)
        try_problem(ensemble.problem, ensemble.start_points)
    except Exception as error:  # whatever a problem of the user's may raise is a row, not the end of the sweep
        return failure_rows(task, error)
    return _run_seeds(task)


def _run_seeds(task: Task) -> list[Row]:
    try:
        return _rows(task)
    except Exception as error:
        if task.seeds == 1:
            return failure_rows(task, error)
    singles = [replace(task, first_seed=task.first_seed + i, seeds=1) for i in range(task.seeds)]
    return [row for single in singles for row in _run_seeds(single)]


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


def _ensemble(task: Task) -> Ensemble:
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
    return compiled_where_possible(asked)


def _rows(task: Task) -> list[Row]:
    ensemble = _ensemble(task)
    steps, constants = ensemble.checkpoints(), ensemble.problem.constants
    least = constants.lower_bound if constants.infimum is None else constants.infimum
    rows = []
    for tile in run(ensemble):
        for r, replica in enumerate(tile.replicas):
            checked = {name: ledger for name, ledger in tile.ledgers.items() if ledger.checked[r]}
            violated = sorted(name for name, ledger in checked.items() if ledger.first[r, 0])
            met = sorted(set(checked) - set(violated))
            average, mean = tile.rows["loss_average"][r], tile.rows["mean_loss"][r]
            numbers = {
                "verdict": _verdict(ensemble, met, violated, int(tile.retired[r]), average, mean),
                "compiled": ensemble.compiled,
                "retired": int(tile.retired[r]),
                "capped": bool(tile.capped[r]),
                "least": float(least),
                "average_gap": float(average[-1] - least),
                "last_gap": float(mean[-1] - least),
                "certified": met,
                "violated": violated,
                "checkpoints": steps,
                "loss_average": np.asarray(average).tolist(),
                "mean_loss": np.asarray(mean).tolist(),
            }
            rows.append(_row_head(task, task.first_seed + replica) | numbers)
    return rows


def _verdict(
    ensemble: Ensemble, met: list[str], violated: list[str], retired: int, average: Array, mean: Array
) -> Verdict:
    """Return the verdict on one run, from what its certificates found and from its curves."""
    roles = {certificate.id: certificate.role for certificate in ensemble.certificates}
    met_roles, broken = {roles[name] for name in met}, {roles[name] for name in violated}
    return judge(
        Evidence(
            refuted=is_refuted(broken),
            violated=bool(broken),
            diverged=retired > 0 or not (np.isfinite(average).all() and np.isfinite(mean).all()),
            grows=bool(average[-1] > average[0] and mean[-1] > mean[0]),
            bounded="outcome" in met_roles,
            identity="identity" in met_roles,
        )
    )
