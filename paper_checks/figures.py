"""All figures: every module of this package named figures_… holds some, as its ``FIGURES``."""

import pkgutil
from functools import cache
from importlib import import_module

from momoracle import paper_checks
from momoracle.paper_checks.figure import Figure


@cache
def figures() -> tuple[Figure, ...]:
    """Return every figure."""
    names = [found.name for found in pkgutil.iter_modules(paper_checks.__path__)]
    chosen = [name for name in names if name.startswith("figures_")]
    return tuple(figure for name in chosen for figure in import_module(f"momoracle.paper_checks.{name}").FIGURES)
