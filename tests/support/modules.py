"""The package's modules by name, and those among them that cannot be imported without an extra."""

import pkgutil
from importlib.util import find_spec

import momoracle

#: what needs llvmlite, of the extra `fast`
FAST = {f"momoracle.convergence.compiled.{name}" for name in ("formulas", "lanes", "program", "step_code", "tile")}
ALL = [momoracle.__name__, *(found.name for found in pkgutil.walk_packages(momoracle.__path__, "momoracle."))]
IMPORTABLE = [name for name in ALL if name not in FAST or find_spec("llvmlite") is not None]
