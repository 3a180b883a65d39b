"""``--self-test`` of ``momoracle check``: no port, but every departure and every pair of them planted as one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from momoracle.commands.terminal import coloured, console, progress, write_json
from momoracle.ports.self_test import Planted, RightPort, explained, plantable, self_test, sound
from momoracle.reference import ALGORITHMS

SelfTest = Annotated[
    bool,
    typer.Option(
        "--self-test",
        help="Check no port but the checker: plant every departure and every pair of them (of ALGORITHM, or of all).",
    ),
]
SIZES = {1: "singles", 2: "pairs"}


def self_tested(algorithm: str | None, json_file: Path | None) -> bool:
    """Run the self-test of one algorithm or of all, show what came of it, and return whether the checker is sound."""
    algorithms = [algorithm] if algorithm is not None else list(ALGORITHMS)
    with progress(sum(len(plantable(name)) for name in algorithms)) as watch:
        right, planted = self_test(algorithms, progress=watch.advance)
    console.print(_table(algorithms, right, planted))
    for one in planted:
        if one.outcome in ("missed", "unexplained"):
            console.print(Text(f"{one.outcome}: {one.algorithm} with {' + '.join(one.departures)}", style="yellow"))
    holds = sound(right, planted)
    console.print(f"{coloured('holds' if holds else 'fails', holds)}: {_said(right, planted)}", soft_wrap=True)
    write_json(json_file, _content(right, planted))
    return holds


def _table(algorithms: list[str], right: list[RightPort], planted: list[Planted]) -> Table:
    table = Table(
        "algorithm", "planted", "number", "noticed", "exact", "equivalent", "unexplained", "right ports accused"
    )
    for name in algorithms:
        accused = sum(bool(port.accused) for port in right if port.algorithm == name)
        ports = sum(port.algorithm == name for port in right)
        for size, words in SIZES.items():
            mine = [one for one in planted if one.algorithm == name and len(one.departures) == size]
            counts = {kind: str(sum(one.outcome == kind for one in mine)) for kind in ("exact", "equivalent")}
            lost = str(sum(one.outcome == "unexplained" for one in mine))
            noticed = str(sum(one.outcome != "missed" for one in mine))
            shown = f"{accused} of {ports}" if size == 1 else ""
            table.add_row(name if size == 1 else "", words, str(len(mine)), noticed, *counts.values(), lost, shown)
    return table


def _said(right: list[RightPort], planted: list[Planted]) -> str:
    parts = []
    for size, words in SIZES.items():
        mine = [one for one in planted if len(one.departures) == size]
        noticed = sum(one.outcome != "missed" for one in mine)
        parts.append(f"of {len(mine)} {words} {noticed} noticed, {explained(mine):.1%} explained")
    accused = sum(bool(port.accused) for port in right)
    return f"{'; '.join(parts)}; of {len(right)} right ports {accused} accused"


def _content(right: list[RightPort], planted: list[Planted]) -> dict[str, Any]:
    return {
        "verdict": "holds" if sound(right, planted) else "fails",
        "right_ports": [
            {"algorithm": port.algorithm, "rounding": port.rounding, "accused": list(port.accused)} for port in right
        ],
        "planted": [
            {
                "algorithm": one.algorithm,
                "departures": list(one.departures),
                "outcome": one.outcome,
                "explanation": list(one.explanation),
            }
            for one in planted
        ],
    }
