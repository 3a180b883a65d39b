"""Execute notebooks: ``python tests/support/notebooks/notebook_run.py notebooks/01_*.ipynb`` writes their outputs.

That is how outputs are made before they are committed, and the tests execute them the same way.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # run as a script, this file is alone
    from support.notebooks.notebook_compare import Json

SECONDS = 60  # that a notebook may take on two cores
PATIENCE = 5 * SECONDS  # before it counts as one that hangs: other tests run beside it
MADE_WITH = "made_with"  # in a notebook's metadata: the Matplotlib that drew its pictures
WIDGET = "application/vnd.jupyter.widget-view+json"
NEEDED = ("nbclient", "nbformat", "ipykernel", "ipywidgets")


def executed(path: Path, folder: Path) -> Json:
    """Return the notebook as a copy of it in this folder is after `save` in a process of its own.

    The process keeps what Jupyter's sockets warn about apart from the caller. Raises `subprocess.CalledProcessError`.
    """
    copy = Path(shutil.copy(path, folder))
    subprocess.run([sys.executable, __file__, str(copy)], check=True, stdout=subprocess.DEVNULL)
    notebook: Json = json.loads(copy.read_text("utf-8"))
    return notebook


def save(path: Path) -> None:
    """Execute a notebook in a fresh kernel of this interpreter, in an empty folder, and write it back with its outputs.

    Raises nbclient's `CellExecutionError` where a cell raises; the kernel of a notebook that hangs is ended, which
    raises `TimeoutError` or nbclient's `DeadKernelError`.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        _settings_of_nobody(Path(folder))
        asyncio.run(_run(notebook, Path(folder)))
    text = json.dumps(kept(json.loads(nbformat.writes(notebook))), ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, "utf-8")


def kept(notebook: Json) -> Json:
    """Return the notebook without what a run leaves in it of its hour and its machine.

    The view of a widget is left out too: it names a model that ended with the kernel, and a viewer that prefers it to
    the picture beside it shows an error.
    """
    cells = []
    for cell in notebook["cells"]:
        metadata = {key: value for key, value in cell["metadata"].items() if key in {"tags", "jupyter"}}
        cells.append({**cell, "metadata": metadata})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, MADE_WITH: drawing()}
    return {**notebook, "cells": cells, "metadata": metadata}


def drawing() -> dict[str, str]:
    """Return what decides how a picture comes out, with its version."""
    return {"matplotlib": version("matplotlib")}


async def _run(notebook: Any, folder: Path) -> None:
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    kernels = folder / "kernels"  # holds this interpreter's kernel alone: none that is installed elsewhere is taken
    (kernels / "running").mkdir(parents=True)
    spec = get_kernel_dict() | {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (kernels / "running/kernel.json").write_text(json.dumps(spec), "utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="running", kernel_spec_manager=specs)
    empty = folder / "empty"
    empty.mkdir()
    here = {"metadata": {"path": str(empty)}}
    client = NotebookClient(
        notebook, km=manager, resources=here, store_widget_state=False, record_timing=False, coalesce_streams=True
    )
    async with asyncio.timeout(PATIENCE):
        await client.async_execute()


def _settings_of_nobody(folder: Path) -> None:
    """Let Jupyter and IPython find empty folders of settings, and lay their files there."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    os.environ |= {name: str(folder / name.lower()) for name in names}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        save(Path(argument))
        print(argument)
