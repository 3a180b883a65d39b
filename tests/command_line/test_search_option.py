import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momoracle.command_line import app

EXAMPLES = Path(__file__).parents[1] / "ports" / "examples"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_a_search_shows_its_script_and_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    port = f"{EXAMPLES / 'searched_ports.py'}:WrongAtLargeRates"
    status, text = run("sgd", port, "--search", "20", "--json", str(file))
    content = json.loads(file.read_text("utf-8"))
    found = content["counterexample"]
    assert (status, content["verdict"]) == (1, "conforms")
    assert (found["quantity"], found["step"]) == ("params", 1)
    assert "settings = dict(lr=3.0)" in found["script"]
    assert "search: a counterexample" in text
    assert all(line in text for line in found["script"].splitlines())


@pytest.mark.parametrize(("seconds", "shown"), [("3", True), ("0", False)])
def test_a_search_without_a_find(seconds: str, shown: bool) -> None:
    status, text = run("sgd", f"{EXAMPLES / 'sgd_ports.py'}:Right", "--search", seconds)
    assert status == 0
    assert ("search: no counterexample (" in text) is shown
