"""Run ``momoracle verify`` from the command line: options, table, JSON and page."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from momoracle.commands.terminal import Json, colour, console, pluralize, progress, write_json
from momoracle.common.nearest import did_you_mean
from momoracle.paper_checks import verify
from momoracle.paper_checks.evaluate import Result
from momoracle.paper_checks.registry import OUT_OF_SCOPE


def verify_command(
    claim: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this claim; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer instances and steps.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Many more instances and steps.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="DIR", file_okay=False, help="Write the claims as a page into this folder.")
    ] = None,
    json_file: Json = None,
) -> None:
    """Check every claim of both papers on the running code, and the code against its proven golden vectors."""
    known = verify.claim_ids()
    wanted = {name.lower(): name for name in claim or ()}
    chosen = [name for name in known if name.lower() in wanted] if claim else known
    if unknown := sorted(wanted[name] for name in set(wanted) - {name.lower() for name in known}):
        named = f"{', '.join(unknown)}; known are {', '.join(known)}{did_you_mean(unknown[0], known)}"
        raise typer.BadParameter(named, param_hint="--claim")
    if quick and thorough:
        raise typer.BadParameter("give one of --quick and --thorough", param_hint="--quick")
    effort = "quick" if quick else "thorough" if thorough else "default"
    start, by_id = time.perf_counter(), {}
    with progress(len(chosen)) as done:
        for result in verify.check_claims(chosen, effort):
            by_id[result.id] = result
            done(result.id)
    results = [by_id[name] for name in chosen]
    console.print(make_table(results))
    if not claim:
        console.print("[bold]Out of scope[/bold]: what the papers state about accuracy on data sets")
        for statement in OUT_OF_SCOPE:
            console.print(f"  {escape(statement)}")
    holds = all(result.verdict != "fails" for result in results)
    missing = verify.methods_not_run(results)
    content = {
        "verdict": "holds" if holds else "fails",
        "claims": [result.to_json() for result in results],
        "not_run": missing,
    }
    write_json(json_file, content)
    seconds = time.perf_counter() - start
    if html is not None:
        from momoracle.pages import claims_page  # brings matplotlib, Jinja and the MathML converter

        console.print(f"page: {claims_page.write(results, effort, seconds, html)}", markup=False, highlight=False)
    verdict = colour("holds" if holds else "fails", holds)
    left_out = escape("; ".join(missing)) or "nothing"
    claims = pluralize(len(results), "claim")
    console.print(f"{verdict}: {claims} in {seconds:.0f} s; not run: {left_out}", soft_wrap=True)
    raise typer.Exit(0 if holds else 1)


def make_table(results: Sequence[Result]) -> Table:
    """Return the results as a table: a row for each method, and one for the refutations of a claim."""
    rows = Table("claim", "kind", "method", "evidence", "verdict")
    colours = {"holds": "green", "fails": "red", "not_run": "yellow"}
    for result in results:
        for i, method in enumerate(result.methods):
            rows.add_row(
                f"[bold]{result.id}[/bold] {escape(result.title)}" if i == 0 else "",
                result.kind if i == 0 else "",
                escape(method.method),
                escape(method.evidence),
                f"[{colours[method.verdict]}]{method.verdict.replace('_', ' ')}[/]",
            )
        missed = [r.variant for r in result.refutations if not r.refuted]
        refuted = f"{len(result.refutations) - len(missed)} of {len(result.refutations)} wrong variants refuted"
        text = refuted + (f"; not refuted: {', '.join(missed)}" if missed else "")
        rows.add_row("", "", "refutations", escape(text), colour("holds" if not missed else "fails", not missed))
        rows.add_section()
    return rows
