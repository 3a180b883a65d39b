"""A fault planted in the reference is noticed by `verify`, by `golden check`, and by the other implementation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import checkout
import pytest

#: in which file, what, and what instead
FAULTS = {
    "the sign of αλ": ("momo.py", "shrink=1 + alpha", "shrink=1 - alpha"),
    "a sign in h": ("momentum_model.py", "self.f_bar + self.dx - self.gamma", "self.f_bar + self.dx + self.gamma"),
}

INDEPENDENT = ("-m", "pytest", "-q", "-c", os.devnull, "tests/test_independent.py", "-k", "momo-float64-decay-polyak")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("reference", "ports", "tests"):
        shutil.copytree(checkout.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout.ROOT / "src", tmp_path / "src", symlinks=True)
    return tmp_path


def status(copy: Path, *arguments: str) -> int:
    """Run Python on the copy and return its exit status."""
    path = os.pathsep.join(str(copy / folder) for folder in ("src", "tests"))
    command = [sys.executable, "-B", *arguments]
    result = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False)
    assert result.returncode in (0, 1), result.stderr.decode()
    return result.returncode


@checkout.needed
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(copy: Path, fault: str) -> None:
    name, old, new = FAULTS[fault]
    verify = ("-m", "momoracle", "verify", "--claim", "golden-momo")
    check = ("-m", "momoracle", "golden", "check", "--algorithm", "momo")
    assert status(copy, *verify) == 0
    path = copy / "reference" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert status(copy, *verify) == 1
    assert status(copy, *check) == 1
    # With the vectors written anew from the faulty text both are satisfied; the independent implementation is not.
    assert status(copy, *INDEPENDENT) == 0
    assert status(copy, "-m", "momoracle", "golden", "write", "--algorithm", "momo") == 0
    assert status(copy, *check) == 0
    assert status(copy, *INDEPENDENT) == 1
