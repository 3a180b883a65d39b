r"""S4: a replica of an ensemble is a run of its own.

Status: derived.

Statement. Replica r of ``init(params, replicas=R)`` takes the steps of a single run from the same start, with the same
gradients and losses and with its own hyperparameters: every quantity is that of the single run up to 100 ε of the
largest entry.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Optimizers, Refutation, require
from momoracle.paper_checks.refutation import wrong_frame
from momoracle.paper_checks.steps.compare import Case, all_cases, draw_tensors, make_method
from momoracle.reference.numbers.floats import Replicas

REPLICAS = 5
SHAPES = ((3,), (), (2, 2))
RATES = np.array([0.01, 0.05, 0.2, 1.0, 5.0])


def compare_replicas(optimizers: Optimizers, effort: Effort, only: Sequence[str] = ()) -> Evidence:
    """Run every case as an ensemble whose replicas differ in start, gradients, losses and rate, and one by one."""
    cases = [case for case in all_cases() if not only or case.algorithm in only]
    branches: set[str] = set()
    steps = effort.count(12, 5)
    for number, case in enumerate(cases):
        for dtype in ("float64", "float32")[: 1 + number % 2]:
            branches |= compare_case(optimizers, case, dtype, steps, 4000 + number)
    if not only:
        require(len(branches) == 3, f"the replicas took only the branches {', '.join(sorted(branches))}")
    return Evidence(f"{len(cases)} settings, {REPLICAS} replicas of {steps} steps each")


def compare_case(optimizers: Optimizers, case: Case, dtype: str, steps: int, seed: int) -> set[str]:
    """Compare one ensemble with its single runs; return the branches that MoMo's steps took."""
    generator, branches = np.random.default_rng(seed), set[str]()
    ensemble = make_method(optimizers, case, RATES)
    singles = [make_method(optimizers, case, float(rate)) for rate in RATES]
    x = [draw_tensors(generator, SHAPES, dtype) for _ in range(REPLICAS)]
    together = [np.stack(tensors) for tensors in zip(*x, strict=True)]
    state, states = ensemble.init(together, replicas=REPLICAS), [s.init(z) for s, z in zip(singles, x, strict=True)]
    for k in range(1, steps + 1):
        g = [draw_tensors(generator, SHAPES, dtype) for _ in range(REPLICAS)]
        losses = generator.standard_normal(REPLICAS) * 3
        stacked = [np.stack(tensors) for tensors in zip(*g, strict=True)]
        together, state, trace = ensemble.step(together, stacked, state, losses)
        for r, single in enumerate(singles):
            x[r], states[r], alone = single.step(x[r], g[r], states[r], float(losses[r]))
            label = f"{case}, {dtype}, step {k}, replica {r}"
            require_same(together, x[r], r, f"{label}: params")
            for name in alone._fields:
                require_same(getattr(trace, name), getattr(alone, name), r, f"{label}: {name}")
            if "step_size" in alone._fields:
                capped = alone.step_size >= RATES[r] / alone.weight_sum * (1 - 1e-12)
                branches.add("no step" if alone.step_size == 0 else "cap" if capped else "Polyak")
    return branches


def require_same(ensemble: Any, single: Any, r: int, label: str) -> None:
    """Raise `Falsified` unless replica r of a quantity is that of the single run, up to 100 roundings."""
    for all_runs, alone in zip(*([z] if not isinstance(z, list) else z for z in (ensemble, single)), strict=True):
        got, expected = np.asarray(all_runs)[r], np.asarray(alone)
        eps = float(np.finfo(got.dtype).eps) if got.dtype.kind == "f" else 2.0**-52
        allowed = 100 * eps * np.abs(expected).max(initial=0.0)
        with np.errstate(invalid="ignore"):  # an infinite bound is equal to itself, and NaN to nothing
            same = (np.abs(got - expected) <= allowed) | np.equal(got, expected)
        require(bool(np.all(same)), f"{label} is {got}, alone it is {expected}")


CLAIM = Claim(
    id="S4",
    title="A replica is a run of its own",
    source="derived",
    status="derived",
    kind="identity",
    statement=r"q^{(r)} = q(x^{(r)}, g^{(r)}, f^{(r)}, \alpha^{(r)})\qquad\text{up to rounding}",
    methods=(CheckMethod("property", "ensembles beside single runs", compare_replicas),),
    refutations=(
        Refutation(
            "replicas are not truncated: τ may be negative",
            (partial(compare_replicas, only=("momo",)),),
            wrong_frame((Replicas, "positive", lambda self, z: z)),
        ),
        Refutation(
            "all replicas take the minimum of the first",
            (partial(compare_replicas, only=("momo-adam",)),),
            wrong_frame(
                (Replicas, "select", lambda self, condition, then, otherwise: then if condition[0] else otherwise)
            ),
        ),
    ),
)
