"""The site, built once from the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import checkout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "docs/mkdocs.yml", "-d", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, cwd=checkout.ROOT, env=quiet, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
