"""Offer ``--self-test`` of ``momoracle check``: no port, but departures and pairs of them planted as ports."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from momoracle.commands.terminal import colour, console, progress, write_json
from momoracle.ports.self_test import (
    Planted,
    PlantedOutcome,
    RightPort,
    explained_share,
    is_sound,
    plantable,
    self_test,
)
from momoracle.reference import ALGORITHMS

SelfTest = Annotated[
    bool,
    typer.Option(
        "--self-test",
        help="Check no port but the checker: plant every departure and a sample of pairs (of ALGORITHM, or of all).",
    ),
]
EveryPair = Annotated[bool, typer.Option("--all", help="With --self-test: plant every pair, which takes long.")]
SIZES = {1: "singles", 2: "pairs"}
_EXPLAINED: tuple[PlantedOutcome, ...] = ("exact", "equivalent", "unexplained")


def self_test_and_show(algorithm: str | None, json_file: Path | None, every_pair: bool = False) -> bool:
    """Run the self-test of one algorithm or of all, show what came of it, and return whether the checker is sound."""
    algorithms = [algorithm] if algorithm is not None else list(ALGORITHMS)
    with progress(sum(len(plantable(name, every_pair=every_pair)) for name in algorithms)) as watch:
        right, planted = self_test(algorithms, progress=watch.advance, every_pair=every_pair)
    console.print(_table(algorithms, right, planted))
    for port in planted:
        if port.outcome in ("missed", "unexplained"):
            console.print(Text(f"{port.outcome}: {port.algorithm} with {' + '.join(port.departures)}", style="yellow"))
    holds = is_sound(right, planted)
    console.print(f"{colour('holds' if holds else 'fails', holds)}: {_summary(right, planted)}", soft_wrap=True)
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
            mine = [port for port in planted if port.algorithm == name and len(port.departures) == size]
            counts = Counter(port.outcome for port in mine)
            numbers = [len(mine), len(mine) - counts["missed"], *(counts[kind] for kind in _EXPLAINED)]
            first = size == 1
            right_ones = f"{accused} of {ports}" if first else ""
            table.add_row(name if first else "", words, *map(str, numbers), right_ones)
    return table


def _summary(right: list[RightPort], planted: list[Planted]) -> str:
    parts = []
    for size, words in SIZES.items():
        mine = [port for port in planted if len(port.departures) == size]
        noticed = sum(port.outcome != "missed" for port in mine)
        parts.append(f"of {len(mine)} {words} {noticed} noticed, {explained_share(mine):.1%} explained")
    accused = sum(bool(port.accused) for port in right)
    return f"{'; '.join(parts)}; of {len(right)} right ports {accused} accused"


def _content(right: list[RightPort], planted: list[Planted]) -> dict[str, Any]:
    return {
        "verdict": "holds" if is_sound(right, planted) else "fails",
        "right_ports": [
            {"algorithm": port.algorithm, "rounding": port.rounding, "accused": list(port.accused)} for port in right
        ],
        "planted": [
            {
                "algorithm": port.algorithm,
                "departures": list(port.departures),
                "outcome": port.outcome,
                "explanation": list(port.explanation),
            }
            for port in planted
        ],
    }
