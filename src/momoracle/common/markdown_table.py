"""Write a table in Markdown."""

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]], alignments: str) -> str:
    """Return a table as Markdown.

    Args:
        head: the titles of the columns.
        rows: the cells of each row.
        alignments: one character for each column: ``:`` aligns it right, ``-`` left.

    >>> print(table(["step", "µs"], [["MoMo", "12"]], "-:"))
    | step | µs |
    | --- | ---: |
    | MoMo | 12 |
    """
    rule = ["---:" if alignment == ":" else "---" for alignment in alignments]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
