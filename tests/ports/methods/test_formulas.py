"""Formulas of docstrings: which quantity each gives, and their LaTeX."""

from typing import NamedTuple

import pytest

from momoracle.ports.methods.formulas import NoFormula, formulas_of, letter_of, symbols_of, to_latex


class Documented:
    """A step.

        g_k ← g_k + λ x^k,   m_0 = 0
        m_k = β m_{k−1} + g_k;   x^{k+1} = x^k − α m_k

    where z = 1 is no formula of the step.

    Args:
        beta: y = 2.
    """


class Quantities(NamedTuple):
    """What there is.

    Attributes:
        average: f̄, the average loss.
        product: <m, g>, a number.
        value: h = f̄ − γ, in the unit of a loss.
        size: τ.
    """

    average: float
    product: float
    value: float
    size: float


def test_formulas_are_found_by_the_letter_on_their_left() -> None:
    assert list(formulas_of(Documented)) == [
        ("g", "g_k ← g_k + λ x^k"),
        ("m", "m_k = β m_{k−1} + g_k"),
        ("params", "x^{k+1} = x^k − α m_k"),
    ]


def test_letters_stand_first_in_the_line_of_a_quantity() -> None:
    expected = {"average": "f̄", "product": "<m, g>", "value": "h = f̄ − γ", "size": "τ"}
    assert symbols_of(Quantities) == expected


@pytest.mark.parametrize(
    ("variable", "letter"), [("tau", "τ"), ("f_bar", "f̄"), ("s_hat", "s\u0302"), ("m", "m"), ("eps", "ε")]
)
def test_a_variable_stands_for_its_letter(variable: str, letter: str) -> None:
    assert letter_of(variable) == letter


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("a b / c d", r"\frac{a b}{c d}"),
        ("(1 + ŝ_k)/2", r"\frac{1 + \hat s_k}{2}"),
        ("<m, g> / (‖m‖ ‖g‖)", r"\frac{\langle m, g \rangle}{\|m\| \|g\|}"),
        ("‖d_k‖²_{D_k⁻¹}", r"\|d_k\|_{D_k^{-1}}^2"),
        ("min{ α/ρ_k, (h)_+ }", r"\min \left\{\frac{\alpha}{\rho_k}, \left(h\right)_+\right\}"),
        ("√(v_k / (1−β₂^k)) + ε", r"\sqrt{\frac{v_k}{1 - \beta_2^k}} + \varepsilon"),
        ("−½ x", r"-\frac{1}{2} x"),
        ("((a)(b))/(c)", r"\frac{\left(a\right) \left(b\right)}{c}"),
    ],
)
def test_latex(formula: str, latex: str) -> None:
    assert to_latex(formula) == latex


@pytest.mark.parametrize("text", ["", "m_k, one array", "(a", "a +", "a / / b", "‖d‖² in the metric, or so"])
def test_words_are_no_formula(text: str) -> None:
    with pytest.raises(NoFormula):
        to_latex(text)
