"""The papers' experiments: they run, their page is their results, and their answers follow the numbers."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import t
from support import checkout

from momoracle.convergence.experiments.registry import EXPERIMENTS, to_json
from momoracle.convergence.experiments.result import Curve, Panel, Result, Scale, Table, average_blocks, count_signs
from momoracle.convergence.statistics.interval import Interval, interval
from momoracle.pages.experiments_page import page


def from_json(found: dict[str, Any]) -> list[Result]:
    """Return the results of a file of `to_json`."""
    return [
        Result(
            **one
            | {
                "table": Table(
                    one["table"]["head"],
                    [[c if isinstance(c, str) else Interval(**c) for c in row] for row in one["table"]["rows"]],
                ),
                "panels": [
                    Panel(**panel | {"curves": [Curve(**curve) for curve in panel["curves"]]})
                    for panel in one["panels"]
                ],
            }
        )
        for one in found["experiments"]
    ]


@checkout.needed
def test_the_page_says_what_was_measured() -> None:
    folder = checkout.ROOT / "convergence"
    found = json.loads((folder / "experiments.json").read_text("utf-8"))
    scale = Scale(found["seeds"], found["quick"])
    assert not scale.quick
    assert scale.seeds >= 5
    results = from_json(found)
    assert [result.name for result in results] == list(EXPERIMENTS)
    assert (folder / "experiments.md").read_text("utf-8") == page(results, scale, "figures")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_runs(name: str) -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    scale = Scale(seeds=2, quick=True)
    result = EXPERIMENTS[name](scale)
    assert result.name == name
    assert all(len(row) == len(result.table.head) for row in result.table.rows)
    for panel in result.panels:
        for curve in panel.curves:
            assert len(curve.x) == len(curve.mean) == len(curve.low) == len(curve.high)
            assert any(mean is not None for mean in curve.mean)
    text = json.dumps(to_json([result], scale), allow_nan=False)
    assert page(from_json(json.loads(text)), scale, "figures") == page([result], scale, "figures")
    assert result.answer in page([result], scale, "figures").replace(r"\*", "*")


def test_an_answer_follows_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    from momoracle.convergence.experiments import learning_rates as experiment
    from momoracle.reference import SGDM

    monkeypatch.setattr(experiment, "METHODS", {"narrow": SGDM(beta=0.99), "wide": SGDM(beta=0.0)})
    monkeypatch.setattr(experiment, "PAIRS", (("narrow", "wide"), ("wide", "narrow")))
    sizes = iter([np.array([1.0, 1.1]), np.array([3.0, 3.1])])
    monkeypatch.setattr(experiment, "count_decades", lambda accuracy, best: next(sizes))
    answer = experiment.run_experiment(Scale(seeds=2, quick=True)).answer
    assert "narrow has a narrower range than wide: the difference is −2.00 [−2.00, −2.00] decades" in answer
    assert "wide has a wider range than narrow: the difference is 2.00 [2.00, 2.00] decades" in answer


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).standard_normal((4000, 5)) + 3
    covered = sum(low <= 3 <= high for _, low, high in map(interval, draws))
    assert abs(covered / 4000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def test_the_interval_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    expected = t.interval(0.9, 3, loc=values.mean(), scale=values.std(ddof=1) / 2)
    assert interval(values, 0.9)[1:] == pytest.approx(expected)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, np.nan], [[1.0, 2.0]]])
def test_values_without_an_interval_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="two finite numbers"):
        interval(values)


def test_signs_are_those_of_the_intervals() -> None:
    assert [interval(v).sign for v in ([1.0, 1.1], [-1.0, -1.1], [-1.0, 1.0])] == [1, -1, 0]
    assert count_signs([]) == "above zero in 0, below in 0, undecided in 0 of 0 settings"


def test_a_curve_has_no_point_where_a_run_diverged() -> None:
    curve = Curve.over("a", [1, 2], np.array([[1.0, np.nan], [3.0, 1.0]]))
    assert curve.mean == [2.0, None]
    assert curve.low[1] is None


def test_blocks_are_means_of_consecutive_steps() -> None:
    np.testing.assert_array_equal(average_blocks(np.arange(6.0)[None], 3), [[1.0, 4.0]])


def test_one_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seeds"):
        Scale(seeds=1)
