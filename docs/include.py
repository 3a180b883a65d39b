"""The repository's own documents on the site's pages: ``<!-- include FILE -->`` or ``<!-- include FILE: SECTION -->``.

``text of FILE`` leaves the heading out. A section is what stands under its heading of the second level, or, named
``(start)``, before the first of them. Links of an included text lead where they lead in the repository: to the page
that shows the document, or to a copy.
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
    """A page includes, or an included text links to, what is not there."""


def section(document: str, name: str | None) -> str:
    """Return a section of one of the repository's documents with its heading, or all of it where none is named."""
    path = ROOT / document
    if not path.is_file():
        raise NoSuchText(f"there is no {document} to include; give a path from the repository's root")
    text = path.read_text("utf-8")
    if name is None:
        return text
    found = list(_HEADING.finditer(without_code(text)))
    starts = [0, *(match.start() for match in found), len(text)]
    names = ["(start)", *(match[1] for match in found)]
    if name not in names:
        raise NoSuchText(f"{document} has no section {name!r}; it has {', '.join(names)}")
    place = names.index(name)
    return text[starts[place] : starts[place + 1]].rstrip() + "\n"


def without_code(text: str) -> str:
    """Return the text with its fenced blocks blanked, every character at its place."""
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def expand(page: str, source: str, text: str, copy: Callable[[str], None], pages: dict[str, str]) -> str:
    """Return a page's text with every document in its place.

    Args:
        page: the page's path on the site.
        source: where its own text stands in the repository.
        text: its own text.
        copy: is told each file of the repository that the page shows or offers.
        pages: the page of each document that is shown as a whole.
    """

    def included(match: re.Match[str]) -> str:
        found = with_links(section(match[2], match[3]), match[2], page, copy, pages)
        if match[1]:
            found = found.partition("\n")[2]
        return _FILE_NAME.sub(r'```\2 title="\1"', found)

    return DIRECTIVE.sub(included, with_links(text, source, page, copy, pages))


def with_links(text: str, document: str, page: str, copy: Callable[[str], None], pages: dict[str, str]) -> str:
    """Return a document's text with its links changed from places in the repository to places on the site."""

    def led(match: re.Match[str]) -> str:
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

    for match in reversed(list(_LINK.finditer(without_code(text)))):
        text = text[: match.start()] + led(match) + text[match.end() :]
    return text


def shown(texts: dict[str, str]) -> dict[str, str]:
    """Return the page of every document that a page includes as a whole, from the pages' own texts."""
    return {match[2]: page for page, text in texts.items() for match in DIRECTIVE.finditer(text) if match[3] is None}
