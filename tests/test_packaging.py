"""The package is what the tree is, needs no framework, and says one version."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from support import checkout, modules

import momoracle

NOT_PACKAGES = {"tests", "benchmarks", "notebooks", "docs"}
FRAMEWORKS = ("torch", "jax", "jaxlib", "optax", "keras", "tensorflow", "cupy", "momo", "pytorch_optimizer")
IMPORT_ALL = f"""
import importlib, sys

class Refuse:
    asked = []

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FRAMEWORKS}:
            self.asked.append(name)
            raise ModuleNotFoundError(name + " is a framework", name=name)

sys.meta_path.insert(0, Refuse())
import momoracle
names = {modules.IMPORTABLE}
for name in names:
    importlib.import_module(name)
print(len(names), *Refuse.asked)
"""


def settings() -> Any:
    return tomllib.loads((checkout.ROOT / "pyproject.toml").read_text("utf-8"))


def package_folders() -> dict[str, str]:
    """Return the folder of every package that the tree holds."""
    modules = [path.relative_to(checkout.ROOT) for path in checkout.tracked() if path.suffix == ".py"]
    found = {}
    for folder in {PurePosixPath(path.parent) for path in modules if len(path.parts) > 1}:
        parts = folder.parts[1:] if folder.parts[0] == "src" else ("momoracle", *folder.parts)
        if folder.parts[0] not in NOT_PACKAGES:
            found[".".join(parts)] = str(folder)
    return found


@checkout.needed
def test_every_folder_of_modules_is_a_package() -> None:
    folders, setuptools = package_folders(), settings()["tool"]["setuptools"]
    assert {"momoracle", "momoracle.reference", "momoracle.reference.golden", "momoracle.ports"} <= set(folders)
    assert setuptools["package-dir"] == folders
    assert sorted(setuptools["packages"]) == sorted(folders)


@checkout.needed
def test_root_packages_are_linked_and_not_imported_by_their_folder() -> None:
    roots = {folder for folder in package_folders().values() if "/" not in folder}
    links = {path.name: os.readlink(path) for path in (checkout.ROOT / "src/momoracle").iterdir() if path.is_symlink()}
    assert links == {name: f"../../{name}" for name in roots}
    assert set(settings()["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]) == roots


@pytest.mark.parametrize(
    "resource", ["py.typed", *(f"reference/golden/v1/{name}.json" for name in ("schema", "momo", "tam"))]
)
def test_data_is_installed(resource: str) -> None:
    folder, _, name = f"momoracle/{resource}".rpartition("/")
    package = "momoracle.reference.golden" if "golden" in folder else "momoracle"
    inside = "v1" if "golden" in folder else "."
    assert (Path(str(files(package))) / inside / name).is_file()


def test_nothing_imports_a_framework() -> None:
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALL]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    count, *asked = result.stdout.split()
    assert int(count) > 40
    assert asked == []


def test_the_commands_are_there() -> None:
    result = subprocess.run([sys.executable, "-m", "momoracle", "--help"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for command in ("verify", "check", "golden"):
        assert re.search(rf"\b{command}\b", result.stdout), command


@checkout.needed
def test_one_version() -> None:
    def first(pattern: str, file: str) -> str:
        match = re.search(pattern, (checkout.ROOT / file).read_text("utf-8"), re.MULTILINE)
        assert match, f"{file} has no version"
        return match[1]

    expected = settings()["project"]["version"]
    assert version("momoracle") == expected
    assert getattr(momoracle, "__version__", expected) == expected
    assert first(r"^## \[(\d\S*)\]", "CHANGELOG.md") == expected
    assert first(r"^version: (\S+)$", "CITATION.cff") == expected
