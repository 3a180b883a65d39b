"""``--search SECONDS`` of ``momoracle check``."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from momoracle.commands.terminal import console, counted
from momoracle.common.plain_text import plain_text
from momoracle.ports.running.findings import Counterexample, Exhausted
from momoracle.ports.running.report import Report

Search = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.0,
        help="Seconds to look for a smaller counterexample than the vectors are, or for one that they do not have, "
        "from the first case on.",
    ),
]


def searched(report: Report, seconds: float, time_limit: float) -> Report:
    """Search as long, show what was found, and return the report with it; nothing is done in no seconds."""
    if not seconds:
        return report
    from momoracle.ports.search.search import search  # imports Hypothesis, which most checks do without

    with Console(stderr=True).status("searching") as status:

        def show(examples: int) -> None:
            status.update(f"searching: {examples} cases")

        found = search(report.algorithm, report.port, seconds, time_limit=time_limit, progress=show)
    console.print(Text(said(found), style="bold red" if isinstance(found, Counterexample) else ""))
    if isinstance(found, Exhausted):
        return report
    numbers = f"observed {found.observed}, expected {found.expected}, tolerance {found.tolerance:.3g}"
    console.print(Text(plain_text(f"{numbers}\n\n{found.script}")), soft_wrap=True)
    return replace(report, counterexample=found)


def said(found: Counterexample | Exhausted) -> str:
    """Return in one line what came of a search; one that got through no case has found nothing out."""
    discarded = f"{found.discarded} more discarded" if isinstance(found, Exhausted) else ""
    if not found.examples:
        return f"search: nothing was searched: no case was done in {found.seconds:.1f} s ({discarded}); give it longer"
    each = found.examples / found.seconds
    pace = f"{each:.0f}" if each >= 1 else f"{each:.2g}"
    rate = f"{counted(found.examples, 'case')} in {found.seconds:.1f} s, {pace} a second"
    if isinstance(found, Exhausted):
        return f"search: no counterexample ({rate}; {discarded})"
    return f"search: a counterexample ({rate}): step {found.step}, {found.quantity}"
