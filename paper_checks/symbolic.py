"""Work with symbols: settle branches by sign assumptions, and prove identities by simplifying."""

from typing import Any

import sympy as sp

from momoracle.paper_checks.claim import Falsified, require
from momoracle.paper_checks.paths import array


def vector(name: str, size: int = 2) -> Any:
    """Return a vector of real symbols name1, name2 and so on."""
    return array(sp.symbols(f"{name}1:{size + 1}", real=True))


def settle(expression: Any) -> Any:
    """Return the expression with the branch of every Min, Max and Piecewise chosen.

    Raises:
        Falsified: a sign that decides a branch does not follow from the assumptions on the symbols.
    """
    if not getattr(expression, "args", ()):
        return expression
    if isinstance(expression, sp.Piecewise):
        for value, condition in expression.args:
            if condition == sp.true or _holds(condition):
                return settle(value)
        raise Falsified(f"no branch of {expression} applies")
    arguments = [settle(argument) for argument in expression.args]
    if isinstance(expression, (sp.Min, sp.Max)):
        chosen = arguments[0]
        for other in arguments[1:]:
            if _nonnegative(chosen - other) != isinstance(expression, sp.Max):
                chosen = other
        return chosen
    return expression.func(*arguments)


def _holds(condition: Any) -> bool:
    """Tell whether a comparison is true."""
    if condition in (sp.true, sp.false):
        return bool(condition)
    left, right = (settle(side) for side in condition.args)
    difference = sp.factor(left - right)
    if isinstance(condition, sp.StrictLessThan):
        return not _nonnegative(difference)
    if isinstance(condition, sp.StrictGreaterThan):
        return not _nonnegative(-difference)
    raise Falsified(f"the comparison {condition} is of no kind that a method makes")


def _nonnegative(expression: Any) -> bool:
    """Tell whether an expression is ≥ 0 (True) or < 0 (False) under the assumptions on its symbols."""
    value = sp.factor(sp.together(expression))
    if value.is_nonnegative:
        return True
    if value.is_negative:
        return False
    raise Falsified(f"the sign of {value} is not determined")


def is_nonnegative(expression: Any) -> bool:
    """Tell whether an expression is ≥ 0 for every value that the assumptions allow; False also where it is open."""
    try:
        return _nonnegative(expression)
    except Falsified:
        return False


def vanishes(expression: Any, what: str) -> None:
    """Raise `Falsified` unless the expression simplifies to zero."""
    rest = sp.factor(sp.together(sp.sympify(expression)))
    rest = sp.simplify(rest) if rest != 0 else rest
    require(rest == 0, f"{what}: the difference is {sp.sstr(rest)[:200]}, not 0")
