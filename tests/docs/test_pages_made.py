"""Pages that are made of something else: documents of the repository, notebooks, docstrings, formulas."""

import base64
import doctest
from pathlib import Path
from types import ModuleType

import checkout
import pytest

pytestmark = checkout.needed

PAGES = {"ports/published.md": "published-ports.md", "convergence/convergence.md": "rates/convergence.md"}


def test_a_section_of_a_document_is_included_with_its_heading() -> None:
    from include import section

    install = section("README.md", "Install")
    assert install.startswith("## Install\n")
    assert install.count("\n## ") == 0
    assert section("README.md", "(start)").startswith("# momoracle\n")
    assert install in section("README.md", None)


@pytest.mark.parametrize(
    ("document", "name", "says"),
    [("README.md", "None such", "it has (start), Why"), ("none.md", None, "there is no none.md")],
)
def test_what_is_not_there_cannot_be_included(document: str, name: str | None, says: str) -> None:
    from include import NoSuchText, section

    with pytest.raises(NoSuchText) as error:
        section(document, name)
    assert says in str(error.value)


def test_links_lead_where_they_lead_in_the_repository() -> None:
    from include import with_links

    copied: list[str] = []
    text = "[a](../ports/published.md#sgd) ![b](figures/breast-cancer-lr.png) [c](https://host/x) [d](#e)\n"
    text += "```\n[f](g)\n```\n"
    found = with_links(text, "convergence/convergence.md", "rates/convergence.md", copied.append, PAGES)
    picture = "convergence/figures/breast-cancer-lr.png"
    expected = text.replace("../ports/published.md", "../published-ports.md")
    assert found == expected.replace("figures/breast", "../files/convergence/figures/breast")
    assert copied == [picture]


def test_a_link_to_nothing_is_refused() -> None:
    from include import NoSuchText, with_links

    with pytest.raises(NoSuchText, match=r"README.md links to gone.md"):
        with_links("[a](gone.md)", "README.md", "index.md", print, {})


def test_formulas_break_where_they_may() -> None:
    import mathml

    assert doctest.testmod(mathml).failed == 0
    made = mathml.typeset(r'<div class="arithmatex">\[a = \Bigl(\frac{b}{c}\Bigr)_+ \quad d &lt; e\]</div>')
    assert made.count("<math") == 4
    assert "\\" not in made
    inline = mathml.typeset(r'<span class="arithmatex">\(\beta = 1\)</span>')
    assert inline.count("<math") == 1


@pytest.mark.docs
def test_a_notebook_becomes_a_page(tmp_path: Path) -> None:
    import lesson_pages
    import nbformat
    from nbformat import v4

    assert lesson_pages.pages(tmp_path / "none") == {}
    outputs = [
        v4.new_output("stream", text="said\n"),
        v4.new_output("display_data", {"image/png": base64.b64encode(b"picture").decode(), "text/plain": "hidden"}),
        v4.new_output("execute_result", {"text/html": "<b>shown</b>", "text/plain": "hidden"}),
        v4.new_output("execute_result", {"text/html": "<script></script>", "text/plain": "in its place"}),
    ]
    cells = [v4.new_markdown_cell("# One\n\n$x$"), v4.new_code_cell("f(1)", outputs=outputs)]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "01_one.ipynb")
    made = lesson_pages.pages(tmp_path)
    assert made["lessons/01_one-1.png"] == b"picture"
    page = str(made["lessons/01_one.md"])
    for part in ("# One\n\n$x$", "````python\nf(1)\n````", "said", "](01_one-1.png)", "<b>shown</b>", "in its place"):
        assert part in page
    assert "hidden" not in page
    assert "<script" not in page


@pytest.mark.docs
def test_docstrings_become_pages_where_there_is_a_module_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import hook

    class Api(ModuleType):
        def pages(self) -> dict[str, str]:
            return {"momo.md": "# MoMo"}

    monkeypatch.setattr(hook, "API", None)
    assert hook.reference() == {}
    monkeypatch.setattr(hook, "API", Api("api"))
    assert hook.reference() == {"reference/momo.md": "# MoMo"}
