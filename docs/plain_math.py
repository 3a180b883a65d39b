r"""Convert the plain mathematics of docstrings to LaTeX.

>>> print(latex("x^{k+1} = x^k − α m_k / (√v_k + ε)"))
x^{k+1} = x^k - \alpha  m_k / (\sqrt{v_k} + \varepsilon )
"""

import re
import unicodedata

_ACCENTS = {"\u0304": r"\bar", "\u0302": r"\hat"}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_FUNCTIONS = {"min", "max", "ln"}
_SIGNS = {
    "−": "-",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≈": r"\approx ",
    "≠": r"\ne ",
    "∈": r"\in ",
    "←": r"\leftarrow ",
    "→": r"\to ",
    "·": r"\cdot ",
    "…": r"\dots ",
    "‖": r"\|",
    "Σ": r"\sum ",
    "½": r"\frac{1}{2}",
    "∞": r"\infty ",
    "τ": r"\tau ",
    "α": r"\alpha ",
    "β": r"\beta ",
    "γ": r"\gamma ",
    "δ": r"\delta ",
    "ε": r"\varepsilon ",
    "η": r"\eta ",
    "θ": r"\theta ",
    "λ": r"\lambda ",
    "ξ": r"\xi ",
    "ρ": r"\rho ",
    "φ": r"\varphi ",
    "Δ": r"\Delta ",
}
_TOKEN = re.compile(
    r"(?P<accent>[^\W\d_][\u0304\u0302])|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+)|(?P<lowered>[₀-₉]+)|(?P<root>√)"
    r"|(?P<name>[A-Za-z]{2,}(?=\())|(?P<word>`?[A-Za-z]{2,}`?(?: `?[A-Za-z]{2,}`?)*)"
    r"|(?P<gap> {2,})|(?P<star>(?<=\w)\*)|(?P<brace>[{}])|(?P<other>.)"
)


def latex(formula: str) -> str:
    """Convert a formula to LaTeX.

    Raises:
        ValueError: a sign is not known here, or a bracket is not closed.
    """
    text = unicodedata.normalize("NFD", formula)
    text = re.sub(r"<([^<>]*,[^<>]*)>", r"⟨\1⟩", text)
    return _rooted(text)


def _rooted(text: str) -> str:
    before, root, after = text.partition("√")
    if not root:
        return _signs(text)
    if after.startswith("("):
        end = _closing(after)
        inside, rest = after[1:end], after[end + 1 :]
    else:  # of one symbol, with its index
        symbol = re.match(r"\w(?:_\w|_\{[^}]*\})?", after)
        if symbol is None:
            raise ValueError(f"{text!r} has a root of nothing; write √x or √(…)")
        inside, rest = symbol[0], after[symbol.end() :]
    return rf"{_signs(before)}\sqrt{{{_rooted(inside)}}}{_rooted(rest)}"


def _closing(text: str) -> int:
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return i
    raise ValueError(f"{text!r} has a bracket that is not closed")


def _signs(text: str) -> str:
    result = ""
    braces: list[str] = []
    for token in _TOKEN.finditer(text):
        kind, sign = token.lastgroup, token[0]
        if kind == "accent":
            result += rf"{_ACCENTS[sign[1]]}{{{_SIGNS.get(sign[0], sign[0])}}}"
        elif kind == "raised":
            result += "^{" + "".join(map(_RAISED.__getitem__, sign)) + "}"
        elif kind == "lowered":
            result += "_{" + "".join(map(_LOWERED.__getitem__, sign)) + "}"
        elif kind in ("name", "word"):
            result += _word(sign.replace("`", ""), kind == "name" or result.endswith(("_", "^")))
        elif kind == "gap":
            result += r" \quad "
        elif kind == "star":
            result += "^*" if result[-1] not in "_^" else "*"
        elif kind == "brace":
            if sign == "{":
                braces.append("" if result[-1:] in ("_", "^") else "\\")
            result += (braces[-1] if sign == "{" else braces.pop()) + sign
        else:
            result += _sign(sign)
    return result


def _word(word: str, is_name: bool) -> str:
    if word in _FUNCTIONS:
        return rf"\{word}"
    return rf"{{\mathrm{{{word}}}}}" if is_name else rf"\text{{ {word} }}"


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign in "⟨⟩":
        return r"\langle " if sign == "⟨" else r"\rangle "
    if not sign.isascii():
        raise ValueError(f"{sign!r} has no LaTeX here; add it to docs/plain_math.py")
    return sign
