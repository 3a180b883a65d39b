"""What is wrong with a problem of the user's own: in which file and line, what came, and what is needed."""

import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "ProblemError",
]

_LONGEST = 300  # characters of another error's message


class ProblemError(ValueError):
    """A problem's own code failed, or returned something else than is needed.

    >>> raise ProblemError("mine: sample_loss_and_grad returned 1 value; needed are the losses and the gradients")
    Traceback (most recent call last):
    ...
    momoracle.convergence.problems.problem_error.ProblemError: mine: sample_loss_and_grad returned 1 value; ne...
    """


def called(what: str, needed: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return what a ``function`` of the user's returns.

    Raises:
        ProblemError: it raised, with ``what`` it is, its place, and where it could not even be called what is needed.
    """
    try:
        return function(*arguments, **options)
    except ProblemError as error:
        raise ProblemError(f"{what}: {error}") from error
    except Exception as error:
        frames = _own(error)
        hint = "" if frames else f"; {needed}"
        raise ProblemError(f"{what} raised {said(error)}{place(error, function)}{hint}") from error


def said(error: BaseException) -> str:
    """Return an error's type and the first line of what it says."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:_LONGEST]}" if lines[0] else type(error).__name__


def place(error: BaseException | None = None, function: Any = None) -> str:
    """Return file and line of the user's in brackets: where it was raised, else where the function is defined."""
    if error is not None and (frames := _own(error)):
        return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno}, in {frames[-1].name})"
    code = _code(function)
    if code is None or _is_library(code.co_filename):
        return ""
    return f" ({Path(code.co_filename).name}, line {code.co_firstlineno}, {code.co_name})"


def _code(function: Any) -> Any:
    """Return the code behind a function, a method, `one_point` or an object that is called; None where it is C's."""
    for inner in ("function", "__func__"):
        function = getattr(function, inner, function)
    if not hasattr(function, "__code__"):
        function = vars(type(function)).get("__call__")
    return getattr(function, "__code__", None)


def _own(error: BaseException) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_library(frame.filename)]


def _is_library(filename: str) -> bool:
    if filename.startswith("<"):
        return True
    path = Path(filename).resolve()
    folders = (Path(__file__).parent, *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")))
    return any(path.is_relative_to(folder.resolve()) for folder in folders)
