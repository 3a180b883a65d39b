"""The checks of the exercises, run in their notebooks: a teacher's answer is right, a wrong one is refused."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from support import checkout
from support.notebooks import notebook_compare

pytestmark = checkout.needed

FOLDER = checkout.ROOT / "notebooks"
STUB = re.compile(r"^(\w+) = None(?=\s|$)", re.MULTILINE)
WRONG: dict[str, dict[str, Any]] = {
    "01": {"tau_of_half_square": 1.0, "tau_below_the_floor": 0.5},
    "02": {"factor": lambda beta: 1 + beta},
    "03": {"shrink": 0.9, "gradient": [0.5, 2.0]},
    "04": {"factors": (10.0, 10.0), "shift": 0.0, "relation": "<="},
    "05": {"estimate": 8, "too_high": 1.5, "helps": "star from 0"},
    "06": {"digits": (5, 5), "h_2": 2.0, "breaks": {"clip x"}},
    "07": {"angle": 60, "regime": "rectified"},
    "08": {"lr": 0.018, "noise": 3.0, "factor": 2.0},
    "10": {"gap": 0.04, "factor": 10.0, "angles": [0.0, 0.1, 0.2]},
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_right_answers_pass_and_wrong_ones_do_not(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = WRONG.get(path.name[:2], {})
    notebook = json.loads(path.read_text("utf-8"))
    sources = [notebook_compare.source(cell) for _, cell in notebook_compare.code_cells(notebook)]
    stubs = [match[1] for source in sources if (match := STUB.search(source))]
    assert stubs == list(wrong), "each exercise has a wrong answer here"
    if not stubs:  # its exercises are classes, which `momoracle.check` grades
        return
    answers = runpy.run_path(str(FOLDER / "solutions" / f"{path.stem}.py"))
    names: dict[str, Any] = {"display": print}
    for source in sources:
        if not (match := STUB.search(source)):
            exec(source, names)
            continue
        for value, right in ((wrong[match[1]], False), (answers[match[1]], True)):
            capsys.readouterr()
            attempt = names | {"answer": value}
            answered = STUB.sub(r"\1 = answer", source, count=1)
            if right:
                exec(answered, attempt)
                assert re.match(r"exercise \d: right", capsys.readouterr().out)
            else:
                with pytest.raises(AssertionError):
                    exec(answered, attempt)
    plt.close("all")
