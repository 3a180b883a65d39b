"""The comparer notices what it is there for, and what every run changes does not disturb it."""

import base64
import copy
import io
import json
from typing import Any

import matplotlib.pyplot as plt
import pytest
from support.notebooks import notebook_form
from support.notebooks.notebook_compare import Json, differences
from support.notebooks.notebook_pictures import png_difference, svg_difference


def drawn(slope: float = 1.0, kind: str = "png") -> str:
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, slope, 2])
    axes.set_title("a line")
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    plt.close(figure)
    return base64.b64encode(file.getvalue()).decode() if kind == "png" else file.getvalue().decode()


def code(count: int, *outputs: Json, tags: tuple[str, ...] = ()) -> Json:
    return {
        "cell_type": "code",
        "source": f"cell({count})",
        "execution_count": count,
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
    }


def stream(text: str, name: str = "stdout") -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: Any) -> Json:
    kinds = {"html": "text/html", "png": "image/png", "svg": "image/svg+xml", "plain": "text/plain"}
    return {"output_type": "display_data", "metadata": {}, "data": {kinds[name]: value for name, value in data.items()}}


def notebook(*cells: Json) -> Json:
    able = "# 06 Rounding: why it cancels\n\nAfter this, you will be able to say why."
    return {"metadata": {}, "cells": [{"cell_type": "markdown", "source": able, "metadata": {}}, *cells]}


WHOLE = notebook(
    code(1, stream("tau = 0.25\n")), code(2, shown(html="<b>h = 1</b>"), shown(png=drawn(), plain="<Figure>"))
)


def changed(cell: int, *outputs: Json) -> Json:
    result = copy.deepcopy(WHOLE)
    result["cells"][cell]["outputs"] = list(outputs)
    return result


def test_the_same_is_the_same() -> None:
    again = notebook(
        code(1, stream("tau = "), stream("0.25\n")),
        code(2, shown(html=["<b>h", " = 1</b>"]), shown(png=drawn(), plain="<Figure>")),
    )
    assert differences(WHOLE, again) == []


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        (changed(1, stream("tau = 0.26\n")), "cell 2: stream stdout: line 1 is 'tau = 0.26', committed 'tau = 0.25'"),
        (changed(1), "cell 2: there are 0 outputs, committed 1"),
        (changed(1, stream("tau = 0.25\n"), stream("a warning", "stderr")), "there are 2 outputs"),
        (changed(1, stream("tau = 0.25\n", "stderr")), "the output is ['stream stderr']"),
        (changed(2, shown(html="<b>h = 2</b>"), shown(png=drawn(), plain="<Figure>")), "text/html: line 1"),
        (changed(2, shown(html="<b>h = 1</b>"), shown(png=drawn(1.02), plain="<Figure>")), "of the pixels differ"),
        (changed(2, shown(html="<b>h = 1</b>"), shown(plain="<Figure>")), "the output is ['text/plain']"),
        (notebook(WHOLE["cells"][1]), "the cells are not the same"),
    ],
    ids=["number", "missing", "more", "other stream", "html", "picture", "no picture", "no cell"],
)
def test_a_change_is_noticed(fresh: Json, words: str) -> None:
    (line,) = differences(WHOLE, fresh)
    assert words in line


def test_durations_count_except_where_a_cell_says_that_it_times() -> None:
    def took(seconds: str, *tags: str) -> Json:
        return notebook(code(1, stream(f"100 steps took {seconds} s"), tags=tags))

    assert differences(took("1.25", "timing"), took("3", "timing")) == []
    assert differences(took("1.25"), took("3")) != []
    assert differences(took("1.25", "timing"), notebook(code(1, stream("9 steps took 3 s"), tags=("timing",)))) != []


def test_pictures() -> None:
    assert png_difference(drawn(), drawn()) is None
    assert svg_difference(drawn(kind="svg"), drawn(kind="svg")) is None  # though its names are drawn by lot
    assert png_difference(drawn(), drawn(1.01)) is not None
    assert svg_difference(drawn(kind="svg"), drawn(1.01, kind="svg")) is not None
    assert svg_difference(drawn(kind="svg"), drawn(kind="svg").replace("#1f77b4", "#1f77b5")) is not None


def test_the_form_is_right() -> None:
    assert notebook_form.faults("06_rounding.ipynb", text(WHOLE)) == []


def text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def numbered(*counts: int) -> Json:
    return notebook(*(code(count, shown(png=drawn(), plain="<Figure>")) for count in counts))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (numbered(1, 3), "in the order [1, 3]"),
        (changed(2, stream("no picture")), "no picture"),
        (changed(1, {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}), "cell 2: ends"),
        (changed(1, stream("RuntimeWarning: overflow", "stderr")), "cell 2: warns"),
        (changed(1, stream("/" + "home/someone/x.py")), "a path of some machine"),
        (changed(1, stream("x" * 300_000)), "more than 300000"),
        (notebook() | {"cells": WHOLE["cells"][1:]}, "the first cell"),
    ],
    ids=["order", "picture", "error", "stderr", "path", "bytes", "heading"],
)
def test_a_fault_of_form_is_noticed(wrong: Json, words: str) -> None:
    assert any(words in fault for fault in notebook_form.faults("06_rounding.ipynb", text(wrong)))
