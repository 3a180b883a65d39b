"""A user's problem and method in worker processes: what is sent, and what cannot be."""

from pathlib import Path

import numpy as np
import pytest
from support.own_methods import NGN
from support.zoo_small import small

from momoracle.convergence import Constants, Ensemble, Problem, one_point, run
from momoracle.convergence.method_text import method_from_text
from momoracle.convergence.run import NotSendableError
from momoracle.convergence.zoo import problem

#: the file is called as a module of Python's is, and imports a neighbour
OWN = """
import numpy as np
from scale_of_mine import SCALE

from momoracle.convergence import Constants, Problem


class Oracle:
    def __call__(self, x, sample):
        return SCALE * (x**2).sum(axis=1) / 2, SCALE * x


mine = Problem("mine", np.ones(2), 1, Oracle(), Constants(lower_bound=0.0))
"""


def test_a_file_and_its_neighbour_reach_the_workers(tmp_path: Path) -> None:
    (tmp_path / "scale_of_mine.py").write_text("SCALE = 0.5\n", "utf-8")
    (tmp_path / "calendar.py").write_text(OWN, "utf-8")
    mine = problem(f"{tmp_path / 'calendar.py'}:mine")
    assert problem(f"{tmp_path / 'calendar.py'}:mine") is mine  # executed once, or its class would be another
    ensemble = Ensemble(mine, method_from_text(f"{NGN}:lr=0.5", mine), 10, seeds=2)
    here, there = (list(run(ensemble, processes, tile=1)) for processes in (1, 2))
    for tile, other in zip(here, there, strict=True):
        assert np.array_equal(tile.rows["mean_loss"], other.rows["mean_loss"])


def test_what_cannot_be_sent_is_told_before_processes_start() -> None:
    local = Problem("local", np.ones(2), 1, one_point(lambda x, s: (x @ x, 2 * x)), Constants(lower_bound=0.0))
    ensemble = Ensemble(local, method_from_text("sgd", local), 3, seeds=2)
    with pytest.raises(NotSendableError, match=r"local with SGD cannot be sent .* top level of a file"):
        list(run(ensemble, processes=2, tile=1))


@pytest.mark.parametrize(("processes", "tile"), [(0, None), (1, 0)])
def test_less_than_one_is_refused(processes: int, tile: int | None) -> None:
    ensemble = Ensemble(small("hinge"), method_from_text("sgd", small("hinge")), 3)
    with pytest.raises(ValueError, match="allowed: an integer >= 1"):
        list(run(ensemble, processes, tile))
