"""Formulas in docstrings, written with Unicode signs: which there are, and what they are in LaTeX.

A formula reads like ``m_k = β m_{k−1} + (1−β) g_k``. Products are juxtaposed, and ``a b / c d`` is (a b)/(c d).
"""

import inspect
import re
from collections.abc import Iterator

_NAMES = """
α alpha, β beta, γ gamma, δ delta, ε varepsilon, ζ zeta, η eta, θ theta, κ kappa, λ lambda, μ mu, ν nu, ξ xi, π pi,
ρ rho, σ sigma, τ tau, φ varphi, χ chi, ψ psi, ω omega, Δ Delta, Σ Sigma
"""
_GREEK = dict(pair.split() for pair in _NAMES.split(","))
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_FRACTIONS = {"½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}"}
_RELATIONS = {"=": "=", "←": r"\leftarrow", "≤": r"\le", "≥": r"\ge", "<": "<"}
_SUMS = {"+": "+", "−": "-", "-": "-"}
_FUNCTIONS = {"min": r"\min", "max": r"\max", "log": r"\log", "exp": r"\exp"}
_CLOSING = {"(": ")", "{": "}", "[": "]", "<": ">", "‖": "‖", "|": "|"}
_OPENED = {"(": (r"\left(", r"\right)"), "{": (r"\left\{", r"\right\}"), "[": (r"\left[", r"\right]")}
_OPENED |= {"<": (r"\langle ", r" \rangle"), "‖": (r"\|", r"\|"), "|": ("|", "|")}

_SCRIPT = r"[_^]\{[^}]*\}|[_^][\w*+−]|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+|[₀-₉]+"
_TOKEN = re.compile(rf"\s*({_SCRIPT}|[A-Za-z]{{2,}}(?![\u0300-\u036f])|\w[\u0300-\u036f]?|\S)")
_LHS = re.compile(rf"(\w[\u0300-\u036f]?)((?:{_SCRIPT})*)\Z")
# Names of variables that stand for a letter with an accent, or for a Greek one.
_LETTERS = {**{name: letter for letter, name in _GREEK.items()}, "epsilon": "ε", "eps": "ε"}
_SUFFIXES = {"_bar": "\u0304", "_hat": "\u0302"}


class NoFormula(ValueError):  # noqa: N818 - an answer: the text is words, not a formula
    """The text cannot be read as a formula."""


def formulas_of(method: type) -> Iterator[tuple[str, str]]:
    """Yield (letter, formula) for every equation in the docstring of a class, then in those of its bases.

    The letter is what stands on the left without its indices; the next parameters x^{k+1} are ``params``. Initial
    values, as ``m_0 = 0``, are left out.
    """
    for part in method.__mro__:
        for line in _formula_lines(part):
            yield from _formulas_in(line)


def classes_quoted(method: type) -> Iterator[str]:
    """Yield the names of classes whose formulas a docstring refers to, as in ``s_k as in `TAM` ``."""
    for part in method.__mro__:
        for line in _formula_lines(part):
            yield from re.findall(r"as in `(\w+)`", line)


def symbols_of(trace: type) -> dict[str, str]:
    """Return quantity -> what its line under ``Attributes:`` begins with: a letter, or a formula."""
    lines = (line.strip() for line in inspect.cleandoc(trace.__doc__ or "").partition("Attributes:")[2].splitlines())
    pairs = (line.partition(": ")[::2] for line in lines if ": " in line)
    return {name: match[0].rstrip(". ") for name, text in pairs if (match := re.match(r"(?:<[^>]*>|[^,<])+", text))}


def letter_of(variable: str) -> str:
    """Return the letter that a variable of a method's text stands for: ``f_bar`` is f̄, ``tau`` is τ.

    >>> letter_of("tau"), letter_of("m")
    ('τ', 'm')
    """
    for suffix, accent in _SUFFIXES.items():
        if variable.endswith(suffix):
            return letter_of(variable.removesuffix(suffix)) + accent
    return _LETTERS.get(variable, variable)


def to_latex(formula: str) -> str:
    r"""Return a formula in LaTeX; raises `NoFormula` where it cannot be read as one.

    >>> print(to_latex("m_k = β m_{k−1} + (1−β) g_k"))
    m_k = \beta m_{k-1} + \left(1 - \beta\right) g_k
    >>> print(to_latex("x^{k+1} = x^k − α m_k / (√v_k + ε)"))
    x^{k+1} = x^k - \frac{\alpha m_k}{\sqrt{v_k} + \varepsilon}
    """
    reader = _Reader(_TOKEN.findall(formula))
    latex = reader.relation()
    if reader.token is not None:
        raise NoFormula(f"{formula!r}: {reader.token!r} was not expected")
    return latex


