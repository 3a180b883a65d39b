"""The consumers of the golden vectors that the site shows pass every vector, and a wrong step in them does not."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support import checkout

from momoracle.reference.golden.files import load, path_of

pytestmark = checkout.needed

#: a step's line, and the same with a mistake, in both languages
WRONG = {
    "mjs": {
        "momo": [("(xi - tau * d[i]) / shrink", "xi / shrink - tau * d[i]"), ("2 * shrink * rho", "2 * rho")],
        "tam": [("(1 + s.average) / 2", "(1 - s.average) / 2"), ("xi - alpha * s.m[i]", "xi - h.lr * s.m[i]")],
    },
    "cpp": {
        "momo": [("(x[i] - tau * d[i]) / shrink", "x[i] / shrink - tau * d[i]")],
        "tam": [("(1 + averages[t]) / 2", "(1 - averages[t]) / 2")],
    },
}
CASES = [(language, algorithm) for language in WRONG for algorithm in WRONG[language]]


def source(language: str) -> str:
    return (checkout.ROOT / f"docs/consumers/consumer.{language}").read_text("utf-8")


def prepared(language: str, text: str, folder: Path) -> list[str]:
    """Return the command of a consumer with this text; skips where its language is missing."""
    file = folder / f"consumer.{language}"
    file.write_text(text, "utf-8")
    if language == "mjs":
        if shutil.which("node") is None:
            pytest.skip("needs Node")
        return ["node", str(file)]
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    probe = subprocess.run(
        ["g++", "-E", "-xc++", "-"], input="#include <nlohmann/json.hpp>", capture_output=True, text=True
    )
    if probe.returncode:
        pytest.skip("needs nlohmann-json")
    program = folder / "consumer"
    command = ["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", str(file), "-o", str(program)]
    subprocess.run(command, check=True)
    return [str(program)]


def run(command: list[str], algorithm: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, str(path_of(algorithm))], capture_output=True, text=True)


@pytest.mark.parametrize("language", WRONG)
def test_a_consumer_passes_every_vector(language: str, tmp_path: Path) -> None:
    command = prepared(language, source(language), tmp_path)
    for algorithm in ("momo", "tam"):
        result = run(command, algorithm)
        count = len(load(algorithm).vectors)
        assert (result.returncode, result.stdout) == (0, f"{algorithm}: {count} of {count} vectors agree\n")


@pytest.mark.parametrize(("language", "algorithm"), CASES)
def test_a_wrong_step_is_caught(language: str, algorithm: str, tmp_path: Path) -> None:
    for number, (right, wrong) in enumerate(WRONG[language][algorithm]):
        assert source(language).count(right) == 1
        folder = tmp_path / str(number)
        folder.mkdir()
        result = run(prepared(language, source(language).replace(right, wrong), folder), algorithm)
        assert result.returncode == 1
        assert "is" in result.stdout
        assert "expected" in result.stdout
