"""The files of the GPU benchmark: results, page and plot."""

import json
from pathlib import Path
from typing import Any

from momoracle.gpu.bench.page import NAME, page


def written(results: dict[str, Any] | None, folder: Path) -> list[Path]:
    """Write what there is into a folder, and return the paths; the plot needs matplotlib and a workload of one tensor.

    Without results only the page is written: it says that nothing was measured.
    """
    files: dict[str, bytes] = {}
    picture = None
    if results is not None:
        text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        files[f"{NAME}.json"] = text.encode()
        plot = _plot(results)
        if plot is not None:
            files |= {f"{NAME}.{ending}": plot.render(ending) for ending in ("svg", "png")}
            picture = f"{NAME}.svg"
    files[f"{NAME}.md"] = page(results, picture).encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _plot(results: dict[str, Any]) -> Any:
    try:
        from momoracle.gpu.bench.figure import curves, figure
    except ImportError:  # matplotlib is not on every machine that has a device: the page can be drawn elsewhere
        return None
    return figure(results["rows"], results["where"]["device"]) if curves(results["rows"]) else None
