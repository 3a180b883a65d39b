"""The problems by name, and problems of the user's own."""

from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from pathlib import Path
from types import MappingProxyType
from typing import Any

from momoracle.common.user_code import TargetError, error_report, load_target, parse_target
from momoracle.convergence.losses.absolute_loss import absolute_loss
from momoracle.convergence.losses.hinge_loss import hinge_loss, squared_hinge_loss
from momoracle.convergence.losses.huber_loss import huber_loss
from momoracle.convergence.losses.least_squares import least_squares
from momoracle.convergence.losses.logistic_loss import logistic_loss
from momoracle.convergence.losses.noisy import noisy_absolute_loss, noisy_least_squares
from momoracle.convergence.losses.real_data import breast_cancer_hinge, diabetes_least_squares, digits_squared_hinge
from momoracle.convergence.losses.relu_regression import relu_regression
from momoracle.convergence.problems.adversary import one_each_step, one_function
from momoracle.convergence.problems.max_of_coordinates import nesterov_max, polyak_max
from momoracle.convergence.problems.problem import Problem
from momoracle.convergence.problems.problem_error import ProblemError, call_user_code, defined_at

__all__ = [
    "PROBLEMS",
    "absolute_loss",
    "breast_cancer_hinge",
    "diabetes_least_squares",
    "digits_squared_hinge",
    "from_text",
    "hinge_loss",
    "huber_loss",
    "least_squares",
    "logistic_loss",
    "nesterov_max",
    "noisy_absolute_loss",
    "noisy_least_squares",
    "one_each_step",
    "one_function",
    "polyak_max",
    "problem",
    "relu_regression",
    "squared_hinge_loss",
]

#: the problems' makers by name
PROBLEMS: MappingProxyType[str, Callable[..., Problem]] = MappingProxyType(
    {
        "least-squares": least_squares,
        "absolute-loss": absolute_loss,
        "huber": huber_loss,
        "hinge": hinge_loss,
        "squared-hinge": squared_hinge_loss,
        "logistic": logistic_loss,
        "relu-regression": relu_regression,
        "polyak-max": polyak_max,
        "nesterov-max": nesterov_max,
        "one-function": one_function,
        "one-each-step": one_each_step,
        "diabetes": diabetes_least_squares,
        "breast-cancer": breast_cancer_hinge,
        "digits": digits_squared_hinge,
        "noisy-least-squares": noisy_least_squares,
        "noisy-absolute-loss": noisy_absolute_loss,
    }
)
#: the ones whose data scikit-learn ships
REAL_DATA = ("diabetes", "breast-cancer", "digits")
_NEEDED = "needed is a momoracle.convergence.Problem, or a function of keyword options that returns one"


def problem(name: str, **options: Any) -> Problem:
    """Return a problem by its name, or a user's own by ``FILE.py:NAME`` or ``MODULE:NAME``.

    NAME is a `Problem`, or a function of keyword options that returns one; ``name`` is a key of `PROBLEMS` otherwise.

    Raises:
        LookupError: there is no such problem, file or name.
        TypeError: an option is not offered, or what NAME holds is not a problem.
        ProblemError: the user's own file or function raised.

    >>> problem("least-squares", size=5, samples=9).size
    5
    """
    make = find_maker(name, options)
    if isinstance(make, Problem):
        return make
    if name not in PROBLEMS:
        made = call_user_code(name, _NEEDED, make, **options)
    else:
        try:
            made = make(**options)
        except TypeError as error:
            raise TypeError(f"{name} with {', '.join(options) or 'no options'}: {error}") from None
    if not isinstance(made, Problem):
        where = defined_at(make)
        raise TypeError(f"{name} gave a {type(made).__name__}{where}; a momoracle.convergence.Problem is needed")
    return made


def find_maker(name: str, options: Iterable[str] = ()) -> Any:
    """Return the `Problem` or the function behind a name, if it takes these ``options``; it is not called.

    Raises:
        LookupError: there is no such problem, file or name.
        TypeError: an option is not offered, or what NAME holds is neither.
        ProblemError: the user's own file raised.

    >>> find_maker("hinge", ["size"]).__name__
    'hinge_loss'
    """
    if name in PROBLEMS:
        make: Any = PROBLEMS[name]
    elif ":" in name:
        make = _load_user_problem(name)
    else:
        raise LookupError(f"{name!r} is no problem; choose one of {', '.join(PROBLEMS)}, or give FILE.py:NAME")
    if isinstance(make, Problem):
        if options:
            raise TypeError(f"{name} is a Problem and takes no options; got {', '.join(options)}: make it a function")
        return make
    if not callable(make):
        raise TypeError(f"{name} is {make!r:.40}, of type {type(make).__name__}; {_NEEDED}")
    _check_options(name, make, list(options))
    return make


def _check_options(name: str, make: Any, options: list[str]) -> None:
    try:
        parameters = signature(make).parameters.values()
    except ValueError:  # of code that is not Python's
        return
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    known = [parameter.name for parameter in parameters if parameter.kind in kinds]
    unknown = [option for option in options if option not in known]
    if unknown and not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        raise TypeError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is Parameter.empty
        and parameter.kind in (*kinds, Parameter.POSITIONAL_ONLY)
        and parameter.name not in options
    ]
    if needed:
        raise TypeError(
            f"{name} needs {', '.join(needed)}{defined_at(make)}; {_NEEDED}, "
            f"with {needed[0]}=NUMBER after a colon; a loss belongs into a Problem, as sample_loss_and_grad"
        )


def from_text(text: str) -> Problem:
    """Return a problem from ``NAME``, ``NAME:option=value,…``, ``FILE.py:NAME`` or ``FILE.py:NAME:option=value,…``.

    Args:
        text: what the command line takes.

    Raises:
        LookupError: there is no such problem, file or name.
        TypeError: an option is not offered, or what NAME holds is not a problem.
        ValueError: an option's value is not a number.

    >>> from_text("hinge:size=4,samples=7").samples
    7
    """
    name, _, rest = text.rpartition(":")
    if "=" not in rest or not name:
        return problem(text)
    options = dict(item.partition("=")[::2] for item in rest.split(","))
    return problem(name, **{key.strip(): _number(value) for key, value in options.items()})


def _number(value: str) -> int | float:
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a number; options of problems are numbers") from None


def _load_user_problem(name: str) -> Any:
    """Return what a user's ``FILE.py:NAME`` or ``MODULE:NAME`` holds."""
    target = parse_target(name)
    try:
        return load_target(target)
    except TargetError:
        raise
    except Exception as error:
        raise ProblemError(f"{name}: importing {Path(target.source).name} failed with {error_report(error)}") from error
