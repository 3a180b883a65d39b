"""Formulas of the site: what Markdown leaves as TeX becomes MathML, which browsers typeset without any script."""

import html
import re

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def typeset(page: str) -> str:
    """Return a page's HTML with its formulas as MathML."""
    return _FORMULA.sub(_formula, page)


def _formula(match: re.Match[str]) -> str:
    display = "block" if match[1] == "div" else "inline"
    formula = convert(html.unescape(match[2]), display=display)
    return f'<{match[1]} class="formula">{formula}</{match[1]}>'
