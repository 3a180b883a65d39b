"""Load what a user wrote (``FILE.py:NAME`` or ``MODULE:NAME``), and say where in it an error was raised."""

import importlib
import importlib.util
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from momoracle.common.nearest import did_you_mean

_LONGEST = 300  # characters of an error's message


class TargetError(LookupError):
    """The text names nothing that can be loaded: the message says what is missing and what to write instead."""


@dataclass(frozen=True)
class Target:
    """A text ``SOURCE:NAME`` taken apart: ``source`` is a Python file or a module, ``name`` a name in it."""

    source: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether ``source`` is a Python file rather than the name of a module."""
        return self.source.endswith(".py")


@dataclass(frozen=True)
class Place:
    """A line of code: the file without its folder, the line's number and text, and the function that it is in."""

    file: str
    line: int
    function: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


def parse_target(text: str) -> Target:
    """Take ``FILE.py:NAME`` or ``MODULE:NAME`` apart without importing anything; raises `TargetError`."""
    source, _, name = text.rpartition(":")
    if not source or not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(f"{text!r} is neither FILE.py:NAME nor MODULE:NAME; put a colon and the name after the file")
    target = Target(source, name)
    if target.is_file and not Path(source).is_file():
        raise TargetError(f"there is no file {source!r}; give its path from the current folder")
    if not target.is_file and not all(part.isidentifier() for part in source.split(".")):
        raise TargetError(f"{source!r} is no module's name; a file must end in .py")
    return target


def load_target(target: Target) -> Any:
    """Import the source of a target and return what its name stands for.

    Raises:
        TargetError: the module is not installed, or has no such name.
        Exception: whatever the imported code raises.
    """
    value: Any = import_file(Path(target.source)) if target.is_file else _import_module(target.source)
    for part in target.name.split("."):
        if not hasattr(value, part):
            near = did_you_mean(part, [name for name in dir(value) if not name.startswith("_")])
            raise TargetError(f"{target.source!r} has no {target.name!r}; check the name after the colon{near}")
        value = getattr(value, part)
    return value


def import_file(path: Path, name: str | None = None) -> ModuleType:
    """Execute a Python file as a module and return it; the file may import its neighbours.

    The module is named after the file, so that other processes can unpickle what it defines. Where that name is taken
    (a user's ``torch.py``), ``user_`` comes before it. A process that unpickles passes the ``name`` that the other one
    has for the file, see `imported_files`.
    """
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = name or (path.stem if _is_free(path) else f"user_{path.stem}")
    version = path.stat().st_mtime_ns
    executed = _executed.get(name)
    if executed is None or executed[:2] != (path.absolute(), version):
        # A file that is unchanged is executed once: a second module would have other classes of the same names, and
        # pickle refuses an object whose class is no longer the one that its module holds.
        executed = path.absolute(), version, _execute(name, path)
        _executed[name] = executed
    sys.modules[name] = executed[2]
    return executed[2]


def imported_files() -> dict[str, Path]:
    """Return the files that `import_file` has executed, by the names of their modules."""
    return {name: path for name, (path, _, _) in _executed.items()}


_executed: dict[str, tuple[Path, int, ModuleType]] = {}  # each with its file and the time of the file's last change


def _execute(name: str, path: Path) -> ModuleType:
    location = importlib.util.spec_from_file_location(name, path)
    if location is None or location.loader is None:
        raise ImportError(f"{path.name} cannot be read as Python")
    module = importlib.util.module_from_spec(location)
    sys.modules[name] = module  # where dataclasses and pickle look for it
    location.loader.exec_module(module)
    return module


def error_text(error: BaseException) -> str:
    """Return an error's type and the first line of its message, as ``ValueError: lr is 0``."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:_LONGEST]}" if lines[0] else type(error).__name__


def error_place(error: BaseException, *, in_libraries: bool = False) -> Place | None:
    """Return the last line of the user's code on an error's way, or None where there is none.

    With ``in_libraries`` a line of an installed package counts as the user's, for an optimizer may come from one;
    lines of momoracle never do.
    """
    own = _is_own if in_libraries else _is_library
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not own(frame.filename)]
    if not frames:
        return None
    last, line = frames[-1], frames[-1].lineno or 0
    return Place(Path(last.filename).name, line, last.name, linecache.getline(last.filename, line).strip())


def definition_place(function: Any) -> Place | None:
    """Return where the user defined a function, a method or an object that is called; None where a library did."""
    code = _code_of(function)
    if code is None or _is_library(code.co_filename):
        return None
    return Place(Path(code.co_filename).name, code.co_firstlineno, code.co_name)


def error_report(error: BaseException, *, in_libraries: bool = False) -> str:
    """Return an error's text with its place in brackets, without folders, so that reports are the same everywhere."""
    place = error_place(error, in_libraries=in_libraries)
    return error_text(error) + (f" ({place})" if place else "")


def _import_module(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:  # a console script does not look there by itself
        sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _is_free(path: Path) -> bool:
    """Tell whether a file may have its own name as a module: nothing else is imported under it."""
    loaded = sys.modules.get(path.stem)
    try:
        spec = importlib.util.find_spec(path.stem) if loaded is None else None
    except (ImportError, ValueError):  # of a module without a spec
        return False
    origin = loaded.__file__ if loaded is not None else spec.origin if spec is not None else None
    return not origin or Path(origin).resolve() == path.resolve()


def _code_of(function: Any) -> Any:
    """Return the code object behind something callable, or None where it is written in C."""
    for inner in ("function", "__func__"):
        function = getattr(function, inner, function)
    if not hasattr(function, "__code__"):
        call: Callable[..., Any] | None = vars(type(function)).get("__call__")
        function = call
    return getattr(function, "__code__", None)


@cache
def _is_own(filename: str) -> bool:
    """Tell whether a line is momoracle's. In a checkout the parts of the package are links to folders at the root."""
    package = Path(__file__).parents[1]
    parts = [package, *(part for part in package.iterdir() if part.is_dir())]
    path = Path(filename).resolve()
    return any(path.is_relative_to(part.resolve()) for part in parts)


@cache
def _is_library(filename: str) -> bool:
    if filename.startswith("<frozen") or _is_own(filename):
        return True
    path = Path(filename).resolve()
    folders = (Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib"))
    return any(path.is_relative_to(folder) for folder in folders)
