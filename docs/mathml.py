"""Formulas of the site: what Markdown leaves as TeX becomes MathML, which browsers typeset without any script."""

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
    """A formula holds something of which no MathML is made."""


def typeset(page: str) -> str:
    """Return a page's HTML with its formulas as MathML."""
    return _FORMULA.sub(_formula, page)


def _formula(match: re.Match[str]) -> str:
    tex = html.unescape(match[2]).replace("{aligned}", "{split}")  # the same to latex2mathml, which knows one of them
    # MathML knows no size between a bracket's own and that of what it holds
    tex = _BIG.sub(lambda big: r"\left" if big[1] == "l" else r"\right", tex)
    if match[1] == "span":
        return f'<span class="formula">{_converted(tex, "inline")}</span>'
    lines = ["".join(map(_part, parts(line, _OPERATION))) for line in parts(tex, _GAP)]
    return f'<div class="formula">{"".join(f"<div>{line}</div>" for line in lines)}</div>'


def _part(tex: str) -> str:
    # the sign that a part begins with stands between two others, whatever its place in its own element
    return _converted(tex, "block").replace("<mrow><mo>", '<mrow><mo form="infix">', 1)


def _converted(tex: str, display: str) -> str:
    try:
        formula: str = convert(tex, display=display)
    except Exception as problem:  # whatever it raises, the author has to see which formula it was
        raise UnknownTex(f"latex2mathml cannot read {tex!r}: {problem!r}") from problem
    if found := _LEFT_OVER.search(formula):
        raise UnknownTex(f"latex2mathml does not know {found[0]!r} in {tex!r}; write it otherwise")
    return formula


def parts(tex: str, places: re.Pattern[str]) -> Iterator[str]:
    r"""Yield a formula in the parts between which a narrow window may break it; never inside brackets.

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
