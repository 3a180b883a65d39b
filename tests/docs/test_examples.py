"""The code on the site's own pages runs, and does what the page says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import checkout

pytestmark = checkout.needed

PAGES = checkout.ROOT / "docs/pages"
FILE = re.compile(r'^```python title="([\w./]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^momoracle (check \w+ (\w+)=\S+)$", re.MULTILINE)
#: what the page says to try: the weight decay behind the momentum
MOVED = [
    ('.add_(p, alpha=group["weight_decay"])', ""),
    ('p.sub_(m, alpha=group["lr"])', 'p.sub_(m + group["weight_decay"] * p, alpha=group["lr"])'),
]


def write(page: str, folder: Path) -> list[str]:
    """Write the files that a page shows, without their folders, and return their names."""
    shown = FILE.findall((PAGES / page).read_text("utf-8"))
    for name, text in shown:
        (folder / Path(name).name).write_text(text, "utf-8")
    return [Path(name).name for name, _ in shown]


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def commands() -> dict[str, list[str]]:
    """Return the commands of the page about ports by their framework."""
    found = COMMAND.findall((PAGES / "check-a-port.md").read_text("utf-8"))
    return {framework: line.split() for line, framework in found}


def optimizer_commands(word: str) -> list[list[str]]:
    """Return the commands of the page about new methods that begin with a word, each as its arguments."""
    lines = re.findall(rf"^momoracle ({word} .*)$", (PAGES / "add-an-optimizer.md").read_text("utf-8"), re.MULTILINE)
    return [line.split() for line in lines]


def test_the_new_optimizer_runs_over_symbols_and_fractions(tmp_path: Path) -> None:
    assert write("add-an-optimizer.md", tmp_path) == ["nesterov.py", "try_nesterov.py", "my_nesterov.py"]
    for arguments in (["try_nesterov.py"], ["-m", "doctest", "nesterov.py"]):
        result = python(tmp_path, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_new_optimizer_s_vectors_are_written_and_checked(tmp_path: Path) -> None:
    write("add-an-optimizer.md", tmp_path)
    written, checked = optimizer_commands("golden")
    for command in (written, checked):
        result = python(tmp_path, "-m", "momoracle", *command)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "left out" not in result.stdout
    content = json.loads((tmp_path / "vectors/nesterov.json").read_text("utf-8"))
    assert content["algorithm"] == "nesterov"
    method = tmp_path / "nesterov.py"
    method.write_text(method.read_text("utf-8").replace("(g + beta * m), {", "m, {"), "utf-8")
    assert python(tmp_path, "-m", "momoracle", *checked).returncode == 1


@pytest.mark.ports
def test_the_new_optimizer_s_port_conforms_and_its_mistake_is_explained(tmp_path: Path) -> None:
    write("add-an-optimizer.md", tmp_path)
    published, mistaken = optimizer_commands("check")
    result = python(tmp_path, "-m", "momoracle", *published)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "conforms as nesterov.py:Nesterov" in result.stdout
    result = python(tmp_path, "-m", "momoracle", *mistaken)
    assert result.returncode == 1
    assert "It computes instead" in result.stdout
    assert "`x - now.alpha * (g + beta * state.momentum)` stands for `x - now.alpha * (g + beta * m)`" in result.stdout


def test_the_new_optimizer_s_example_can_fail(tmp_path: Path) -> None:
    write("add-an-optimizer.md", tmp_path)
    method = tmp_path / "nesterov.py"
    method.write_text(method.read_text("utf-8").replace("(g + beta * m), {", "m, {"), "utf-8")
    assert "AssertionError" in python(tmp_path, "try_nesterov.py").stderr
    assert "***Test Failed***" in python(tmp_path, "-m", "doctest", "nesterov.py").stdout


@pytest.mark.ports
@pytest.mark.parametrize("framework", ["torch", "optax", "keras"])
def test_the_ports_conform(framework: str, tmp_path: Path) -> None:
    write("check-a-port.md", tmp_path)
    result = python(tmp_path, "-m", "momoracle", *commands()[framework])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "conforms as sgdm" in result.stdout
    assert "broken" not in result.stdout.replace("0 broken", "")


@pytest.mark.ports
def test_the_torch_port_with_its_decay_moved_is_explained(tmp_path: Path) -> None:
    write("check-a-port.md", tmp_path)
    port = tmp_path / "my_torch.py"
    for old, new in MOVED:
        assert port.read_text("utf-8").count(old) == 1
        port.write_text(port.read_text("utf-8").replace(old, new), "utf-8")
    assert MOVED[-1][1] in (PAGES / "check-a-port.md").read_text("utf-8")
    result = python(tmp_path, "-m", "momoracle", *commands()["torch"])
    assert result.returncode == 1
    assert "deviates as sgdm" in result.stdout
    assert "unexplained" not in result.stdout
