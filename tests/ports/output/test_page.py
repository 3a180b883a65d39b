"""The page: what stands on it, that it needs nothing else, and that no text of a port changes it."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from support import chromium

from momoracle.common.plain_text import plain_text
from momoracle.ports import Report, check
from momoracle.ports.output.page import page, write
from momoracle.ports.running.findings import Behaviour, Counterexample, Explanation, Location
from momoracle.ports.running.messages import Incident
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]
Structure = list[tuple[str, tuple[str, ...]]]

MARKUP = """</title></style></pre></svg><script>document.title = "changed"</script><img src=x onerror="a()">"""
HOSTILE = MARKUP + """ "'`&lt; {{ 7 * 7 }} {% raw %} --> ]]> \x00\x07\x1b[31m\x85\u202e\ud800\ufffe """ + "x" * 400
HARMLESS = "a port"
COMMAND = "momoracle check sgd port.py:Port"


class Reader(HTMLParser):
    """The elements of a page, each with the names of its attributes, and the text in them."""

    def __init__(self) -> None:
        super().__init__()
        self.structure: Structure = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.structure.append((tag, tuple(name for name, _ in attrs)))
        if tag in ("br", "td", "th"):
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # what is in <style> is no text
            self.text.append(data)


def read(text: str) -> tuple[Structure, str]:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader.structure, " ".join("".join(reader.text).split())


def said_by_a_port(report: Report, text: str) -> Report:
    """Put ``text`` wherever a text of a port may stand."""
    told = [
        replace(result, incidents=(Incident("exception", 1, text),), feature=text if result.vector[0] == "d" else None)
        for result in report.results
    ]
    return replace(
        report,
        port=text,
        versions={"numpy": text, text: "1"},
        results=tuple(told),
        locations=(Location(text, "gradient descent: x ← x − α (g + λ x)", (text,)), Location(text, "", ())),
        behaviours=(Behaviour("deterministic", "the same twice", "broken", text),),
        counterexample=Counterexample("exception", 2, text, "the protocol of ports", 0.0, text, 9, 1.5),
    )


@pytest.fixture(scope="module")
def wrong(sgd_port: Ports, sgd_vectors: VectorFile) -> Report:
    return check("sgd", sgd_port("WrongSign"), sgd_vectors)


@pytest.fixture(scope="module")
def pages(wrong: Report, sgd_vectors: VectorFile) -> dict[str, str]:
    return {
        text: page(said_by_a_port(wrong, text), sgd_vectors, f"momoracle check sgd {text}")
        for text in (HARMLESS, HOSTILE)
    }


def test_it_says_what_the_report_says(wrong: Report, sgd_vectors: VectorFile) -> None:
    report = replace(wrong, explanation=Explanation(("ascent",), (("lr-late", "no-decay"),), (), 5, 5))
    structure, text = read(page(report, sgd_vectors, COMMAND))
    headings = [tag for tag, _ in structure if tag in ("h1", "h2")]
    assert headings == ["h1", *["h2"] * 4]
    assert text.startswith(f"deviates: {report.port} as SGD ")
    assert f"deviates {report.port} as SGD core 4 / 5 agree 1 deviate" in text
    assert "This departure from the method returns what the port returned, in all 5 core vectors" in text
    assert "lr-late and no-decay" in text
    assert "trigger-float64 core 2 params tensor" in text
    assert "gradient descent: x ← x − α (g + λ x)" in text
    assert "outside the tolerance first at step 2" in text
    assert f"The same report again: {COMMAND} momoracle" in text
    assert all(f"{name} {number}" in text for name, number in report.versions.items())
    assert sum(tag == "math" for tag, _ in structure) == 3


def test_an_unexplained_port_is_called_so(wrong: Report, sgd_vectors: VectorFile) -> None:
    found = Explanation((), (), ("lr-late",), 4, 5)
    _, text = read(page(replace(wrong, explanation=found), sgd_vectors, COMMAND))
    assert (
        "Unexplained. No set of known departures returns what the port returned. The nearest gives 4 of the 5" in text
    )
    _, text = read(page(replace(wrong, explanation=replace(found, nearest=())), sgd_vectors, COMMAND))
    assert "The method as it is comes nearest, with 4 of the 5" in text


