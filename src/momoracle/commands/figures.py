"""Run ``momoracle figures``: draw the papers' mathematical figures from the reference."""

from pathlib import Path
from typing import Annotated

import typer

from momoracle.commands.terminal import console, progress


def figures_command(
    folder: Annotated[Path, typer.Option(help="The folder to write into; it is made if it does not exist.")] = Path(
        "figures"
    ),
) -> None:
    """Draw MoMo's Figure 1, TAM's Figures 1 and 2 and the float32 figure from the reference, as SVG and PNG."""
    from momoracle.common.figure import write  # brings matplotlib
    from momoracle.paper_checks.figures.registry import figures

    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is a file; name a folder", param_hint="--folder")
    folder.mkdir(parents=True, exist_ok=True)
    with progress(len(figures())) as done:
        for figure in figures():
            for path in write(figure, folder):
                console.print(str(path), markup=False, highlight=False)
            done(figure.name)
