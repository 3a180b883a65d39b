"""Write the files of the GPU benchmark: results, page and plot."""

import json
from pathlib import Path
from typing import Any

from momoracle.gpu.bench.page import NAME, page


def write_files(results: dict[str, Any] | None, folder: Path) -> list[Path]:
    """Write results, page and plot into a folder and return the paths.

    Without matplotlib, or without a workload of one tensor, there is no plot. Without results there is only a page,
    which says that nothing was measured.
    """
    files: dict[str, bytes] = {}
    picture = None
    if results is not None:
        text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        files[f"{NAME}.json"] = text.encode()
        plot = _draw_plot(results)
        if plot is not None:
            files |= {f"{NAME}.{ending}": plot.render(ending) for ending in ("svg", "png")}
            picture = f"{NAME}.svg"
    files[f"{NAME}.md"] = page(results, picture).encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _draw_plot(results: dict[str, Any]) -> Any:
    try:
        from momoracle.gpu.bench.figure import curves, figure
    except ImportError:  # a machine with a device need not have matplotlib; the plot can be drawn elsewhere
        return None
    return figure(results["rows"], results["where"]["device"]) if curves(results["rows"]) else None
