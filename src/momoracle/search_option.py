"""``--search SECONDS`` of ``momoracle check``."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from momoracle.ports.plain_text import plain_text
from momoracle.ports.report import Report
from momoracle.terminal import console

Search = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.0,
        help="Seconds to look for a smaller counterexample than the vectors are, or for one that they do not have.",
    ),
]


def searched(report: Report, seconds: float, time_limit: float) -> Report:
    """Search as long, show what was found, and return the report with it; nothing is done in no seconds."""
    if not seconds:
        return report
    from momoracle.ports.search import Exhausted, search  # imports Hypothesis, which most checks do without

    with Console(stderr=True).status("searching") as status:

        def show(examples: int) -> None:
            status.update(f"searching: {examples} cases")

        found = search(report.algorithm, report.port, seconds, time_limit=time_limit, progress=show)
    rate = f"{found.examples} cases in {found.seconds:.1f} s, {found.examples / found.seconds:.0f} a second"
    if isinstance(found, Exhausted):
        console.print(Text(f"search: no counterexample ({rate}; {found.discarded} more discarded)"))
        return report
    numbers = f"observed {found.observed}, expected {found.expected}, tolerance {found.tolerance:.3g}"
    console.print(Text(f"search: a counterexample ({rate}): step {found.step}, {found.quantity}", style="bold red"))
    console.print(Text(plain_text(f"{numbers}\n\n{found.script}")), soft_wrap=True)
    return replace(report, counterexample=found)
