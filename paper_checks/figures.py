"""All figures: every module of this package named figures_… holds some, as its ``FIGURES``."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from momoracle import paper_checks
from momoracle.paper_checks.figure import Figure


@cache
def figures() -> tuple[Figure, ...]:
    """Return every figure."""
    names = [found.name for found in pkgutil.iter_modules(paper_checks.__path__)]
    chosen = [name for name in names if name.startswith("figures_")]
    return tuple(figure for name in chosen for figure in import_module(f"momoracle.paper_checks.{name}").FIGURES)


def write(figure: Figure, folder: Path) -> list[Path]:
    """Write a figure as SVG and PNG into a folder, and return the files."""
    paths = []
    for ending in ("svg", "png"):
        path = folder / f"{figure.name}.{ending}"
        path.write_bytes(figure.rendered(ending))
        paths.append(path)
    return paths
