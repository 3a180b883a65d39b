"""Insert the repository's documents into pages: ``<!-- include FILE -->`` or ``<!-- include FILE: SECTION -->``.

``text of FILE`` leaves the heading out. A section begins with a heading of the second level; the section ``(start)`` is
the text before the first of them. A link in an included text is changed to lead to the page that shows the document, or
to a copy of the file.
"""

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIRECTIVE = re.compile(r"^<!-- include (text of )?([\w./-]+)(?:: (.+?))? -->$", re.MULTILINE)
_HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~) *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()([^)\s]+)(?=[)\s])")
_FILE_NAME = re.compile(r"^<!-- file: ([\w.]+) -->\n```(\w+)$", re.MULTILINE)

OWN = "docs/pages/"  # a link to what is there is one that MkDocs checks itself
#: what a link to a folder of the repository leads to
FOLDERS = {"paper_checks": "mathematics/index.md"}


class NoSuchText(ValueError):  # noqa: N818 - a finding about a document
    """A page includes, or an included text links to, a document or section that does not exist."""


def section(document: str, name: str | None) -> str:
    """Return a section of a document with its heading, or the whole document if ``name`` is None."""
    path = ROOT / document
    if not path.is_file():
        raise NoSuchText(f"there is no {document} to include; give a path from the repository's root")
    text = path.read_text("utf-8")
    if name is None:
        return text
    headings = list(_HEADING.finditer(blank_code(text)))
    starts = [0, *(match.start() for match in headings), len(text)]
    names = ["(start)", *(match[1] for match in headings)]
    if name not in names:
        raise NoSuchText(f"{document} has no section {name!r}; it has {', '.join(names)}")
    place = names.index(name)
    return text[starts[place] : starts[place + 1]].rstrip() + "\n"


def blank_code(text: str) -> str:
    """Replace fenced code by spaces, so that every other character keeps its place."""
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def expand(page: str, source: str, text: str, copy: Callable[[str], None], pages: dict[str, str]) -> str:
    """Replace each directive in a page by the document that it names.

    Args:
        page: the page's path on the site.
        source: the path of its own text in the repository.
        text: its own text.
        copy: called with each file of the repository that a link must lead to.
        pages: the page on the site of each document that a page includes as a whole.
    """

    def insert(match: re.Match[str]) -> str:
        included = change_links(section(match[2], match[3]), match[2], page, copy, pages)
        if match[1]:
            included = included.partition("\n")[2]
        return _FILE_NAME.sub(r'```\2 title="\1"', included)

    return DIRECTIVE.sub(insert, change_links(text, source, page, copy, pages))


def change_links(text: str, document: str, page: str, copy: Callable[[str], None], pages: dict[str, str]) -> str:
    """Change the links of a document from paths in the repository to paths on the site."""

    def change(match: re.Match[str]) -> str:
        target, hash_sign, anchor = match[2].partition("#")
        if not target or ":" in target:
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(document), target))
        place = FOLDERS.get(file) or pages.get(file)
        if place is None and file.startswith(OWN):
            place = file.removeprefix(OWN)
        elif place is None:
            if not (ROOT / file).is_file():
                raise NoSuchText(f"{document} links to {target}, which is no file of the repository")
            copy(file)
            place = f"files/{file}"
        return match[1] + posixpath.relpath(place, posixpath.dirname(page) or ".") + hash_sign + anchor

    for match in reversed(list(_LINK.finditer(blank_code(text)))):
        text = text[: match.start()] + change(match) + text[match.end() :]
    return text


def find_whole_documents(texts: dict[str, str]) -> dict[str, str]:
    """Return the page of each document that a page includes as a whole, from the texts of the pages."""
    return {match[2]: page for page, text in texts.items() for match in DIRECTIVE.finditer(text) if match[3] is None}
