"""Commands, their tables and exit statuses: 0 it holds, 1 it falls short, 2 wrong usage."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from momoracle import golden, verify
from momoracle.ports.loading import PortError
from momoracle.ports.runner import check
from momoracle.ports.table import render
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files

app = typer.Typer(
    help="An oracle for momentum optimizers: is this port the paper's method, and if not, where does it part?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
vectors = typer.Typer(help="The golden vectors: write them, or check the files byte for byte.", no_args_is_help=True)
app.add_typer(vectors, name="golden")

console = Console()
Only = Annotated[
    list[str] | None, typer.Option("--algorithm", metavar="ALGORITHM", help="Only this one; may be repeated.")
]


def _writable(path: Path | None) -> Path | None:
    if path is not None and not path.absolute().parent.is_dir():  # found out before the work, not after it
        raise typer.BadParameter(f"there is no folder {path.parent} to write {path.name} in")
    return path


Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", dir_okay=False, callback=_writable, help="Write the result as JSON too."),
]


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"momoracle {version('momoracle')}", highlight=False)
        raise typer.Exit


@app.callback()
def momoracle(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Offer the options of the whole program."""


@app.command("verify")
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
    with _progress(len(chosen)) as done:
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
            _coloured(result.verdict, result.verdict == "holds"),
        )
        for r in result.refutations:
            if not r.refuted:
                table.add_row("", f"[red]not caught: {r.variant}[/red]", "", "")
    console.print(table)
    holds = all(result.verdict == "holds" for result in results)
    console.print(_coloured("holds" if holds else "fails", holds))
    _write(
        json_file, {"verdict": "holds" if holds else "fails", "claims": [r.to_json() for r in results], "not_run": []}
    )
    raise typer.Exit(0 if holds else 1)


@app.command("check")
def check_command(
    algorithm: Annotated[str, typer.Argument(metavar="ALGORITHM", help=" ".join(ALGORITHMS))],
    port: Annotated[
        str,
        typer.Argument(
            metavar="PORT",
            help="FILE.py:NAME, MODULE:NAME, torch=MODULE:CLASS, optax=MODULE:FUNCTION or keras=MODULE:CLASS",
        ),
    ],
    json_file: Json = None,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds that one vector may take.")] = 10.0,
) -> None:
    """Check whether a port is the paper's method, and say where it first is not."""
    try:
        if algorithm not in ALGORITHMS:
            raise PortError(f"{algorithm!r} is no algorithm; choose one of {', '.join(ALGORITHMS)}")
        content = files.load(algorithm)
        with _progress(len(content.vectors)) as done:
            report = check(algorithm, port, content, time_limit=time_limit, progress=lambda r: done(r.vector))
    except PortError as error:
        raise typer.BadParameter(str(error)) from None
    console.print(render(report))
    _write(json_file, report.to_json())
    raise typer.Exit(0 if report.verdict == "conforms" else 1)


@vectors.command("write")
def write_command(
    algorithm: Only = None,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = files.FOLDER,
) -> None:
    """Prove every vector anew and write the files."""
    chosen = _algorithms(algorithm)
    with _progress(len(chosen)) as done:
        for name, text in golden.texts(chosen):
            files.write([(name, text)], folder)
            done(name)


@vectors.command("check")
def check_files_command(
    algorithm: Only = None,
    folder: Annotated[Path, typer.Option(help="Where the files are.")] = files.FOLDER,
    json_file: Json = None,
) -> None:
    """Prove every vector anew and compare with the files, byte for byte."""
    found: dict[str, str | None] = {}
    chosen = _algorithms(algorithm)
    with _progress(len(chosen)) as done:
        for name, difference in golden.differences(chosen, folder):
            found[name] = difference
            done(name)
    table = Table("file", "result")
    for name in chosen:
        table.add_row(f"{name}.json", _coloured(escape(found[name] or "identical"), found[name] is None))
    console.print(table)
    same = not any(found.values())
    _write(json_file, {"verdict": "holds" if same else "fails", "differences": {a: d for a, d in found.items() if d}})
    raise typer.Exit(0 if same else 1)


def _algorithms(chosen: list[str] | None) -> list[str]:
    unknown = set(chosen or ()) - set(ALGORITHMS)
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}; known are {', '.join(ALGORITHMS)}", param_hint="--algorithm"
        )
    return chosen or list(ALGORITHMS)


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)


def _coloured(text: str, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"


def _write(path: Path | None, content: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
