"""A table in Markdown."""

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]], sides: str) -> str:
    """Return a table; ``sides`` has a ``:`` for each column that stands to the right."""
    rules = ["---:" if side == ":" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))
