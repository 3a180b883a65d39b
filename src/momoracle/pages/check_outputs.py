"""``--html``, ``--junit`` and ``--badge`` of ``momoracle check``: the files beside the table on the terminal."""

import os
from pathlib import Path
from typing import Annotated

import typer

from momoracle.commands.terminal import console, require_folder
from momoracle.ports.running.report import Report
from momoracle.reference.golden.vectors import VectorFile


def writable_folder(path: Path | None) -> Path | None:
    """Refuse a folder that cannot be made or written into: before the work, not after it."""
    if path is None:
        return None
    nearest = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise typer.BadParameter(f"{nearest.name} is a file; give a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"nothing may be written in {nearest.name}; give another folder")
    return path


Html = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", callback=writable_folder, help="Write the report as a page that stands alone, DIR/index.html."
    ),
]
Junit = Annotated[
    Path | None,
    typer.Option(metavar="FILE", dir_okay=False, callback=require_folder, help="Write the report as JUnit XML."),
]
Badge = Annotated[
    Path | None,
    typer.Option(metavar="FILE", dir_okay=False, callback=require_folder, help="Write a badge for a README, as SVG."),
]


def write_outputs(
    report: Report, vectors: VectorFile, command: str, html: Path | None, junit: Path | None, badge: Path | None
) -> None:
    """Write the files that are asked for; ``command`` is the line that gives the report again."""
    # Imported where they are used: Jinja, the MathML converter and matplotlib's fonts take a while to load.
    if html is not None:
        from momoracle.ports.output import page

        path = page.write(report, vectors, command, html)
        console.print(f"page: {path}", highlight=False, markup=False, soft_wrap=True)
    if junit is not None:
        from momoracle.ports.output.junit import junit as xml

        junit.write_text(xml(report), encoding="utf-8")
    if badge is not None:
        from momoracle.ports.output.badge import badge as svg

        badge.write_text(svg(report), encoding="utf-8")
