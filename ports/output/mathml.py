"""The equations of a method as MathML: typeset where there is LaTeX for them, else as code."""

from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from momoracle.ports.methods.registry import facts_of


@cache
def typeset(algorithm: str, quantity: str) -> Markup:
    """Return the equation of a quantity as MathML on a line of its own; as code where it cannot be typeset."""
    facts = facts_of(algorithm)
    if quantity not in facts.latex:
        return Markup("<code>") + escape(facts.equations.get(quantity, quantity)) + Markup("</code>")
    return Markup(convert(facts.latex[quantity], display="block"))  # of a docstring: nothing of a port is in it


def quantity_of(algorithm: str, equation: str) -> str | None:
    """Return the quantity whose equation reads like this, or None."""
    return next((name for name, text in facts_of(algorithm).equations.items() if text == equation), None)
