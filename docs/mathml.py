"""Convert the TeX formulas of a page to MathML, which browsers typeset without any script."""

import html
import re
from collections.abc import Iterator

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
_BIG = re.compile(r"\\[Bb]igg?([lr])(?![a-zA-Z])")
_OPENS = re.compile(r"\\left(?![a-zA-Z])|\\begin(?![a-zA-Z])|(?<!\\)[{(]")
_CLOSES = re.compile(r"\\right(?![a-zA-Z])|\\end(?![a-zA-Z])|(?<!\\)[})]")
_GAP = re.compile(r"\\q?quad(?![a-zA-Z])")
_SIGNS = "le|ge|leq|geq|iff|Longleftrightarrow|Rightarrow|leftarrow"
_OPERATION = re.compile(rf"(?=\\(?:{_SIGNS})(?![a-zA-Z])|(?<![_^])[=<+])")

_LEFT_OVER = re.compile(r"\\\w*|(?<=>)&(?=<)")


class UnknownTex(ValueError):  # noqa: N818 - a finding about a formula
    """A formula contains TeX that cannot be converted to MathML."""


def typeset(page: str) -> str:
    """Convert the formulas in a page's HTML to MathML."""
    return _FORMULA.sub(_formula, page)


def _formula(match: re.Match[str]) -> str:
    tex = html.unescape(match[2]).replace("{aligned}", "{split}")  # latex2mathml knows only the second
    # MathML has no fixed sizes of brackets: a bracket has its own size, or that of its content
    tex = _BIG.sub(lambda big: r"\left" if big[1] == "l" else r"\right", tex)
    if match[1] == "span":
        return f'<span class="formula">{_convert(tex, "inline")}</span>'
    lines = ["".join(map(_part, parts(line, _OPERATION))) for line in parts(tex, _GAP)]
    return f'<div class="formula">{"".join(f"<div>{line}</div>" for line in lines)}</div>'


def _part(tex: str) -> str:
    # A part begins with a sign such as =. MathML takes a first sign for a prefix; here it stands between two operands.
    return _convert(tex, "block").replace("<mrow><mo>", '<mrow><mo form="infix">', 1)


def _convert(tex: str, display: str) -> str:
    try:
        formula: str = convert(tex, display=display)
    except Exception as problem:  # whatever it raises, the author has to see which formula it was
        raise UnknownTex(f"latex2mathml cannot read {tex!r}: {problem!r}") from problem
    if unknown := _LEFT_OVER.search(formula):
        raise UnknownTex(f"latex2mathml does not know {unknown[0]!r} in {tex!r}; write it otherwise")
    return formula


def parts(tex: str, places: re.Pattern[str]) -> Iterator[str]:
    r"""Split a formula where a narrow window may break the line; never inside brackets.

    >>> list(parts(r"a \le {b = c} = d\quad\text{for } a > 0", _OPERATION))
    ['a ', '\\le {b = c} ', '= d\\quad\\text{for } a > 0']
    """
    start = 0
    for place in places.finditer(tex):
        part = tex[start : place.start()]
        if len(_OPENS.findall(part)) == len(_CLOSES.findall(part)) and part.strip():
            yield part
            start = place.end()
    yield tex[start:]
