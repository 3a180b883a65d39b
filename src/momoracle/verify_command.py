"""``momoracle verify``."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from momoracle import verify
from momoracle.terminal import Json, coloured, console, progress, write_json


def verify_command(
    claim: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this claim; may be repeated.")] = None,
    json_file: Json = None,
) -> None:
    """Check the reference, as it runs here, against its proven golden vectors."""
    chosen = claim or verify.claims()
    unknown = set(chosen) - set(verify.claims())
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}; known are {', '.join(verify.claims())}", param_hint="--claim"
        )
    results = []
    with progress(len(chosen)) as done:
        for result in verify.run(chosen):
            results.append(result)
            done(result.id)
    table = Table("claim", "evidence", "wrong variants", "verdict")
    for result in results:
        refuted = sum(r.refuted for r in result.refutations)
        table.add_row(
            result.id,
            escape("; ".join(m.evidence for m in result.methods)),
            f"{refuted} of {len(result.refutations)} caught",
            coloured(result.verdict, result.verdict == "holds"),
        )
        for r in result.refutations:
            if not r.refuted:
                table.add_row("", f"[red]not caught: {r.variant}[/red]", "", "")
    console.print(table)
    holds = all(result.verdict == "holds" for result in results)
    console.print(coloured("holds" if holds else "fails", holds))
    write_json(
        json_file, {"verdict": "holds" if holds else "fails", "claims": [r.to_json() for r in results], "not_run": []}
    )
    raise typer.Exit(0 if holds else 1)
