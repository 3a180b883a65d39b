"""The built site: every link leads somewhere, nothing comes from another host, and formulas are typeset."""

import html
import json
import re
from pathlib import Path

import pytest
from support import checkout, chromium
from support.site_pages import Page, is_elsewhere, problem, style_loads

from momoracle.paper_checks.registry import claims
from momoracle.reference import ALGORITHMS

pytestmark = [checkout.needed, pytest.mark.docs]

EMPHASIS = re.compile(r"<em>(.*?)</em>", re.DOTALL)
PHONE = 390
MATH = re.compile(r"<math.*?</math>", re.DOTALL)
WIDTHS = """<!DOCTYPE html><pre id="found"></pre><script>
const found = {};
async function measure(page) {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: WIDTHpx; height: 800px; border: 0";
  await new Promise((ready) => { frame.onload = ready; frame.src = page; document.body.append(frame); });
  const inside = frame.contentDocument;
  const formulas = page.includes("/mathematics/") ? [...inside.querySelectorAll("math")] : []; // others may be scrolled
  const cut = formulas.filter((formula) => formula.scrollWidth > formula.clientWidth + 1);
  found[page] = { width: inside.documentElement.scrollWidth, cut: cut.map((formula) => formula.textContent) };
  frame.remove();
}
(async () => {
  for (const page of PAGES) await measure(page);
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>
"""


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = sorted(site.resolve().rglob("*.html"))
    return {path: Page(path) for path in found if path.name != "404.html"}  # that one is for a server


def test_there_is_a_page_for_every_claim_and_document(site: Path) -> None:
    names = {f"mathematics/{name.lower()}.html" for name in claims()}
    names |= {"index.html", "install.html", "check-a-port.html", "published-ports.html", "golden-format.html"}
    names |= {"rates/convergence.html", "rates/tightness.html", "speed/gpu.html", "changelog.html", "contributing.html"}
    assert [name for name in sorted(names) if not (site / name).is_file()] == []


def test_links_and_anchors_lead_somewhere(pages: dict[Path, Page]) -> None:
    inside = [(page, link) for page in pages.values() for link in page.links if not is_elsewhere(link)]
    assert len(inside) > 1000
    assert [found for page, link in inside if (found := problem(page, link, pages))] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text('<a id="here"></a>')
    (tmp_path / "page.html").write_text('<a href="none.html"></a><a href="other.html#gone"></a><a href="#lost"></a>')
    both = {tmp_path / name: Page(tmp_path / name) for name in ("page.html", "other.html")}
    page = both[tmp_path / "page.html"]
    assert [problem(page, link, both) is None for link in page.links] == [False] * 3
    assert problem(page, "other.html#here", both) is None


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    loads = [(page.path, address) for page in pages.values() for address in page.loads]
    loads += [(path, address) for path in site.rglob("*.css") for address in style_loads(path.read_text("utf-8"))]
    loads += [(path, address) for path in site.rglob("*.svg") for address in Page(path).loads]
    assert len(loads) > 100
    assert [(str(path), address) for path, address in loads if is_elsewhere(address)] == []


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://host/a.js">', '<img src="//host/a.png">', '<link href="http://host/a.css">',
        '<img srcset="a.png 1x, https://host/b.png 2x">', "<style>@import 'https://host/a.css'</style>",
        "<p style=\"background: url('https://host/a.png')\">",
    ],
)  # fmt: skip
def test_another_host_is_noticed(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text)
    assert any(is_elsewhere(address) for address in Page(tmp_path / "page.html").loads)


def test_formulas_are_mathml_with_no_tex_left(site: Path, pages: dict[Path, Page]) -> None:
    for claim in claims().values():
        text = (site / f"mathematics/{claim.id.lower()}.html").read_text("utf-8")
        assert text.count('<div class="formula">') == 1 + len(claim.derivation), claim.id
    for page in pages.values():
        assert "arithmatex" not in page.text, page.path
        assert [formula for formula in MATH.findall(page.text) if "\\" in formula or "merror" in formula] == []


def test_no_star_of_a_formula_is_taken_for_emphasis(pages: dict[Path, Page]) -> None:
    emphasised = [(page.path.name, text) for page in pages.values() for text in EMPHASIS.findall(page.text)]
    assert len(emphasised) > 50
    assert [(name, text) for name, text in emphasised if set(text) & set("‖≤=√_^")] == []


def test_the_vectors_are_offered(site: Path) -> None:
    links = Page(site / "golden-format.html").links
    assert {f"files/reference/golden/v1/{name}.json" for name in (*ALGORITHMS, "schema")} <= set(links)


@pytest.mark.browser
def test_search_needs_no_server(site: Path, tmp_path: Path) -> None:
    text = chromium.document(site / "index.html", tmp_path, "?q=Polyak", 15_000)
    assert re.search(r'href="[^"]*mathematics/l2\.1\.html\?h=polyak', text)


@pytest.mark.browser
def test_every_page_and_every_claim_s_formulas_fit_a_phone(site: Path, pages: dict[Path, Page], tmp_path: Path) -> None:
    measure = tmp_path / "measure.html"
    addresses = json.dumps([path.as_uri() for path in pages])
    measure.write_text(WIDTHS.replace("WIDTH", str(PHONE)).replace("PAGES", addresses), "utf-8")
    text = chromium.document(measure, tmp_path, milliseconds=60_000)
    match = re.search(r'<pre id="found">(.*?)</pre>', text, re.DOTALL)
    assert match
    found = json.loads(html.unescape(match[1]))
    assert len(found) == len(pages)
    assert {page: seen for page, seen in found.items() if seen != {"width": PHONE, "cut": []}} == {}
