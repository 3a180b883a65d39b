"""Methods written as text: ``momo``, ``momo:beta=0.5,lr=1``."""

from dataclasses import fields
from itertools import product
from typing import Any

from momoracle.convergence.limits import NO_CAP
from momoracle.convergence.problems.problem import Problem
from momoracle.reference import ALGORITHMS, Method

_OFF, _ON = ("false", "no", "0"), ("true", "yes", "1")


def method(text: str, problem: Problem) -> Method:
    """Return the method that a text names; MoMo's lower bound and cap are the problem's f_* and none, unless given.

    Raises:
        ValueError: the algorithm or an option is unknown, or a value is not allowed.

    >>> from momoracle.convergence import least_squares
    >>> method("momo:beta=0.5,bias_correction=yes", least_squares()).bias_correction
    True
    """
    name, _, rest = text.partition(":")
    given = {}
    for item in filter(None, rest.split(",")):
        option, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"{item!r} in {text!r} has no value; write {option}=VALUE")
        given[option.strip()] = value.strip()
    return make(name, given, problem)


def grid(text: str) -> list[str]:
    """Return the texts of a grid: values with ``|`` between them are tried in turn, each with each.

    >>> grid("momo:beta=0|0.9,lr=1")
    ['momo:beta=0,lr=1', 'momo:beta=0.9,lr=1']
    """
    name, colon, rest = text.partition(":")
    axes = []
    for item in filter(None, rest.split(",")):
        option, equals, values = item.partition("=")
        axes.append([option + equals + value for value in values.split("|")])
    return [name + colon + ",".join(point) for point in product(*axes)]


def make(name: str, options: dict[str, Any], problem: Problem) -> Method:
    """Return a method with options that are numbers, switches or their texts; see `method`."""
    if name not in ALGORITHMS:
        raise ValueError(f"{name!r} is no algorithm; choose one of {', '.join(ALGORITHMS)}")
    kind = ALGORITHMS[name]
    known = {option.name: option.default for option in fields(kind)}
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"{name} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    values = {option: _value(option, value, isinstance(known[option], bool)) for option, value in options.items()}
    if "lower_bound" in known:
        values = {"lower_bound": problem.constants.lower_bound, **values}
    if name == "momo":
        values = {"lr": NO_CAP, **values}
    return kind(**values)


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


def text_of(method: Method) -> str:
    """Return a method as the text that `method` reads: its name, and the options that are not defaults.

    >>> from momoracle import MoMo
    >>> text_of(MoMo(lr=0.5))
    'momo:lr=0.5'
    """
    names = {kind: name for name, kind in ALGORITHMS.items()}
    name = names.get(type(method), type(method).__name__)
    changed = [(o.name, getattr(method, o.name)) for o in fields(method) if getattr(method, o.name) != o.default]
    options = ",".join(
        f"{key}={('yes' if value else 'no') if isinstance(value, bool) else f'{value:g}'}" for key, value in changed
    )
    return f"{name}:{options}" if options else name
