"""The example in convergence.md runs, and the pages' figures are there."""

import re
import subprocess
import sys
import tomllib

import pytest
from support import checkout, readme

pytestmark = checkout.needed


def text(name: str = "convergence") -> str:
    return (checkout.ROOT / f"convergence/{name}.md").read_text("utf-8")


def test_the_example_holds() -> None:
    (example,) = [block.text for block in readme.blocks(text()) if block.language == "python"]
    result = subprocess.run([sys.executable, "-W", "error", "-c", example], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_spec_is_one() -> None:
    from momoracle.convergence.sweeps.spec import Spec

    (example,) = [block.text for block in readme.blocks(text()) if block.language == "toml"]
    assert Spec(**tomllib.loads(example)).runs == 2 * 9 * 100


def test_every_column_of_a_row_is_told() -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `sweeps`")
    from momoracle.convergence.sweeps.store import schema

    table = text().partition("| columns |")[2]
    told = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(told) == sorted(schema().names)


def test_every_figure_is_there_and_every_figure_is_shown() -> None:
    shown = set(re.findall(r"\(figures/([\w-]+)\.png\)", text() + text("experiments")))
    there = {path.stem for path in (checkout.ROOT / "convergence/figures").iterdir()}
    assert shown == there
    assert all((checkout.ROOT / f"convergence/figures/{name}.svg").is_file() for name in shown)
