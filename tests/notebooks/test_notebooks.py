"""Every notebook runs in a fresh kernel and shows what was committed; every solution runs too."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import checkout
from support.notebooks import notebook_compare, notebook_form, notebook_run

pytestmark = checkout.needed

FOLDER = checkout.ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.py"))
MISSING = [name for name in notebook_run.NEEDED if find_spec(name) is None]
executed = pytest.mark.skipif(bool(MISSING), reason=f"needs the extra `notebooks`: {', '.join(MISSING)}")
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_all_ten_are_there_each_with_its_solutions() -> None:
    if not NOTEBOOKS:
        pytest.skip("there are no notebooks")  # which CI refuses
    numbers = [int(path.name[:2]) for path in NOTEBOOKS]
    assert numbers == sorted(notebook_form.TITLES)
    assert [path.stem for path in SOLUTIONS] == [path.stem for path in NOTEBOOKS]


@each
def test_the_form(path: Path) -> None:
    assert notebook_form.faults(path.name, path.read_text("utf-8")) == []


@executed
@each
def test_a_run_shows_what_was_committed(path: Path, tmp_path: Path) -> None:
    committed = json.loads(path.read_text("utf-8"))
    made_with = committed["metadata"].get(notebook_run.MADE_WITH)
    if made_with != notebook_run.drawing():
        # Another Matplotlib draws other pixels. CI has the one that the notebooks name, so there this never happens.
        pytest.skip(f"needs what drew the pictures, {made_with}: here is {notebook_run.drawing()}")
    assert notebook_compare.differences(committed, notebook_run.executed(path, tmp_path)) == []


@each
def test_ci_has_the_matplotlib_that_drew_the_pictures(path: Path) -> None:
    made_with = json.loads(path.read_text("utf-8"))["metadata"][notebook_run.MADE_WITH]
    pinned = (checkout.ROOT / ".ci/constraints.txt").read_text("utf-8").splitlines()
    assert f"matplotlib=={made_with['matplotlib']}" in pinned


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_hold(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=notebook_run.PATIENCE)
    assert result.returncode == 0, result.stderr
    assert "assert " in path.read_text("utf-8"), "a solution asserts that it is one"
