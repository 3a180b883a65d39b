"""``--search SECONDS`` of ``momoracle check``."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from momoracle.commands.terminal import console, pluralize
from momoracle.common.plain_text import plain_text
from momoracle.ports.processes.session import PortSession
from momoracle.ports.running.findings import Counterexample, Exhausted
from momoracle.ports.running.report import Report

Search = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.0,
        help="Draw cases for so many seconds, and show the smallest on which the port deviates. A case that is found "
        "decides the verdict.",
    ),
]


def search_and_show(session: PortSession, report: Report, seconds: float, seed: int = 0) -> Report:
    """Search for so long, show what came of it, and return the report with it; do nothing in no seconds.

    Ctrl-C ends the search, and what is known without it is returned.
    """
    if not seconds or report.unfinished:
        return report
    from momoracle.ports.search.search import search  # imports Hypothesis, which most checks do without

    try:
        with Console(stderr=True).status("searching") as status:

            def show(examples: int) -> None:
                status.update(f"searching: {examples} cases")

            result = search(session, seconds, seed=seed, progress=show)
    except KeyboardInterrupt:
        return replace(report, unfinished=("search",))
    console.print(Text(describe_search(result), style="bold red" if isinstance(result, Counterexample) else ""))
    if isinstance(result, Exhausted):
        return report
    numbers = f"observed {result.observed}, expected {result.expected}, tolerance {result.tolerance:.3g}"
    console.print(Text(plain_text(f"{numbers}\n\n{result.script}")), soft_wrap=True)
    decided = replace(report, counterexample=result)
    if decided.verdict != report.verdict:
        console.print(f"With this case the verdict is: [bold red]{decided.verdict}[/]")
    return decided


def describe_search(result: Counterexample | Exhausted) -> str:
    """Return in one line what came of a search; one that got through no case says nothing about the port."""
    discarded = f"{result.discarded} more discarded" if isinstance(result, Exhausted) else ""
    if not result.examples:
        return f"search: nothing was searched: no case was done in {result.seconds:.1f} s ({discarded}); give it longer"
    each = result.examples / result.seconds
    pace = f"{each:.0f}" if each >= 1 else f"{each:.2g}"
    rate = f"{pluralize(result.examples, 'case')} in {result.seconds:.1f} s, {pace} a second"
    if isinstance(result, Exhausted):
        return f"search: no counterexample ({rate}; {discarded})"
    return f"search: a counterexample ({rate}): step {result.step}, {result.quantity}"
