"""Tools that the commands share: the console, a progress bar, colours and the option ``--json``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

console = Console()
_WIDEST = 48  # characters of a description beside the bar


def require_folder(path: Path | None) -> Path | None:
    """Refuse a file whose folder does not exist, before the work begins and not after it."""
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent} to write {path.name} in")
    return path


Json = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", dir_okay=False, callback=require_folder, help="Write the result as JSON too."
    ),
]


class Watch:
    """A progress bar: call it, or `done`, with the name of each part that is done."""

    def __init__(self, bar: Progress, total: int | None) -> None:
        self._bar, self._task = bar, bar.add_task("", total=total)

    def __call__(self, name: str) -> None:
        """Count another part as done."""
        self._bar.update(self._task, advance=1, description=_shorten(name))

    done = __call__

    def advance(self, count: int) -> None:
        """Count several parts as done."""
        self._bar.advance(self._task, count)

    def doing(self, name: str) -> None:
        """Show the name of work in progress whose length is not known."""
        self._bar.update(self._task, description=_shorten(name))


@contextmanager
def progress(total: int | None) -> Iterator[Watch]:
    """Show a bar on standard error while it runs; ``total`` is None where nobody knows how long that will be."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Watch(bar, total)


def _shorten(name: str) -> str:
    return escape(name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…")


def colour(text: str, is_good: bool) -> str:
    """Return ``text`` in Rich's markup: green if ``is_good``, else red."""
    return f"[{'green' if is_good else 'red'}]{text}[/]"


def pluralize(count: int, noun: str) -> str:
    """Return a count with its noun, as in "1 run" and "2 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write_json(path: Path | None, content: dict[str, Any]) -> None:
    """Write a result as JSON, unless ``path`` is None."""
    if path is not None:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
