"""What is wrong with a user's problem: in which file and line, what came, and what is needed."""

from collections.abc import Callable
from typing import Any

from momoracle.common.user_code import Place, definition_place, error_place, error_text

__all__ = [
    "ProblemError",
]


class ProblemError(ValueError):
    """A problem's own code failed, or returned something else than is needed.

    >>> raise ProblemError("mine: sample_loss_and_grad returned 1 value; needed are the losses and the gradients")
    Traceback (most recent call last):
    ...
    momoracle.convergence.problems.problem_error.ProblemError: mine: sample_loss_and_grad returned 1 value; ne...
    """


def call_user_code(what: str, needed: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a user's ``function`` and return what it returns.

    Raises:
        ProblemError: it raised. The message says ``what`` it is and its place; where no line of the user's was reached,
            it could not be called like this, so the message also says what is ``needed``.
    """
    try:
        return function(*arguments, **options)
    except ProblemError as error:
        raise ProblemError(f"{what}: {error}") from error
    except Exception as error:
        place = error_place(error)
        where = in_brackets(place) or defined_at(function)
        hint = "" if place else f"; {needed}"
        raise ProblemError(f"{what} raised {error_text(error)}{where}{hint}") from error


def defined_at(function: Any) -> str:
    """Return where a user's function is defined, in brackets; an empty text where a library defines it."""
    return in_brackets(definition_place(function))


def in_brackets(place: Place | None) -> str:
    """Return a place as it stands behind a message, or an empty text.

    >>> in_brackets(Place("mine.py", 3, "loss"))
    ' (mine.py:3 in loss)'
    """
    return f" ({place})" if place else ""
