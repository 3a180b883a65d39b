"""Methods written as text: ``momo``, ``momo:beta=0.5,lr=1``, or a user's own, ``FILE.py:CLASS:lr=1``."""

from dataclasses import MISSING, fields
from itertools import product
from typing import Any

from momoracle.common.nearest import did_you_mean
from momoracle.convergence.problems.limits import NO_CAP
from momoracle.convergence.problems.problem import Problem
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.frame.registry import is_own, method_of

_OFF, _ON = ("false", "no", "0"), ("true", "yes", "1")


def method_from_text(text: str, problem: Problem) -> Method:
    """Return the method that a text names.

    MoMo has no cap of its step size, and every method that takes a lower bound has the problem's f_*, unless the text
    says otherwise.

    Raises:
        LookupError: there is no such algorithm, file or class.
        ValueError: an option is unknown, missing, or has a value that is not allowed.

    >>> from momoracle.convergence import least_squares
    >>> method_from_text("momo:beta=0.5,bias_correction=yes", least_squares()).bias_correction
    True
    """
    name, options = _split(text)
    values = {}
    for item in options:
        option, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"{item!r} in {text!r} has no value; write {option}=VALUE")
        values[option.strip()] = value.strip()
    return make_method(name, values, problem)


def expand_grid(text: str) -> list[str]:
    """Return the texts of a grid: values with ``|`` between them are tried in turn, each with each.

    >>> expand_grid("momo:beta=0|0.9,lr=1")
    ['momo:beta=0,lr=1', 'momo:beta=0.9,lr=1']
    >>> expand_grid("mine.py:Nesterov:lr=0.1|1")
    ['mine.py:Nesterov:lr=0.1', 'mine.py:Nesterov:lr=1']
    """
    name, options = _split(text)
    axes = []
    for item in options:
        option, equals, values = item.partition("=")
        axes.append([option + equals + value for value in values.split("|")])
    return [f"{name}:{','.join(point)}" if point else name for point in product(*axes)]


def make_method(algorithm: str, options: dict[str, Any], problem: Problem) -> Method:
    """Return a method with options that are numbers, switches or their texts; see `method_from_text`."""
    kind = method_of(algorithm)
    defaults = {option.name: option.default for option in fields(kind)}
    if unknown := sorted(set(options) - set(defaults)):
        near = did_you_mean(unknown[0], defaults)
        raise ValueError(f"{algorithm} has no option {', '.join(unknown)}; it has {', '.join(defaults)}{near}")
    values = {option: _value(option, value, isinstance(defaults[option], bool)) for option, value in options.items()}
    if "lower_bound" in defaults:
        values = {"lower_bound": problem.constants.lower_bound, **values}
    if algorithm == "momo":
        values = {"lr": NO_CAP, **values}
    if missing := [option for option, default in defaults.items() if default is MISSING and option not in values]:
        raise ValueError(f"{algorithm} needs {', '.join(missing)}; write {algorithm}:{missing[0]}=VALUE")
    return kind(**values)


def method_label(method: Method) -> str:
    """Return a method as the text that `method_from_text` reads: its name, and the options that are not defaults.

    >>> from momoracle import MoMo
    >>> method_label(MoMo(lr=0.5))
    'momo:lr=0.5'
    """
    names = {kind: name for name, kind in ALGORITHMS.items()}
    name = names.get(type(method), type(method).__name__)
    changed = [(o.name, getattr(method, o.name)) for o in fields(method) if getattr(method, o.name) != o.default]
    options = ",".join(f"{key}={_value_text(value)}" for key, value in changed)
    return f"{name}:{options}" if options else name


def _split(text: str) -> tuple[str, list[str]]:
    """Take a text apart into the algorithm and its options.

    The colon of ``FILE.py:CLASS`` belongs to the algorithm; so only what has an ``=`` stands for options, or what
    follows the name of a method of the package.
    """
    head, colon, rest = text.rpartition(":")
    if not colon or not ("=" in rest or is_own(head)):
        return text, []
    return head, [item for item in rest.split(",") if item]


def _value(option: str, value: Any, switch: bool) -> Any:
    text = str(value).lower()
    if switch:
        if text not in (*_OFF, *_ON):
            raise ValueError(f"{option} is {value!r}; allowed: yes or no")
        return text in _ON
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{option} is {value!r}; allowed: a number") from None


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
