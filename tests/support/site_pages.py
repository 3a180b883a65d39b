"""What a built page has in it: anchors, links, what it loads, and the formulas."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data", "link": "href", "image": "href", "use": "href",
}  # fmt: skip
_STYLE_URL = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


@dataclass
class Page(HTMLParser):
    """A page's anchors, the targets of its links, and the addresses from which it loads something."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.text = self.path.read_text("utf-8")
        self.feed(self.text)
        self.loads += style_loads(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if given.get(LOADS.get(tag, "")):
            self.loads.append(given[LOADS[tag]])
        self.loads += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]


def style_loads(text: str) -> list[str]:
    """Return the addresses from which style sheets load something."""
    return [first or second for first, second in _STYLE_URL.findall(text)]


def is_elsewhere(address: str) -> bool:
    """Tell whether an address is on another host."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def problem(page: Page, target: str, pages: dict[Path, Page]) -> str | None:
    """Return what is wrong with a link within the site, or None."""
    parts = urlsplit(target)
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not path.is_file():
        return f"{page.path}: {target} leads to no file"
    anchor = unquote(parts.fragment)
    if anchor and path in pages and anchor not in pages[path].anchors:
        return f"{page.path}: {target} leads to no such place"
    return None
