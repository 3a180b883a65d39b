"""The engine: what a replica computes depends on itself alone, and memory does not grow with steps or seeds."""

import pickle
import tracemalloc
from itertools import islice
from typing import Any

import numpy as np
import pytest
from support.zoo_small import NAMES, momo, rate_of, small

from momoracle import SGDM, TAM, Adam, MoMo, MoMoAdam
from momoracle.convergence import NO_CAP, Constants, Ensemble, Problem, Summary, least_squares, one_point, rates, run
from momoracle.convergence.certificates.stated import STATED
from momoracle.convergence.engine.samples import orders
from momoracle.convergence.engine.tile import Tile
from momoracle.convergence.rates_json import to_json


def same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def joined(tiles: list[Tile]) -> dict[str, Any]:
    """Return everything that tiles hold, replica by replica."""
    found = {name: np.concatenate([t.rows[name] for t in tiles]) for name in tiles[0].rows}
    for name in tiles[0].ledgers:
        for part in ("checked", "first", "margin", "ratio"):
            found[f"{name} {part}"] = np.concatenate([getattr(t.ledgers[name], part) for t in tiles])
    return found | {"retired": np.concatenate([t.retired for t in tiles])}


def ensemble(dtype: str = "float64", **options: Any) -> Ensemble:
    given = small("least-squares")
    starts = np.stack([given.start, given.start + 1])
    vary = {"beta": [0.0, 0.5, 0.9], "lr": [NO_CAP, 0.1, NO_CAP]}
    method = MoMo(bias_correction=True)
    return Ensemble(given, method, 40, seeds=5, vary=vary, starts=starts, dtype=dtype, watch=("step_size",), **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_results_do_not_depend_on_the_tiling(dtype: str) -> None:
    given = ensemble(dtype)
    expected = joined(list(run(given, tile=given.replicas)))
    for size in (7, 16):
        got = joined(list(run(given, tile=size)))
        assert [name for name in expected if not same(got[name], expected[name])] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_problem_lets_one_replica_change_another(name: str) -> None:
    given = small(name)
    # What certificates compute of a replica does not depend on the loss: on one problem all of them are there.
    options: dict[str, Any] = {} if name == "least-squares" else {"certificates": STATED}
    runs = Ensemble(given, momo(given, beta=0.5), 20, seeds=3, **options)
    expected = joined(list(run(runs, tile=3)))
    got = joined(list(run(runs, tile=1)))
    assert [key for key in expected if not same(got[key], expected[key])] == []


@pytest.mark.parametrize("method", [SGDM(lr=0.01), TAM(lr=0.01), Adam(), MoMoAdam()], ids=lambda m: type(m).__name__)
def test_every_method_runs_as_an_ensemble(method: Any) -> None:
    runs = Ensemble(small("hinge"), method, 30, seeds=5)
    expected = joined(list(run(runs, tile=5)))
    got = joined(list(run(runs, tile=2)))
    assert [key for key in expected if not same(got[key], expected[key])] == []
    assert expected["mean_loss"][:, -1].mean() < expected["mean_loss"][:, 0].mean()


def test_results_do_not_depend_on_the_number_of_processes() -> None:
    given = ensemble()
    expected = joined(list(run(given, tile=4)))
    summaries = []
    for processes in (1, 2):
        summary = Summary(given)
        tiles = list(run(given, processes, tile=4))
        for tile in tiles:
            summary.add(tile)
        summaries.append(summary)
        got = joined(tiles)
        assert [name for name in expected if not same(got[name], expected[name])] == []
    for summary in summaries[1:]:
        assert all(same(summary.sums[name], summaries[0].sums[name]) for name in summary.sums)


def test_the_report_is_the_same_for_every_tiling() -> None:
    given = ensemble()
    texts = {repr([to_json(rate) for rate in rates(given, tile=size)]) for size in (3, 16, 64)}
    assert len(texts) == 1


def test_a_replica_is_a_run_of_the_reference() -> None:
    given = ensemble()
    tiles = joined(list(run(given)))
    for replica in (0, 8, 29):
        cell, seed = divmod(replica, given.seeds)
        start, point = divmod(cell, given.grid)
        method: Any = given.method_at(point)
        x, total = given.start_points[start], 0.0
        state, drawn = method.init(x), orders(given.problem, [seed])
        for k, sample in zip(range(1, given.steps + 1), drawn, strict=False):
            loss, gradient = given.problem.sample_loss_and_grad(x[None], sample)
            total += float(loss[0])
            if k == given.steps:
                assert tiles["mean_loss"][replica, -1] == given.problem.mean_loss(x[None])[0]
            x, state, trace = method.step(x, gradient[0], state, loss=float(loss[0]))
        # β^k of an array and of a number may differ in the last bit.
        assert tiles["loss_average"][replica, -1] == pytest.approx(total / given.steps, rel=1e-12)
        assert tiles["step_size"][replica, -1] == pytest.approx(trace.step_size, rel=1e-9)


def test_samples_are_those_of_the_seed_and_even() -> None:
    given = small("hinge")
    drawn = np.array(list(islice(orders(given, [3, 4]), 600)))
    alone = np.array(list(islice(orders(given, [4]), 600)))
    assert (drawn[:, 1] == alone[:, 0]).all()
    assert (drawn[:, 0] != drawn[:, 1]).any()
    raw = np.random.PCG64(4).random_raw(600)
    assert alone[:, 0].tolist() == [(int(u) >> 32) * given.samples >> 32 for u in raw]
    counts = np.bincount(np.concatenate(list(islice(orders(given, range(100)), 600))), minlength=given.samples)
    expected = 60_000 / given.samples
    # Pearson's statistic of N − 1 = 14 degrees of freedom: 45 is exceeded with probability 4e-5.
    assert ((counts - expected) ** 2 / expected).sum() < 45


def test_samples_in_order() -> None:
    drawn = np.array(list(islice(orders(small("one-each-step"), [0, 1]), 61)))
    assert (drawn == (np.arange(61) % 60)[:, None]).all()


def test_a_replica_that_leaves_the_range_is_retired_and_disturbs_nobody() -> None:
    given = small("least-squares")
    runs = Ensemble(given, SGDM(lr=1.0), 300, seeds=3, vary={"lr": [0.01, 1000.0]})
    together, alone = rates(runs), rates(Ensemble(given, SGDM(lr=0.01), 300, seeds=3))
    assert together[0].retired == (0, 0)
    assert together[1].retired[0] == 3
    assert 1 < together[1].retired[1] < 300
    assert together[1].verdict == "diverged"
    assert np.isnan(together[1].average[-1])
    assert same(together[0].average, alone[0].average)


def test_an_oracle_that_returns_nan_is_retired_at_once() -> None:
    def bad(x: Any, s: Any) -> Any:
        return np.where(s == 1, np.nan, 1.0), np.ones_like(x)

    given = Problem("bad", np.zeros(2), 2, bad, Constants(lower_bound=0.0))
    rate = rate_of(given, SGDM(), steps=20, seeds=4)
    assert rate.retired[0] == 4


def test_memory_does_not_grow_with_the_steps_or_the_seeds() -> None:
    def peak(steps: int, seeds: int) -> int:
        given = small("least-squares")
        runs = Ensemble(given, momo(given), steps, seeds=seeds)
        tracemalloc.start()
        summary = Summary(runs)
        for tile in run(runs, tile=16):
            summary.add(tile)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(20, 16)  # what is loaded at first use
    base = peak(30, 16)
    assert peak(120, 16) < 1.2 * base
    assert peak(30, 128) < 1.5 * base


def test_a_users_problem_of_one_point() -> None:
    rows = np.array([[1.0, 0.5], [0.25, 1.0], [1.0, -1.0]])
    optimum = np.array([1.0, 2.0])
    targets = rows @ optimum

    def half_square(x: Any, s: int) -> Any:
        residual = float(rows[s] @ x - targets[s])
        return residual**2 / 2, residual * rows[s]

    constants = Constants(lower_bound=0.0, convex=True, interpolates=True, optimum=optimum, smoothness=2.0)
    given = Problem("mine", np.zeros(2), 3, one_point(half_square), constants)
    rate = rate_of(given, momo(given))
    verdicts = {one.certificate.id: one.verdict for one in rate.certificates}
    assert verdicts["M5"] == verdicts["M8 sharp"] == "holds"
    assert verdicts["M6 path"] == "not applicable"
    assert "a bound G on the gradients near x* is known: is missing" in rate.no_bound


def test_a_problem_and_an_ensemble_can_be_sent() -> None:
    given = pickle.loads(pickle.dumps(ensemble()))
    assert same(joined(list(run(given)))["mean_loss"], joined(list(run(ensemble())))["mean_loss"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"seeds": True}, "seeds is True"),
        ({"first_seed": -1}, "first_seed is -1"),
        ({"dtype": "float16"}, "dtype is 'float16'"),
        ({"vary": {"beta": [0.1], "lr": [1, 2]}}, "lengths"),
        ({"vary": {"beta": []}}, "lengths"),
        ({"vary": {"gamma": [0.1]}}, "vary names gamma"),
        ({"vary": {"beta": [2.0]}}, "beta"),
        ({"watch": ("damping",)}, "watch names damping"),
        ({"starts": np.zeros(3)}, r"starts has shape \(3,\)"),
    ],
)
def test_errors_name_the_argument(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Ensemble(**{"problem": least_squares(3, 4), "method": MoMo(), "steps": 5, **options})


def test_wrong_shapes_of_an_oracle_are_told() -> None:
    given = Problem("flat", np.zeros(2), 1, lambda x, s: (1.0, x), Constants(lower_bound=0.0))
    with pytest.raises(ValueError, match="wrap a function of one point in one_point"):
        rate_of(given, SGDM())
