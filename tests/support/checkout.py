"""The repository around the tests, for those that read it; they are skipped where only the package is installed."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

needed = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="reads the repository, and these tests are not in a git checkout"
)


def tracked() -> list[Path]:
    """Return every file of the repository, committed or about to be; symbolic links to folders are left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())
