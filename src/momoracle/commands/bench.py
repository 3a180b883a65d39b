"""``momoracle bench``: measure fused steps on a CUDA device and write the page of the results."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from momoracle.commands.terminal import Json, console, progress, write_json
from momoracle.gpu.bench.files import write_files
from momoracle.gpu.bench.page import load
from momoracle.gpu.bench.shapes import workloads

NOTHING = "nothing was measured"


def bench_command(
    gpu: Annotated[bool, typer.Option("--gpu", help="Measure the fused steps on the current CUDA device.")] = False,
    results_file: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", exists=True, dir_okay=False, help="Show these results of an earlier run."
        ),
    ] = None,
    json_file: Json = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", exists=True, file_okay=False, help="Write results, page and plot there."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1.0, help="After so long, begin no other measurement.")] = 300.0,
) -> None:
    """Measure fused steps beside a device copy and the optimizers of other packages that are installed."""
    if gpu == (results_file is not None):
        raise typer.BadParameter(
            "name what to show: --gpu measures, --from FILE shows results again; the reference's own benchmark is "
            "benchmarks/reference_step.py"
        )
    try:
        results = load(results_file) if results_file is not None else _measure(seconds)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    console.print(", ".join(results["where"].values()), markup=False, highlight=False)
    console.print(table(results["rows"]))
    for item in results["unmeasured"]:
        console.print(
            f"unmeasured: {item['name']}, {item['workload']}: {item['reason']}", highlight=False, markup=False
        )
    write_json(json_file, results)
    if page is not None:
        for path in write_files(results, page):
            console.print(f"written: {path.name}", markup=False, highlight=False)


def _measure(seconds: float) -> dict[str, Any]:
    from momoracle.gpu.bench.device import measure_device

    try:
        with progress(len(workloads())) as done:
            return measure_device(seconds, done)
    except (ImportError, RuntimeError) as error:
        console.print(f"{error}; {NOTHING}", highlight=False, markup=False)
        raise typer.Exit(1) from None


def table(rows: list[dict[str, Any]]) -> Table:
    """Return the rows as a table for the terminal."""
    result = Table("workload", "step", "µs", "MB", "of the copy's speed", "launches", "host waits", "timed by")
    for row in rows:
        cells = [
            f"{row['seconds'] * 1e6:.1f}",
            "" if row["moved"] is None else f"{row['moved'] / 1e6:.1f}",
            "" if row["fraction"] is None else f"{row['fraction']:.0%}",
            *("" if row[name] is None else str(row[name]) for name in ("launches", "synchronisations")),
            row["timed_by"],
        ]
        result.add_row(escape(row["workload"]), escape(row["name"]), *cells)
    return result
