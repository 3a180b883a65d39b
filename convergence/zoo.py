"""The problems by name, and problems of the user's own."""

import importlib.util
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from momoracle.convergence.absolute_loss import absolute_loss
from momoracle.convergence.adversary import one_each_step, one_function
from momoracle.convergence.coordinates import nesterov_max, polyak_max
from momoracle.convergence.hinge_loss import hinge_loss, squared_hinge_loss
from momoracle.convergence.huber_loss import huber_loss
from momoracle.convergence.least_squares import least_squares
from momoracle.convergence.logistic_loss import logistic_loss
from momoracle.convergence.noise import noisy_absolute_loss, noisy_least_squares
from momoracle.convergence.problem import Problem
from momoracle.convergence.real_data import breast_cancer_hinge, diabetes_least_squares, digits_squared_hinge
from momoracle.convergence.relu_regression import relu_regression

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


def problem(name: str, **options: Any) -> Problem:
    """Return a problem by its name, or a user's own by ``FILE.py:NAME`` or ``MODULE:NAME``.

    NAME is a `Problem`, or a function of keyword options that returns one; ``name`` is a key of `PROBLEMS` otherwise.

    Raises:
        LookupError: there is no such problem, file or name.
        TypeError: an option is not offered, or what NAME holds is not a problem.

    >>> problem("least-squares", size=5, samples=9).size
    5
    """
    if name in PROBLEMS:
        make: Any = PROBLEMS[name]
    elif ":" in name:
        make = _own(name)
    else:
        raise LookupError(f"{name!r} is no problem; choose one of {', '.join(PROBLEMS)}, or give FILE.py:NAME")
    if isinstance(make, Problem):
        if options:
            raise TypeError(f"{name} is a Problem and takes no options; got {', '.join(options)}: make it a function")
        return make
    try:
        made = make(**options)
    except TypeError as error:
        raise TypeError(f"{name} with {', '.join(options) or 'no options'}: {error}") from None
    if not isinstance(made, Problem):
        raise TypeError(f"{name} gave a {type(made).__name__}; a momoracle.convergence.Problem is needed")
    return made


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


def _own(name: str) -> Any:
    place, _, attribute = name.rpartition(":")
    if place.endswith(".py"):
        path = Path(place)
        if not path.is_file():
            raise LookupError(f"there is no file {place}; give FILE.py:NAME with a path to a Python file")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None  # as for every .py file
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # where dataclasses and pickle look for it
        spec.loader.exec_module(module)
    else:
        try:
            module = import_module(place)
        except ModuleNotFoundError as error:
            raise LookupError(f"{name}: {error}") from None
    if not hasattr(module, attribute):
        raise LookupError(f"{place} has no {attribute!r}; a Problem, or a function that returns one, is needed")
    return getattr(module, attribute)