def test_a_conforming_port_has_no_deviations(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    _, text = read(page(check("sgd", sgd_port("NoDecay"), sgd_vectors), sgd_vectors, COMMAND))
    assert text.startswith("conforms: ")
    assert "The core vectors that come nearest to their tolerances" in text
    assert "weight_decay: 1 vector" in text
    assert not {"Deviations", "What it computes instead", "Incidents", "Behaviours"} & set(text.split(" "))


def test_it_is_the_same_twice_and_loads_nothing(pages: dict[str, str], wrong: Report, sgd_vectors: VectorFile) -> None:
    assert page(wrong, sgd_vectors, COMMAND) == page(wrong, sgd_vectors, COMMAND)
    for text in pages.values():
        structure, _ = read(text)
        names = {name for _, names in structure for name in names}
        assert not {"src", "srcset", "style", "xlink:href", "background", "action"} & names
        assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in structure}
        (styles,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        assert not re.search(r"url\(|@import", styles)
        assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_no_text_of_a_port_changes_its_structure(pages: dict[str, str]) -> None:
    harmless, hostile = read(pages[HARMLESS]), read(pages[HOSTILE])
    assert hostile[0] == harmless[0]
    shown = " ".join(plain_text(HOSTILE).split())
    assert hostile[1].count(shown) == harmless[1].count(HARMLESS) > 10
    assert hostile[1].replace(shown, HARMLESS) == harmless[1]


def test_it_has_no_character_that_html_forbids(pages: dict[str, str]) -> None:
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]", pages[HOSTILE]
    )
    assert "␀␇␛[31m" in pages[HOSTILE]


def test_tables_and_pictures_can_be_heard(pages: dict[str, str]) -> None:
    text = pages[HARMLESS]
    assert text.count("<table>") == text.count("<caption ") > 2
    for region in re.findall(r'<div class="scroll[^>]*>', text):
        (label,) = re.findall(r'aria-labelledby="(\w+)"', region)
        assert f'<caption id="{label}">' in text
        assert 'tabindex="0"' in region
    assert all('aria-label="Error against step' in one for one in re.findall(r'<svg class="plot"[^>]*>', text))
    assert '<html lang="en">' in text


def test_the_folder_is_made(wrong: Report, sgd_vectors: VectorFile, tmp_path: Path) -> None:
    path = write(said_by_a_port(wrong, HOSTILE), sgd_vectors, COMMAND, tmp_path / "a" / "b")
    assert path == tmp_path / "a" / "b" / "index.html"
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.browser
def test_a_browser_makes_the_same_document_of_both(pages: dict[str, str], tmp_path: Path) -> None:
    documents = {}
    for name, text in pages.items():
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        documents[name] = chromium.document(file, tmp_path)
    harmless, hostile = read(documents[HARMLESS]), read(documents[HOSTILE])
    assert hostile[0] == harmless[0]
    assert ("h1", ()) in hostile[0]
    assert "script" not in {tag for tag, _ in hostile[0]}
    title = re.search(r"<head>.*?<title>(.*?)</title>.*</head>", documents[HOSTILE], re.DOTALL)
    assert title is not None
    assert html.unescape(title[1]).split() == ["crashes:", *plain_text(HOSTILE).split(), "as", "SGD"]


# The page in frames as wide as a phone and as a desktop: a window itself may not be made as narrow as a phone.
FRAMES = """<!DOCTYPE html><body style="margin:0">{frames}<output></output><script>
onload = () => {{
  const lines = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    const root = frame.contentDocument.documentElement;
    const inside = node => node.closest(".scroll, .formula, pre") === null || node.matches(".scroll, .formula, pre");
    const wide = [...root.querySelectorAll("body *")].filter(
      node => inside(node) && node.getBoundingClientRect().right > root.clientWidth + 1);
    lines.push([root.clientWidth, root.scrollWidth, wide.map(node => node.nodeName + "." + node.className)].join(" "));
  }}
  document.querySelector("output").textContent = lines.join(";");
}};
</script>"""
FRAME = '<iframe style="border:0;width:{width}px;height:6000px;display:block" srcdoc="{page}"></iframe>'


def framed(text: str, file: Path, *widths: int) -> Path:
    frames = "".join(FRAME.format(width=width, page=html.escape(text)) for width in widths)
    file.write_text(FRAMES.format(frames=frames), encoding="utf-8")
    return file


@pytest.mark.browser
def test_only_tables_scroll_sideways(pages: dict[str, str], tmp_path: Path) -> None:
    for text in pages.values():
        document = chromium.document(framed(text, tmp_path / "frames.html", 390, 1280), tmp_path)
        (measured,) = re.findall(r"<output>(.*?)</output>", document)
        assert measured == "390 390 ;1280 1280 "


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_picture_of_it_is_not_blank(pages: dict[str, str], tmp_path: Path, width: int) -> None:
    file = framed(pages[HARMLESS], tmp_path / "frame.html", width)
    seen = imread(chromium.picture(file, tmp_path, max(width, 600), 1200))[:, :width, :3]
    assert seen.shape == (1200, width, 3)
    colours, counts = np.unique((seen * 255).round().astype(int).reshape(-1, 3), axis=0, return_counts=True)
    assert len(colours) > 50
    assert counts.max() < 0.97 * counts.sum()
    crashes = np.abs(colours - [0x82, 0x24, 0xA8]).max(axis=1) == 0
    assert counts[crashes].sum() > 500  # the verdict, in its colour
