"""``momoracle bench``: how long fused steps take on a CUDA device."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from rich.table import Table

from momoracle.terminal import Json, console, progress, write_json

NOTHING = "nothing was measured"


def bench_command(
    gpu: Annotated[bool, typer.Option("--gpu", help="Measure the fused steps on the current CUDA device.")] = False,
    json_file: Json = None,
) -> None:
    """Measure fused steps beside a device copy and the optimizers of other packages that are installed."""
    if not gpu:
        raise typer.BadParameter(
            "name what to measure: --gpu; the reference's own benchmark is benchmarks/reference_step.py"
        )
    from momoracle.gpu.bench import Row, fused_rows, peer_rows
    from momoracle.gpu.bench_shapes import workloads
    from momoracle.gpu.cuda_device import CudaDevice

    try:
        device = CudaDevice()
    except (ImportError, RuntimeError) as error:
        console.print(f"{error}; {NOTHING}", highlight=False, markup=False)
        raise typer.Exit(1) from None
    from momoracle.gpu.bench_clock import DeviceClock

    clock = DeviceClock()
    rows: list[Row] = []
    shapes = workloads()
    with progress(len(shapes)) as done:
        for name, tensors in shapes.items():
            with clock.stream:
                rows += fused_rows(name, tensors, device, clock)
                rows += peer_rows(name, tensors, clock)
            done(name)
    console.print(device.description(), highlight=False)
    console.print(table(rows))
    write_json(json_file, {"where": device.description(), "versions": versions(), "rows": [as_json(r) for r in rows]})


def versions() -> dict[str, str]:
    """Return the versions that the numbers belong to."""
    found = {"python": platform.python_version()}
    for name in ("momoracle", "numpy", "torch", "momo-opt", "pytorch_optimizer"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def as_json(row: Any) -> dict[str, Any]:
    """Return a row as JSON has it."""
    return {**row.__dict__, "fraction": row.fraction}


def table(rows: Any) -> Table:
    """Return the rows as a table: microseconds, bytes, the part of the copy's speed, launches."""
    result = Table("workload", "step", "µs", "MB", "of the copy's speed", "launches")
    for row in rows:
        cells = [
            f"{row.seconds * 1e6:.1f}",
            "" if row.moved is None else f"{row.moved / 1e6:.1f}",
            "" if row.fraction is None else f"{row.fraction:.0%}",
            "" if row.launches is None else str(row.launches),
        ]
        result.add_row(row.workload, row.name, *cells)
    return result
