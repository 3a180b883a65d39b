"""The figures of rates: which there are, what they show, and that their bytes do not change from run to run."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from support.zoo_small import momo, rate_of, small

from momoracle import SGDM, TAM
from momoracle.convergence import Rate
from momoracle.convergence.method_text import expand_grid
from momoracle.pages.rates_figures import curves, draw, figures, label


@pytest.fixture(scope="module")
def rates() -> list[Rate]:
    given = small("absolute-loss")
    methods = [momo(given, beta=beta) for beta in (0.0, 0.5, 0.9)]
    methods += [SGDM(lr=lr) for lr in (0.01, 0.03, 0.1)]
    return [
        *(rate_of(given, method, watch=("step_size",) if hasattr(method, "lower_bound") else ()) for method in methods),
        rate_of(given, TAM(lr=0.01), watch=("damping",)),
    ]


def test_there_is_a_figure_for_each_question(rates: list[Rate]) -> None:
    assert [figure.name for figure in figures(rates)] == [
        f"absolute-loss-{kind}" for kind in ("rate", "time", "lr", "beta")
    ]
    assert [figure.name for figure in figures(rates[3:4])] == ["absolute-loss-rate"]


def test_the_bytes_are_the_same_in_every_run(rates: list[Rate], tmp_path: Path) -> None:
    first, second = draw(rates[:1], tmp_path / "a"), draw(rates[:1], tmp_path / "b")
    assert len(first) == 4
    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()
        assert one.read_bytes().startswith(b"\x89PNG" if one.suffix == ".png" else b"<?xml")


def test_a_rate_figure_draws_the_numbers_of_the_rates(rates: list[Rate]) -> None:
    canvas = Canvas()
    FigureCanvasAgg(canvas)
    curves(canvas, rates)
    (axes,) = canvas.axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert lines["momo no cap, beta=0.5"].get_ydata() == pytest.approx(rates[1].average)
    bounds = [rate.bound for rate in rates if rate.bound is not None]
    assert len(bounds) == 3
    for bound in bounds:
        assert any(np.array_equal(line.get_ydata(), bound) for line in axes.get_lines())


def test_a_label_leaves_out_what_is_as_ever() -> None:
    given = small("huber")
    assert label(rate_of(given, momo(given), steps=3)) == "momo no cap"
    assert label(rate_of(given, momo(given, beta=0.5, lr=2.0), steps=3)) == "momo lr=2, beta=0.5"


def test_a_grid_is_every_point() -> None:
    assert expand_grid("sgdm:lr=1|2,beta=0|0.5") == [
        "sgdm:lr=1,beta=0",
        "sgdm:lr=1,beta=0.5",
        "sgdm:lr=2,beta=0",
        "sgdm:lr=2,beta=0.5",
    ]
    assert expand_grid("adam") == ["adam"]
