"""The code in README.md: ``python tests/support/readme.py NAME`` prints the shell line marked ``<!-- run: NAME -->``.

The tests and ``.ci/run`` both read it here, so that what the README says is what is run.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

README = Path(__file__).resolve().parents[2] / "README.md"
_BLOCK = re.compile(r"(?:^<!-- (\w+: [\w.]+) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its mark (``run: tests``, or empty), its language and its text."""

    mark: str
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text in their order."""
    return [Block(*groups) for groups in _BLOCK.findall(text)]


def marked(mark: str) -> str:
    """Return the text of the one block of the README with this mark."""
    (text,) = [block.text for block in blocks(README.read_text("utf-8")) if block.mark == mark]
    return text


def line(name: str) -> str:
    """Return the one shell line of the README that is marked ``run: NAME``; raises `ValueError` unless it is one."""
    marked = [block.text for block in blocks(README.read_text("utf-8")) if block.mark == f"run: {name}"]
    lines = "".join(marked).splitlines()
    if len(lines) != 1:
        raise ValueError(f"run: {name} marks {len(lines)} lines of README.md; it must mark one")
    return lines[0]


if __name__ == "__main__":
    print(line(sys.argv[1]))
