"""``momoracle experiments``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from momoracle.commands.terminal import Json, console, pluralize, progress, require_folder, write_json
from momoracle.pages.check_outputs import writable_folder

if TYPE_CHECKING:
    from momoracle.convergence.experiments.result import Result


def experiments_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which ones; all if left out. `--list` names them."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Runs of each setting.")] = 10,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shorter runs, which show that everything works and answer nothing.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the experiments and stop.")] = False,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", callback=writable_folder, help="Draw into this folder, SVG and PNG."),
    ] = None,
    page_file: Annotated[
        Path | None,
        typer.Option(
            "--page",
            metavar="FILE",
            dir_okay=False,
            callback=require_folder,
            help="Write the page, which shows the figures.",
        ),
    ] = None,
    json_file: Json = None,
) -> None:
    """Repeat the papers' experiments on handwritten digits, and answer their questions with intervals.

    Exit status:

    0: every run stayed finite

    1: a run diverged, as at a learning rate that is too large; it is counted below its experiment

    2: wrong usage
    """
    # Imported where they are used: SciPy takes a while to load.
    from momoracle.convergence.experiments.registry import EXPERIMENTS, count_diverged, to_json
    from momoracle.convergence.experiments.result import Scale
    from momoracle.pages.experiments_page import page

    if listed:
        for name, run in EXPERIMENTS.items():
            console.print(f"[bold]{name}[/bold]  {escape(run.__doc__ or '')}", highlight=False, soft_wrap=True)
        raise typer.Exit
    if unknown := [name for name in names or () if name not in EXPERIMENTS]:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such experiment; choose from {', '.join(EXPERIMENTS)}")
    if page_file is not None and figures is None:
        raise typer.BadParameter("--page needs --figures DIR: the page shows them")
    chosen = [name for name in EXPERIMENTS if not names or name in names]
    scale, results = Scale(seeds, quick), []
    with progress(len(chosen)) as watch:
        for name in chosen:
            watch.doing(name)
            try:
                results.append(EXPERIMENTS[name](scale))
            except ModuleNotFoundError as error:
                raise typer.BadParameter(str(error)) from None
            _show(results[-1])  # at once: whatever stops a later one, this has been seen
            watch.done(name)
    if figures is not None:
        from momoracle.pages.experiments_figures import draw  # brings matplotlib

        for path in draw(results, figures):
            console.print(str(path), markup=False, highlight=False, soft_wrap=True)
        if page_file is not None:
            seen = Path(os.path.relpath(figures, page_file.parent)).as_posix()
            page_file.write_text(page(results, scale, seen), encoding="utf-8")
    write_json(json_file, to_json(results, scale))
    raise typer.Exit(1 if any(map(count_diverged, results)) else 0)


def _show(result: "Result") -> None:
    from momoracle.convergence.experiments.registry import count_diverged, format_cell

    table = Table(*result.table.head, title=escape(result.question), title_justify="left")
    for row in result.table.rows:
        table.add_row(*(escape(format_cell(value)) for value in row))
    console.print(table)
    console.print(escape(result.answer), highlight=False, soft_wrap=True)
    console.print(escape(result.setting), style="dim", highlight=False, soft_wrap=True)
    if count := count_diverged(result):
        console.print(f"{pluralize(count, 'point')} of the curves without a mean: a run diverged there", style="red")
