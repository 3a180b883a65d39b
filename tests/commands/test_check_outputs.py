"""``momoracle check --html --junit --badge``: the files that it writes, and those that it refuses to."""

import shlex
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from momoracle.commands.check import command_line
from momoracle.commands.command_line import app

EXAMPLES = Path(__file__).parents[1] / "ports" / "examples"
RIGHT = f"{EXAMPLES / 'sgd_ports.py'}:Right"


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_all_are_written_and_the_same_twice(tmp_path: Path) -> None:
    def written(folder: Path) -> dict[str, bytes]:
        folder.mkdir()
        page, xml, svg = folder / "made" / "page", folder / "junit.xml", folder / "badge.svg"
        status, text = run("sgd", RIGHT, "--html", page, "--junit", xml, "--badge", svg)
        assert status == 0
        assert f"page: {page / 'index.html'}" in text
        assert [file.name for file in page.iterdir()] == ["index.html"]
        return {file.name: file.read_bytes() for file in (page / "index.html", xml, svg)}

    files = written(tmp_path / "one")
    assert files == written(tmp_path / "two")
    assert b">conforms</strong>" in files["index.html"]
    assert f"momoracle check sgd {shlex.quote(RIGHT)}" in files["index.html"].decode()
    suites = ElementTree.fromstring(files["junit.xml"])
    assert (suites[0].get("name"), suites.get("failures"), suites.get("errors")) == ("sgd.core", "0", "0")
    assert "conforms · sgd · v1" in files["badge.svg"].decode()


@pytest.mark.parametrize("option", ["--html", "--junit", "--badge"])
def test_what_cannot_be_written_is_refused_before_the_work(option: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    wrong = {"--html": [file, file / "inside"], "--junit": [tmp_path, tmp_path / "no" / "x"], "--badge": [tmp_path]}
    start = time.perf_counter()
    for path in wrong[option]:
        status, text = run("sgd", f"{EXAMPLES / 'sgd_ports.py'}:Hangs", option, path)
        assert status == 2
        assert "Invalid value" in text
        assert option != "--html" or "file is a file; give a folder" in text
    assert time.perf_counter() - start < 5  # the port was not run
    assert file.read_text() == "kept"


def test_the_line_that_gives_it_again() -> None:
    assert command_line("sgd", "a.py:P", 10.0, 0.0) == "momoracle check sgd a.py:P"
    line = command_line("momo", "my port.py:P", 0.5, 20.0)
    assert shlex.split(line) == ["momoracle", "check", "momo", "my port.py:P", "--time-limit=0.5", "--search=20"]
