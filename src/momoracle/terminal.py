"""What the commands share: the console, a progress bar, colours, and the file of ``--json``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

console = Console()


def writable(path: Path | None) -> Path | None:
    """Refuse a file whose folder does not exist: before the work, not after it."""
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent} to write {path.name} in")
    return path


Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", dir_okay=False, callback=writable, help="Write the result as JSON too."),
]


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """Show a bar on standard error while it runs; the value is called with the name of each part that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)


def coloured(text: str, good: bool) -> str:
    """Return ``text`` in green where it is good news, else in red, as Rich's markup."""
    return f"[{'green' if good else 'red'}]{text}[/]"


def write_json(path: Path | None, content: dict[str, Any]) -> None:
    """Write the JSON of a result where a file is given."""
    if path is not None:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
