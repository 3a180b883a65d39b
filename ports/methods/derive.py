"""Facts that a method's own text tells: its hyperparameters and quantities, their equations, what a step depends on."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from momoracle.ports.methods.facts import Setting
from momoracle.ports.methods.formulas import (
    NoFormula,
    classes_quoted,
    formulas_of,
    letter_of,
    symbols_of,
    to_latex,
)
from momoracle.ports.methods.text import MethodText
from momoracle.reference import ALGORITHMS, Method

_FRAME = ("step", "replicas")  # fields of every state that are no quantities


class FactsError(LookupError):
    """A method lacks something that the checker needs; the message names it and says how to add it."""


def defaults_of(method: type[Method]) -> dict[str, Setting]:
    """Return the hyperparameters but for the learning rate; raises `FactsError` where one has no default."""
    defaults: dict[str, Setting] = {}
    for field in dataclasses.fields(method):
        if field.name == "lr":
            continue
        if field.default is dataclasses.MISSING:
            name = f"{method.__name__}.{field.name}"
            raise FactsError(f"{name} has no default; give it the paper's: {field.name}: float = 0.9")
        defaults[field.name] = field.default
    return defaults


def quantities_of(method: type[Method]) -> tuple[str, ...]:
    """Return the quantities of a step in their order, the parameters last."""
    return (*method.Trace._fields, "params")


def kept_of(method: type[Method]) -> tuple[str, ...]:
    """Return the quantities that the state keeps for the next step."""
    return tuple(name for name in method.State._fields if name not in _FRAME and name in method.Trace._fields)


def equations_of(method: type[Method], text: MethodText) -> tuple[dict[str, str], dict[str, str]]:
    """Return the equation of each quantity in words, and those that can be typeset in LaTeX.

    A quantity's letter stands in the docstring of the trace, or is its variable in the text; the formula is the one of
    the class's docstring with that letter on the left. Before it stands the place that a comment on its line cites, or
    else the name of the class. Where there is no formula the line of the text itself is the equation.
    """
    formulas: dict[str, str] = {}
    for letter, formula in _formulas(method):
        formulas.setdefault(letter, formula)
    symbols = symbols_of(method.Trace)
    words: dict[str, str] = {}
    latex: dict[str, str] = {}
    for name in quantities_of(method):
        place = text.computations.get(name)
        letters = (name, symbols.get(name, ""), letter_of(place.variable) if place is not None else "")
        formula = next((formulas[letter] for letter in letters if letter in formulas), symbols.get(name, ""))
        cited = text.comment(name)
        source = cited if cited and cited != formula else method.__name__
        words[name] = f"{source}: {formula or text.code(name) or name}"
        try:
            latex[name] = to_latex(formula)
        except NoFormula:
            continue
    return words, latex


def scalars_of(method: type[Method]) -> frozenset[str]:
    """Return the quantities of the trace that are one number of the whole step."""
    if method(lr=0.5).split():
        return frozenset()
    return frozenset(name for name in method.Trace._fields if name not in method.tensors)


def is_separate(method: type[Method]) -> bool:
    """Tell whether a tensor's update depends on that tensor alone: no product over all tensors is asked for."""
    spies: list[_DotSpy] = []

    class Watched(method):  # type: ignore[misc, valid-type]
        def advance(self, x: Any, g: Any, state: Any, now: Any) -> Any:
            spies.append(_DotSpy(now.numbers))
            return super().advance(x, g, state, now._replace(numbers=spies[-1]))

    run_probe(Watched)
    return method(lr=0.5).split() or not any(spy.has_been_asked for spy in spies)


def has_counted_steps(method: type[Method]) -> bool:
    """Tell whether the number of a step matters: steps from one state, numbered otherwise, are compared."""
    after = [run_probe(method, counted=k) for k in (1, 4)]
    return any(not np.array_equal(a, b) for a, b in zip(*after, strict=True))


class _DotSpy:
    """A number system that notes whether a dot product was asked for."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers
        self.has_been_asked = False

    def dots(self, *pairs: Any) -> Any:
        self.has_been_asked = True
        return self._numbers.dots(*pairs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numbers, name)


def _formulas(method: type[Method]) -> Iterator[tuple[str, str]]:
    yield from formulas_of(method)
    known = {cls.__name__: cls for cls in ALGORITHMS.values()}
    for name in classes_quoted(method):
        if name in known:
            yield from formulas_of(known[name])


def run_probe(method: type[Method], counted: int = 1) -> list[Any]:
    """Return the parameters after two steps on two tensors; the second step is numbered ``counted`` + 1."""
    opt = method(lr=0.125)
    params: Any = [np.array([1.0, -2.0, 0.5]), np.array([0.25, 3.0])]
    grads = [np.array([0.5, 0.25, -1.0]), np.array([-0.75, 1.5])]
    state = opt.init(params)
    for loss in (2.0, 1.5):
        params, state, _ = opt.step(params, grads, state, loss=loss)
        state = state._replace(step=counted)
    return list(params)
