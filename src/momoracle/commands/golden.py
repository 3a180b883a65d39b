"""``momoracle golden``: the vectors written, or compared with the files byte for byte."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from momoracle.commands.terminal import Json, coloured, console, progress, write_json
from momoracle.common.nearest import did_you_mean
from momoracle.ports import golden_vectors as golden
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden import files

vectors = typer.Typer(help="The golden vectors: write them, or check the files byte for byte.", no_args_is_help=True)
Only = Annotated[
    list[str] | None, typer.Option("--algorithm", metavar="ALGORITHM", help="Only this one; may be repeated.")
]


@vectors.command("write")
def write_command(
    algorithm: Only = None,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = files.FOLDER,
) -> None:
    """Prove every vector anew and write the files."""
    chosen = _algorithms(algorithm)
    with progress(len(chosen)) as done:
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
    with progress(len(chosen)) as done:
        for name, difference in golden.differences(chosen, folder):
            found[name] = difference
            done(name)
    table = Table("file", "result")
    for name in chosen:
        table.add_row(f"{name}.json", coloured(escape(found[name] or "identical"), found[name] is None))
    console.print(table)
    same = not any(found.values())
    write_json(
        json_file, {"verdict": "holds" if same else "fails", "differences": {a: d for a, d in found.items() if d}}
    )
    raise typer.Exit(0 if same else 1)


def _algorithms(chosen: list[str] | None) -> list[str]:
    unknown = sorted(set(chosen or ()) - set(ALGORITHMS))
    if unknown:
        meant = did_you_mean(unknown[0], ALGORITHMS)
        raise typer.BadParameter(
            f"{', '.join(unknown)}; known are {', '.join(ALGORITHMS)}{meant}", param_hint="--algorithm"
        )
    return chosen or list(ALGORITHMS)