def _formula_lines(part: type) -> list[str]:
    """Return the indented lines of a class's docstring that come before its arguments."""
    text = inspect.cleandoc(part.__doc__ or "").split("\nArgs:")[0]
    return [line for line in text.splitlines()[1:] if line.startswith("    ")]


def _formulas_in(line: str) -> Iterator[tuple[str, str]]:
    for item in re.split(r"[,;]\s{2,}", line.strip()):
        left = re.split(r"\s([=←])\s", f"{item} = ", maxsplit=1)[0]
        match = _LHS.match(left.strip()) if item != left else None
        if match is None or match[2] in ("_0", "^0", "_1", "^1"):  # words, or an initial value
            continue
        is_next = match[1] in "xθ" and match[2] in ("^{k+1}", "_{k+1}", "_{t+1}")
        yield ("params" if is_next else match[1]), item.rstrip(",;. ")


class _Reader:
    """Reads a formula by recursive descent: relation, sum, quotient, product, atom."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def token(self) -> str | None:
        """The token that comes next; None at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def relation(self) -> str:
        parts = [self._sum()]
        while self.token in ("=", "←", "≤", "≥"):
            parts += [_RELATIONS[self._next()], self._sum()]
        return " ".join(parts)

    def _next(self) -> str:
        token = self.token
        if token is None:
            raise NoFormula("the formula ends too early")
        self._at += 1
        return token

    def _sum(self) -> str:
        parts = [f"-{self._quotient()}" if self.token in ("−", "-") and self._next() else self._quotient()]
        while self.token in _SUMS:
            parts += [_SUMS[self._next()], self._quotient()]
        return " ".join(parts)

    def _quotient(self) -> str:
        left = self._product()
        while self.token == "/":
            self._next()
            left = rf"\frac{{{_bare(left)}}}{{{_bare(self._product())}}}"
        return left

    def _product(self) -> str:
        factors = [self._atom()]
        while self.token is not None and (self.token == "·" or self._begins_atom(self.token)):
            if self.token == "·":
                self._next()
            factors.append(self._atom())
        return " ".join(factors)

    def _begins_atom(self, token: str) -> bool:
        return token[0].isalnum() or token[0] in "({[<√" or (token in "‖|" and not self._is_inside(token))

    def _is_inside(self, bar: str) -> bool:
        return self._tokens[: self._at].count(bar) % 2 == 1

    def _atom(self) -> str:
        token = self._next()
        if token == "√":
            return rf"\sqrt{{{_bare(self._atom())}}}"
        if token in _OPENED:
            inside = [self._sum()]
            while self.token == ",":
                self._next()
                inside.append(self._sum())
            if self._next() != _CLOSING[token]:
                raise NoFormula(f"{token!r} is not closed")
            opening, closing = _OPENED[token]
            return opening + ", ".join(inside) + closing + self._scripts()
        if token in _FRACTIONS:
            return _FRACTIONS[token]
        if not token[0].isalnum():
            raise NoFormula(f"{token!r} was not expected")
        return _letters(token) + self._scripts()

    def _scripts(self) -> str:
        raised, lowered = "", ""
        while self.token is not None and re.fullmatch(_SCRIPT, self.token):
            token = self._next()
            if token[0] in _RAISED:
                raised += "".join(_RAISED[sign] for sign in token)
            elif token[0] in _LOWERED:
                lowered += "".join(_LOWERED[sign] for sign in token)
            else:
                inside = token[1:] if len(token) == 2 else to_latex(token[2:-1]).replace(" ", "")
                inside = inside if len(token) > 2 else _letters(inside)
                raised, lowered = (raised + inside, lowered) if token[0] == "^" else (raised, lowered + inside)
        return _script("_", lowered) + _script("^", raised)


def _script(sign: str, text: str) -> str:
    return "" if not text else f"{sign}{text}" if len(text) == 1 else f"{sign}{{{text}}}"


def _letters(token: str) -> str:
    if len(token) > 1 and token[1] in _ACCENTS:
        return rf"\{_ACCENTS[token[1]]} {_letters(token[0])}"
    if token == "ŝ":
        return r"\hat s"
    if token in _GREEK:
        return f"\\{_GREEK[token]}"
    if len(token) > 1 and token.isalpha():
        return _FUNCTIONS.get(token, rf"\operatorname{{{token}}}")
    return token


def _bare(latex: str) -> str:
    """Return LaTeX without the one pair of brackets around all of it: a fraction or a root groups by itself."""
    opening, closing = _OPENED["("]
    if not (latex.startswith(opening) and latex.endswith(closing)):
        return latex
    inner = latex[len(opening) : -len(closing)]
    depth = 0
    for match in re.finditer(r"\\(left|right)\b", inner):
        depth += 1 if match[1] == "left" else -1
        if depth < 0:
            return latex
    return inner
