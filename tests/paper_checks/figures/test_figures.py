"""The figures: the same bytes in every run, and without a date."""

import re
from pathlib import Path

import pytest

from momoracle.common.figure import write
from momoracle.paper_checks.figures.registry import figures
from momoracle.paper_checks.registry import claims


def test_the_papers_figures_and_that_of_m11_are_there() -> None:
    assert {figure.name for figure in figures()} == {"momo-model", "momo-cancellation", "tam-angle", "tam-trajectory"}
    assert {figure.claim for figure in figures()} <= set(claims())


@pytest.mark.parametrize("figure", figures(), ids=lambda figure: figure.name)
def test_the_bytes_are_the_same_in_every_run(figure, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    svg, png = write(figure, tmp_path)
    assert svg.read_bytes() == figure.render("svg")
    assert png.read_bytes() == figure.render("png")
    text = svg.read_text(encoding="utf-8")
    assert not re.search(r"20\d\d-\d\d|dc:date|Matplotlib v", text)
