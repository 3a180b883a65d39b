"""The page of the experiments, as Markdown: every number on it comes from the results."""

from collections.abc import Sequence

from momoracle.common.markdown_table import table
from momoracle.convergence.experiments.registry import EXPERIMENTS, format_cell
from momoracle.convergence.experiments.result import Result, Scale, Table
from momoracle.convergence.statistics.interval import LEVEL

TITLE = "# The papers' experiments, on digits"
HOW = """\
A perceptron in NumPy, whose gradients are written by hand, learns the 1797 digits that scikit-learn ships (every
fifth is kept for the test) by the reference's own steps, in float32. Runs that share a seed share the network's
start and the order of the digits, so methods are compared in pairs. Each number is the mean over {seeds} seeds with
Student's interval at {level:.0%}; every interval stands alone, so of twenty settings without a difference one is
expected to show one. An interval may leave the range of what it measures, and is left out where all seeds agree.
The best rates are chosen on the runs that are shown. The networks and the data are small: what holds here need not
hold for the papers' own, nor the other way round. Matrix products and exponentials differ in their last digits from
processor to processor, and training amplifies that: the same seeds give other numbers on another one.
"""


def page(results: Sequence[Result], scale: Scale, figures: str) -> str:
    """Return the page; ``figures`` is the folder of the pictures, seen from the page."""
    parts = [TITLE, _command(results, scale), HOW.format(seeds=scale.seeds, level=LEVEL).strip()]
    if scale.quick:
        parts.append("**These runs were shortened (`--quick`): they show that everything works and answer nothing.**")
    for result in results:
        parts += [
            f"## {_text(result.question)}",
            _text(result.answer),
            f"![{_text(result.question)}]({figures}/experiment-{result.name}.png)",
            _text(result.setting),
            _numbers(result.table),
        ]
    return "\n\n".join(parts) + "\n"


def _command(results: Sequence[Result], scale: Scale) -> str:
    """Return the line that repeats these runs; files are left to the reader."""
    names = [result.name for result in results] if len(results) < len(EXPERIMENTS) else []
    options = [f"--seeds {scale.seeds}", *(["--quick"] if scale.quick else [])]
    return f"```sh\nmomoracle experiments {' '.join([*names, *options])} --figures DIR --page FILE --json FILE\n```"


def _numbers(numbers: Table) -> str:
    """Return a table as Markdown, numbers to the right."""
    right = [any(not isinstance(row[i], str) for row in numbers.rows) for i in range(len(numbers.head))]
    return table(
        map(_text, numbers.head),
        ([_text(format_cell(value)) for value in row] for row in numbers.rows),
        "".join(":" if side else "-" for side in right),
    )


def _text(text: str) -> str:
    """Return text in which no star begins an emphasis."""
    return text.replace("*", r"\*")
