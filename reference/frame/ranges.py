"""What a hyperparameter may be: a method declares it in the type of its dataclass field, ``beta: Share = 0.9``.

`Method` checks a declared range whenever hyperparameters are set. The golden cases vary every hyperparameter over it.
"""

import dataclasses
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, TypeAlias, get_type_hints
from weakref import WeakKeyDictionary


@dataclass(frozen=True)
class Range:
    """An interval of real numbers, from ``low`` to ``high``.

    Args:
        low: the lower end.
        high: the upper end.
        includes_low: whether ``low`` itself is allowed.
        includes_high: whether ``high`` itself is allowed.

    >>> Range(0, 1).allowed("beta"), Range(0, 1).contains(0.0), Range(0, 1).contains(1.0)
    ('0 <= beta < 1', True, False)
    """

    low: float = -inf
    high: float = inf
    includes_low: bool = True
    includes_high: bool = False

    def contains(self, value: Any) -> Any:
        """Tell whether a number lies in the interval; an array is answered entry by entry, and NaN lies nowhere."""
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return above & below

    def allowed(self, name: str) -> str:
        """Return the interval as an error message writes it, with ``name`` between its ends."""
        left, right = ("<=" if included else "<" for included in (self.includes_low, self.includes_high))
        return f"{self.low} {left} {name} {right} {self.high}"


@dataclass(frozen=True)
class Convention:
    """The mark of a switch on which the published ports of a method differ; no golden vector sets it."""


RATE = Range(0, inf, includes_low=False)
CHANGING_RATE = Range(0, inf)  # one rate of a schedule may be 0

LearningRate: TypeAlias = Annotated[Any, RATE]  # a number, or a callable of the step number 1, 2, …
Share: TypeAlias = Annotated[float, Range(0, 1)]  # the weight of the past in an average
Nonnegative: TypeAlias = Annotated[float, Range(0, inf)]
BelowInfinity: TypeAlias = Annotated[float, Range(-inf, inf)]  # −inf says that there is no bound
ConventionSwitch: TypeAlias = Annotated[bool, Convention()]


@dataclass(frozen=True)
class Declaration:
    """A hyperparameter as its method declares it.

    Args:
        name: of the dataclass field.
        default: its default, or ``dataclasses.MISSING``.
        kind: ``float``, ``int`` or ``bool``: the type without its range.
        range: the declared range; None for a switch, and where the method declares none.
        is_convention: whether it is a switch that no golden vector sets.
    """

    name: str
    default: Any
    kind: Any
    range: Range | None
    is_convention: bool

    @property
    def is_switch(self) -> bool:
        """Whether only True and False are allowed."""
        return isinstance(self.default, bool)


# What was read once a class; a class that nobody uses any more, such as an edited method, is forgotten with it.
_read: WeakKeyDictionary[type, tuple[Declaration, ...]] = WeakKeyDictionary()


def declarations_of(method: type) -> tuple[Declaration, ...]:
    """Return what a method declares about each of its hyperparameters, in the order of its fields.

    >>> from momoracle import MoMo
    >>> [declaration.name for declaration in declarations_of(MoMo) if declaration.is_switch]
    ['bias_correction', 'estimate_lower_bound']
    """
    if method not in _read:
        hints = get_type_hints(method, include_extras=True)
        _read[method] = tuple(_declaration(field, hints[field.name]) for field in dataclasses.fields(method))
    return _read[method]


def _declaration(field: "dataclasses.Field[Any]", hint: Any) -> Declaration:
    marks = getattr(hint, "__metadata__", ())
    interval = next((mark for mark in marks if isinstance(mark, Range)), RATE if field.name == "lr" else None)
    is_convention = any(isinstance(mark, Convention) for mark in marks)
    return Declaration(field.name, field.default, getattr(hint, "__origin__", hint), interval, is_convention)
