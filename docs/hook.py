"""Hooks that MkDocs runs while it builds the site: they add the generated pages and typeset formulas."""

from importlib import import_module
from pathlib import Path

import argument_names
import claim_pages
import lesson_pages
from include import NoSuchText, expand, find_whole_documents
from mathml import UnknownTex, typeset
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
REFERENCE = "reference"
API = import_module("api") if Path(__file__).with_name("api.py").is_file() else None


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of documents, claims, notebooks and docstrings to the site."""
    notebooks = lesson_pages.pages(NOTEBOOKS)
    made: dict[str, str | bytes] = {**claim_pages.pages(), **notebooks, **reference()}
    own = {file.src_uri: file.content_string for file in files.documentation_pages()}
    sources = {place: f"docs/pages/{place}" for place in own}
    sources |= {place: f"notebooks/{Path(place).stem}.ipynb" for place in notebooks if place.endswith(".md")}
    pages = find_whole_documents(own) | {f"notebooks/{Path(place).name}": place for place in notebooks}
    pages |= {source: place for place, source in sources.items() if place in notebooks}
    copied: set[str] = set()
    try:
        for place, source in sources.items():
            made[place] = expand(place, source, own.get(place) or str(made[place]), copied.add, pages)
    except NoSuchText as problem:
        raise PluginError(str(problem)) from problem
    made |= {f"files/{file}": (ROOT / file).read_bytes() for file in copied}
    for place, content in made.items():
        if existing := files.get_file_from_path(place):
            files.remove(existing)
        files.append(File.generated(config, place, content=content))
    extend(config, [place for place in made if place.endswith(".md")])
    return files


def reference() -> dict[str, str]:
    """Return the pages of the API, if there is a module that makes them."""
    return {f"{REFERENCE}/{name}": text for name, text in API.pages().items()} if API else {}


def extend(config: MkDocsConfig, pages: list[str]) -> None:
    """Add the generated pages to the navigation."""
    nav = config.nav
    assert nav is not None
    for entry in nav:
        if "Mathematics" in entry:
            entry["Mathematics"] += [page for page in pages if page.startswith("mathematics/") and "index" not in page]
    for title, folder in (("Lessons", lesson_pages.FOLDER), ("Reference", REFERENCE)):
        if below := [page for page in pages if page.startswith(f"{folder}/")]:
            nav.insert(-1, {title: below})


def on_page_markdown(markdown: str, **_: object) -> str:
    """Insert the table of claims and the table of argument names."""
    for place, table in (("<!-- claims -->", claim_pages.table), (argument_names.PLACE, argument_names.table)):
        markdown = markdown.replace(place, table()) if place in markdown else markdown
    return markdown


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Typeset the formulas of a page as MathML."""
    try:
        return typeset(html)
    except UnknownTex as problem:
        raise PluginError(f"{page.file.src_uri}: {problem}") from problem
