"""Convert a docstring to Markdown: formulas to LaTeX, sections to tables, examples to code."""

import inspect
import re
from collections.abc import Callable

from plain_math import latex

_ENTRY = re.compile(r"^    (\w+(?:, \w+)*): ?(.*)")
_TABLES = {"Args": "argument", "Attributes": "field", "Raises": "error"}


def summary(text: str, link: Callable[[str], str]) -> str:
    """Convert the first paragraph of a docstring to Markdown."""
    return prose(inspect.cleandoc(text).split("\n\n")[0], link)


def markdown(text: str, link: Callable[[str], str], defaults: dict[str, str]) -> str:
    """Convert a docstring to Markdown.

    Args:
        text: the docstring.
        link: makes a link of a name.
        defaults: the default values of the arguments, as text.
    """
    return "\n\n".join(_block(block, link, defaults) for block in inspect.cleandoc(text).split("\n\n"))


def _block(block: str, link: Callable[[str], str], defaults: dict[str, str]) -> str:
    first, *rest = block.splitlines()
    heading = re.fullmatch(r"(\w+):", first)
    if first.startswith(">>>"):
        return f"```pycon\n{block}\n```"
    if heading and heading[1] in _TABLES:
        return _table(heading[1], rest, link, defaults)
    if heading:
        return f"**{heading[1]}:** " + prose("\n".join(rest), link)
    if all(line.startswith("    ") for line in block.splitlines()):
        return "\n\n".join(f"$$\n{latex(line.strip())}\n$$" for line in block.splitlines())
    if first.startswith("Source: "):
        return "**Source:** " + prose(block.removeprefix("Source: "), link)
    return prose(block, link)


def _table(heading: str, lines: list[str], link: Callable[[str], str], defaults: dict[str, str]) -> str:
    entries: list[tuple[str, str]] = []
    for line in lines:
        if entry := _ENTRY.match(line):
            entries.append((entry[1], entry[2]))
        else:
            name, meaning = entries[-1]
            entries[-1] = name, f"{meaning} {line.strip()}"
    has_defaults = heading == "Args" and any(name in defaults for name, _ in entries)
    rows = [f"| {_TABLES[heading]} |{' default |' * has_defaults} meaning |", f"| --- |{' --- |' * has_defaults} --- |"]
    for name, meaning in entries:
        ticked = ", ".join(f"`{part}`" for part in name.split(", "))
        value = f"`{defaults[name]}`" if name in defaults else ""
        rows.append(f"| {ticked} |{f' {value} |' * has_defaults} {prose(meaning, link).replace('|', '&#124;')} |")
    return "\n".join(rows)


def prose(text: str, link: Callable[[str], str]) -> str:
    """Convert running text to Markdown: ticks become code or links, and every other sign is escaped."""
    parts = re.split(r"(``.+?``|`.+?`)", " ".join(text.split()))
    return "".join(_tick(part, link) if part.startswith("`") else _plain(part) for part in parts)


def _tick(part: str, link: Callable[[str], str]) -> str:
    return f"`{part[2:-2]}`" if part.startswith("``") else link(part[1:-1])


def _plain(part: str) -> str:
    return re.sub(r"([*_\[\]$~^\\])", r"\\\1", part).replace("<", "&lt;").replace("|", "&#124;")
