import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.commands.search_option import describe_search
from momoracle.ports.running.findings import Exhausted

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
    assert (status, content["verdict"]) == (1, "deviates")
    assert (found["quantity"], found["step"]) == ("params", 1)
    assert "settings = dict(lr=3.0)" in found["script"]
    assert "search: a counterexample" in text
    assert all(line in text for line in found["script"].splitlines())


@pytest.mark.parametrize(("seconds", "shown"), [("3", True), ("0", False)])
def test_a_search_without_a_find(seconds: str, shown: bool) -> None:
    status, text = run("sgd", f"{EXAMPLES / 'sgd_ports.py'}:Right", "--search", seconds)
    assert status == 0
    assert ("search: no counterexample (" in text) is shown


def test_no_case_is_no_verdict() -> None:
    status, text = run("sgd", f"{EXAMPLES / 'sgd_ports.py'}:Right", "--search", "1e-9")
    assert status == 0
    assert "search: nothing was searched: no case was done in 0.0 s" in text
    assert "no counterexample" not in text


def test_a_slow_rate_is_a_fraction() -> None:
    assert (
        describe_search(Exhausted(2, 1, 5.0))
        == "search: no counterexample (2 cases in 5.0 s, 0.4 a second; 1 more discarded)"
    )
    assert "(1 case in 0.1 s, 10 a second;" in describe_search(Exhausted(1, 0, 0.1))
