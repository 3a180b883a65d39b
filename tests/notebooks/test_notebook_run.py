"""A notebook is run by the interpreter that runs the tests, in an empty folder, and its errors come out."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.notebooks import notebook_run
from support.notebooks.notebook_compare import Json, differences, outputs, text

MISSING = [name for name in notebook_run.NEEDED if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs the extra `notebooks`: {', '.join(MISSING)}")


def written(folder: Path, *sources: str) -> Path:
    cells: list[Json] = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "execution_count": None, "metadata": {}, "outputs": []}
        for i, source in enumerate(sources)
    ]
    path = folder / "99_small.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def run(path: Path, patience: int = notebook_run.PATIENCE) -> subprocess.CompletedProcess[str]:
    script = (
        "import pathlib, sys; from support.notebooks import notebook_run;  notebook_run.PATIENCE = int(sys.argv[1]); "
        "notebook_run.save(pathlib.Path(sys.argv[2]))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(notebook_run.__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", script, str(patience), str(path)], capture_output=True, text=True, env=environment
    )


def test_it_runs_here_in_an_empty_folder_and_is_saved_as_it_was_run(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "import os, sys\nprint(sys.executable)\nprint(os.listdir())",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    )
    result = run(path)
    assert result.returncode == 0, result.stderr
    saved: Json = json.loads(path.read_text("utf-8"))
    first, second = saved["cells"]
    assert outputs(first) == [{"stream stdout": f"{sys.executable}\n[]\n"}]
    assert set(outputs(second)[0]) == {"image/png", "text/plain"}
    assert [cell["execution_count"] for cell in saved["cells"]] == [1, 2]
    (tmp_path / "again").mkdir()
    assert differences(saved, notebook_run.executed(path, tmp_path / "again")) == []


def test_of_a_widget_the_picture_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "from momoracle.paper_checks.figures.sliders import tam_damping\ntam_damping()")
    result = run(path)
    assert result.returncode == 0, result.stderr
    (cell,) = json.loads(path.read_text("utf-8"))["cells"]
    assert set(outputs(cell)[0]) == {"image/png", "text/plain"}


def test_an_error_in_a_cell_comes_out(tmp_path: Path) -> None:
    path = written(tmp_path, "raise ValueError('no such step')")
    before = path.read_bytes()
    result = run(path)
    assert result.returncode != 0
    assert "no such step" in result.stderr
    assert path.read_bytes() == before


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    result = run(written(tmp_path, "while True: pass"), patience=5)
    assert result.returncode != 0
    assert re.search("TimeoutError|DeadKernelError", result.stderr)  # the kernel is ended, and then has died


STUDENT = """\
import momoracle

class Mine:
    def start(self, params, lr):
        self.x, self.lr = params, lr

    def step(self, grads, loss):
        {line}
        return self.x
"""


def test_a_class_of_a_cell_is_checked_there_with_the_line_of_its_mistake(tmp_path: Path) -> None:
    check = "momoracle.check(Mine, 'sgd', seconds=0.5)"
    lines = ("self.x = [x - self.rate * g for x, g in zip(self.x, grads)]", "while True: pass")
    path = written(tmp_path, *(source for line in lines for source in (STUDENT.format(line=line), check)))
    result = run(path)
    assert result.returncode == 0, result.stderr
    cells = json.loads(path.read_text("utf-8"))["cells"]
    for line, cell, mistake in zip(lines, (cells[1], cells[3]), ("no attribute", "had not come back"), strict=True):
        (shown,) = outputs(cell)
        plain = text(shown["text/plain"])
        assert f"Line 8 of your code: {line}" in plain
        assert mistake in plain
        assert "<b>Hint.</b>" in text(shown["text/html"])
