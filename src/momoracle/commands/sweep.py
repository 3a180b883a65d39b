"""``momoracle sweep``."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from momoracle.commands.terminal import Json, colour, console, pluralize, write_json


class RateColumn(ProgressColumn):
    """Runs a second."""

    def render(self, task: Task) -> Text:
        """Return the rate so far."""
        return Text("" if task.speed is None else f"{task.speed:.3g} runs/s")


def sweep_command(
    spec_file: Annotated[Path, typer.Argument(metavar="SPEC.toml", dir_okay=False, exists=True)],
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the rows go.")] = Path(
        "sweep"
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what a killed sweep left in DIR.")] = False,
    processes: Annotated[
        int, typer.Option(min=1, help="Local processes. \\[default: one a core]", show_default=False)
    ] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on the Dask cluster of this scheduler instead.")
    ] = None,
    json_file: Json = None,
) -> None:
    """Run a grid of problems, methods and seeds into a Parquet data set, one row a run; it can be resumed.

    Each run has a verdict, as in `momoracle rates`; the last line counts those of all rows in DIR. Exit status:

    0: no run failed, diverged, grew, or violated what it was checked against

    1: one did

    2: wrong usage
    """
    # Imported where they are used: pyarrow and Dask are extras.
    from momoracle.convergence.sweeps.dask_cluster import run_on_cluster
    from momoracle.convergence.sweeps.local import run_locally
    from momoracle.convergence.sweeps.spec import check_spec, read_spec
    from momoracle.convergence.sweeps.store import Store, count_verdicts
    from momoracle.convergence.verdict import VERDICTS, combine

    try:
        spec = read_spec(spec_file)
        check_spec(spec, own=scheduler is None)  # the workers may have files that are not here
        store = Store(folder, spec, resume)
    except (LookupError, TypeError, ValueError, FileExistsError, ModuleNotFoundError) as error:
        raise typer.BadParameter(str(error)) from None
    tasks = spec.tasks()
    open_tasks = [task for task in tasks if not store.is_done(task)]
    before = sum(task.seeds for task in tasks) - sum(task.seeds for task in open_tasks)
    errors: Counter[str] = Counter()
    columns = (
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    try:
        results = run_on_cluster(open_tasks, scheduler) if scheduler else run_locally(open_tasks, processes)
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            progress = bar.add_task("", total=spec.runs, completed=before)
            for task, rows in results:
                store.add(task, rows)
                errors.update(row["error"] for row in rows if row["error"] is not None)
                bar.advance(progress, len(rows))
    except (ModuleNotFoundError, OSError) as error:
        raise typer.BadParameter(str(error)) from None
    first, counts = next(iter(errors.items()), None), count_verdicts(folder)
    content = {
        "runs": spec.runs,
        "before": before,
        "errors": errors.total(),
        "first_error": first and {"message": first[0], "runs": first[1]},
        "verdicts": dict(sorted(counts.items())),
    }
    verdict = "fails" if counts["error"] else combine(counts)
    write_json(json_file, {"verdict": verdict, **content})
    ran = f"{spec.runs - before} runs here, {before} before"
    ends = ", ".join(f"{counts[name]} {name}" for name in ("error", *VERDICTS) if counts[name])
    summary = f"{ran}; {ends}"
    if first is not None:
        others = f"; {pluralize(len(errors) - 1, 'other message')} in the column error" if len(errors) > 1 else ""
        console.print(
            f"{pluralize(first[1], 'run')}: {first[0]}{others}", markup=False, highlight=False, soft_wrap=True
        )
    console.print(f"{colour(verdict, verdict != 'fails')}: {summary}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if verdict == "fails" else 0)
