"""``momoracle golden``: write the vectors, or compare them with the files byte for byte."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from momoracle.commands.terminal import Json, colour, console, progress, write_json
from momoracle.ports import golden_vectors as golden
from momoracle.reference import ALGORITHMS, AlgorithmError, method_of
from momoracle.reference.frame.registry import is_own, name_of
from momoracle.reference.golden import files

vectors = typer.Typer(help="The golden vectors: write them, or check the files byte for byte.", no_args_is_help=True)
Algorithms = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ALGORITHM]...", help="Names, or FILE.py:CLASS, a method of your own. Without: all of the package's."
    ),
]
Only = Annotated[
    list[str] | None, typer.Option("--algorithm", metavar="ALGORITHM", help="The same as an option; may be repeated.")
]


@vectors.command("write")
def write_command(
    algorithms: Algorithms = None,
    only: Only = None,
    folder: Annotated[
        Path, typer.Option("--out", "--folder", help="Where the files go; needed for a method of your own.")
    ] = files.FOLDER,
) -> None:
    """Prove every vector anew and write the files."""
    chosen = _check_algorithms([*(algorithms or ()), *(only or ())], folder, "--out")
    with progress(len(chosen)) as done:
        try:
            for name, file in golden.texts(chosen):
                files.write([(name, file.text)], folder)
                done(name)
                for case, reason in file.left_out.items():
                    console.print(f"left out {escape(case)}: {escape(reason)}")
        except ValueError as error:  # a user's class that lacks something; the message names it
            raise typer.BadParameter(str(error), param_hint="ALGORITHM") from None


@vectors.command("check")
def check_files_command(
    algorithms: Algorithms = None,
    only: Only = None,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the files are; needed for a method of your own.")
    ] = files.FOLDER,
    json_file: Json = None,
) -> None:
    """Prove every vector anew and compare with the files, byte for byte."""
    differences: dict[str, str | None] = {}
    chosen = _check_algorithms([*(algorithms or ()), *(only or ())], folder, "--folder")
    with progress(len(chosen)) as done:
        for name, difference in golden.differences(chosen, folder):
            differences[name] = difference
            done(name)
    table = Table("file", "result")
    for name in chosen:
        table.add_row(f"{name_of(name)}.json", colour(escape(differences[name] or "identical"), not differences[name]))
    console.print(table)
    same = not any(differences.values())
    write_json(
        json_file,
        {"verdict": "holds" if same else "fails", "differences": {a: d for a, d in differences.items() if d}},
    )
    raise typer.Exit(0 if same else 1)


def _check_algorithms(chosen: Iterable[str], folder: Path, option: str) -> list[str]:
    """Return the chosen algorithms, each once, or all of the package's; refuse unknown ones and clashing files."""
    algorithms = list(dict.fromkeys(chosen)) or list(ALGORITHMS)
    for algorithm in algorithms:
        try:
            method_of(algorithm)
        except AlgorithmError as error:
            raise typer.BadParameter(str(error), param_hint="ALGORITHM") from None
        if folder == files.FOLDER and not is_own(algorithm):
            raise typer.BadParameter(
                f"{algorithm} has no file among the package's vectors; give a folder with {option}", param_hint=option
            )
    names = [name_of(algorithm) for algorithm in algorithms]
    if len(set(names)) < len(names):
        raise typer.BadParameter(
            f"two of {', '.join(algorithms)} have the same file name; run them one at a time into different folders",
            param_hint="ALGORITHM",
        )
    return algorithms
