"""Pages that are made of something else: documents of the repository, notebooks, docstrings, formulas."""

import base64
import doctest
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import checkout

pytestmark = checkout.needed

PAGES = {"ports/published/published.md": "published-ports.md", "convergence/convergence.md": "rates/convergence.md"}


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
    from include import change_links

    copied: list[str] = []
    text = "[a](../ports/published/published.md#sgd) ![b](figures/breast-cancer-lr.png) [c](https://host/x) [d](#e)\n"
    text += "```\n[f](g)\n```\n"
    found = change_links(text, "convergence/convergence.md", "rates/convergence.md", copied.append, PAGES)
    picture = "convergence/figures/breast-cancer-lr.png"
    expected = text.replace("../ports/published/published.md", "../published-ports.md")
    assert found == expected.replace("figures/breast", "../files/convergence/figures/breast")
    assert copied == [picture]


def test_a_link_to_nothing_is_refused() -> None:
    from include import NoSuchText, change_links

    with pytest.raises(NoSuchText, match=r"README.md links to gone.md"):
        change_links("[a](gone.md)", "README.md", "index.md", print, {})


def test_formulas_break_where_they_may() -> None:
    import mathml

    assert doctest.testmod(mathml).failed == 0
    made = mathml.typeset(r'<div class="arithmatex">\[a = \Bigl(\frac{b}{c}\Bigr)_+ \quad d &lt; e\]</div>')
    assert made.count("<math") == 4
    assert "\\" not in made
    inline = mathml.typeset(r'<span class="arithmatex">\(\beta = 1\)</span>')
    assert inline.count("<math") == 1


@pytest.mark.parametrize("tex", [r"\unheardof x", r"\begin{gathered} a &amp;= b \end{gathered}", r"x^a^b"])
def test_what_cannot_be_typeset_is_refused(tex: str) -> None:
    import mathml

    with pytest.raises(mathml.UnknownTex, match="latex2mathml"):
        mathml.typeset(rf'<div class="arithmatex">\[{tex}\]</div>')


def test_lines_are_aligned() -> None:
    import mathml

    made = mathml.typeset(r'<div class="arithmatex">\[\begin{aligned} a &amp;= b \\ c &amp;= d \end{aligned}\]</div>')
    assert made.count("<mtr>") == 2


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

    monkeypatch.setattr(hook, "API", None)
    assert hook.reference() == {}
    monkeypatch.setattr(hook, "API", SimpleNamespace(pages=lambda: {"momo.md": "# MoMo"}))
    assert hook.reference() == {"reference/momo.md": "# MoMo"}


@pytest.mark.docs
def test_a_site_with_lessons_and_a_reference_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from nbformat import v4

    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    config = load_config(str(checkout.ROOT / "docs/mkdocs.yml"), site_dir=str(tmp_path / "site"), strict=True)
    hook = sys.modules["hook.py"]  # as MkDocs names it
    text = "# One\n\n$x^k$, [two](02_two.ipynb), [ports](../ports/published/published.md)"
    picture = v4.new_output("display_data", {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"})
    cells = [v4.new_markdown_cell(text), v4.new_code_cell("f(1)", outputs=[picture])]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "01_one.ipynb")
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# Two")]), tmp_path / "02_two.ipynb")
    monkeypatch.setattr(hook, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(hook, "API", SimpleNamespace(pages=lambda: {"one.md": "# Step\n\n$$x = 1$$"}))
    build(config)
    lesson = (tmp_path / "site/lessons/01_one.html").read_text("utf-8")
    for part in (
        "<math",
        'href="02_two.html"',
        'href="../published-ports.html"',
        'src="01_one-1.svg"',
        "../reference/",
    ):
        assert part in lesson
    assert "<math" in (tmp_path / "site/reference/one.html").read_text("utf-8")


def test_the_table_of_argument_names_has_every_name_that_is_matched() -> None:
    from argument_names import PLACE, table

    from momoracle.ports.adapters.argument_names import ALIASES, NEGATED, PACKED
    from momoracle.ports.methods.registry import facts_of
    from momoracle.reference import ALGORITHMS

    shown = table()
    facts = [facts_of(algorithm) for algorithm in ALGORITHMS]
    switches = {name for method in facts for name in method.switches}
    names = {*PACKED, *NEGATED.values(), *switches, *(name for aliases in ALIASES.values() for name in aliases)}
    assert {name for name in names if f"`{name}`" not in shown} == set()
    assert all(f"| `{name}` | " in shown for method in facts for name in method.defaults)
    assert PLACE in (checkout.ROOT / "docs" / "pages" / "check-a-port.md").read_text("utf-8")
