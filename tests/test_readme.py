"""What README.md shows is run as it stands there, and its set-up lines are the ones that CI runs."""

import os
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import checkout, readme
from support.readme import marked

pytestmark = checkout.needed

EXAMPLE_LINES = 15


def shown() -> list[readme.Block]:
    return readme.blocks(readme.README.read_text("utf-8"))


def test_both_set_up_lines_are_what_ci_runs() -> None:
    ci = (checkout.ROOT / ".ci/run").read_text("utf-8")
    for name, ends in (("verify", ".venv/bin/momoracle verify"), ("tests", ".venv/bin/pytest -n auto")):
        line = readme.line(name)
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        assert line.endswith(ends)
        assert f"readme_line {name}" in ci
    assert 'python3 tests/support/readme.py "$1"' in ci


def test_every_block_is_run() -> None:
    marks = {block.mark for block in shown() if block.language != "python" or block.mark}
    assert marks == {"run: verify", "run: tests", "file: my_port.py", "run: check", "file: test_port.py", "run: gpu"}


def test_the_example_is_short_holds_and_ends_in_its_invariant() -> None:
    (example,) = [block.text for block in shown() if block.language == "python" and not block.mark]
    lines = example.splitlines()
    assert len(lines) <= EXAMPLE_LINES
    assert lines[-1].startswith("# ")
    result = subprocess.run([sys.executable, "-W", "error", "-c", example], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_first_picture_says_what_is_so() -> None:
    drawn = runpy.run_path(str(checkout.ROOT / "docs/pictures.py"))
    assert max(share for _, share in drawn["measure_errors"](drawn["MoMo"])) <= 1
    wrong = [share for _, share in drawn["measure_errors"](drawn["WRONG"]) if share > 1]
    assert min(wrong) > 100
    (published,) = [line for line in (checkout.ROOT / "ports/published/published.md").read_text("utf-8").splitlines()
                    if line.startswith("| `optax.contrib.momo` | **deviates** |")]  # fmt: skip
    agree, run = map(int, published.split("|")[3].split("/"))
    assert len(wrong) <= run - agree  # the port has another deviation beside it


def test_the_suite_is_that_of_the_example_repository() -> None:
    example = checkout.ROOT / "tests/ports/examples/port_repository/conformance.py"  # test_pytest_plugin.py runs it
    assert example.read_text("utf-8").endswith(marked("file: test_port.py").strip() + "\n")


def test_the_port_conforms(tmp_path: Path) -> None:
    (tmp_path / "my_port.py").write_text(marked("file: my_port.py"), "utf-8")
    own, _ = marked("run: check").splitlines()
    result = run(own, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "conforms" in result.stdout
    assert "weight_decay" in result.stdout


@pytest.mark.ports
def test_the_published_port_gets_a_verdict(tmp_path: Path) -> None:
    pytest.importorskip("momo")
    _, published = marked("run: check").splitlines()
    result = run(published, tmp_path)
    assert result.returncode in (0, 1), result.stderr  # the page of published ports tells which
    assert ("conforms" if result.returncode == 0 else "deviates") in result.stdout


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command, *arguments = shlex.split(line)
    assert command == "momoracle"
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "momoracle", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
