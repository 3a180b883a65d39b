"""The reference's pages: every public name once, every formula typeset, links that lead somewhere, no raw markup."""

import doctest
import inspect
import re
from importlib import import_module
from xml.etree import ElementTree

import pytest
from latex2mathml.converter import convert
from support import checkout, docstring_rules

pytestmark = checkout.needed
PAGES = import_module("api").pages() if (checkout.ROOT / "docs/api.py").is_file() else {}
TEXT = "\n".join(PAGES.values())
FORMULAS = re.findall(r"^\$\$\n(.*)\n\$\$$", TEXT, re.MULTILINE)
PROSE = re.sub(r"^```.*?^```$|^\$\$.*?^\$\$$|`[^`\n]*`", "", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_every_public_name_has_one_heading() -> None:
    headings = re.findall(r"^## (\w+) \{ #(\w+) \}$", TEXT, re.MULTILINE)
    names = sorted(name.split(".")[-1] for name in docstring_rules.public())
    assert sorted(name for name, _ in headings) == names
    assert all(name == anchor for name, anchor in headings)


def test_the_index_names_them_all() -> None:
    links = re.findall(r"^\| \[`(\w+)`\]\(([\w-]+\.md)#\1\)", PAGES["index.md"], re.MULTILINE)
    assert len(set(links)) == len(docstring_rules.public())


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_formula_is_mathml_with_no_latex_left(formula: str) -> None:
    text = "".join(ElementTree.fromstring(convert(formula, display="block")).itertext())
    assert text
    assert not set(text) & set("\\$&")


def test_every_formula_of_a_docstring_is_there() -> None:
    found = [
        formula
        for value in docstring_rules.public().values()
        if isinstance(value, type) or callable(value)
        for formula in docstring_rules.formulas(inspect.cleandoc(value.__doc__ or ""))
    ]
    assert len(found) > 40
    assert len(FORMULAS) >= len(found)


def test_links_lead_to_a_heading() -> None:
    links = re.findall(r"\]\(([\w-]+\.md)#(\w+)\)", TEXT)
    assert len(links) > len(docstring_rules.public())
    for page, anchor in links:
        assert f"{{ #{anchor} }}" in PAGES[page], (page, anchor)


def test_no_markup_of_a_docstring_is_left() -> None:
    assert not re.findall(r"^(?:Args|Raises|Attributes|Returns|Source):", PROSE, re.MULTILINE)
    assert ">>>" not in PROSE
    assert "`" not in PROSE
    assert not re.findall(r"<\w", PROSE)


def test_the_example_of_plain_mathematics_holds() -> None:
    assert doctest.testmod(import_module("plain_math")).failed == 0


@pytest.mark.parametrize("formula", ["x ⊗ y", "√(x", "√+"])
def test_a_formula_that_is_not_understood_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match=r"no LaTeX|not closed|root of nothing"):
        import_module("plain_math").latex(formula)
