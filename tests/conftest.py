"""Hypothesis profiles, and the conditions that markers name."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support import chromium

settings.register_profile("quick", max_examples=60, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("thorough", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("quick")  # before the command line is applied: --hypothesis-profile replaces it


#: a file for the names of the tests that are skipped; taken, so that a pytest that a test runs does not write there too
SKIPPED = os.environ.pop("SKIPPED_TESTS", None)
FRAMEWORKS = ("torch", "momo", "jax", "optax", "pytorch_optimizer", "keras")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("ports"):
        missing = [name for name in FRAMEWORKS if find_spec(name) is None]
        if missing:
            pytest.skip(f"needs the extra `ports`: {', '.join(missing)}")
    if item.get_closest_marker("docs"):
        missing = [name for name in ("material", "nbformat") if find_spec(name) is None]
        if missing:
            pytest.skip(f"needs the extra `docs`: {', '.join(missing)}")
    if item.get_closest_marker("browser") and chromium.found() is None:
        pytest.skip(f"needs a browser: none of {', '.join(chromium.NAMES)} is there")
    if item.get_closest_marker("gpu"):
        cupy = pytest.importorskip("cupy", reason="needs CuPy")
        try:
            cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            pytest.skip(f"needs a CUDA device: {error}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if SKIPPED is not None:
        names = {report.nodeid for report in terminalreporter.stats.get("skipped", [])}
        Path(SKIPPED).write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
