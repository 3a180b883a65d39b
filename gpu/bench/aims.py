"""Compare the results of the benchmark with the aims of the fused steps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

Row = dict[str, Any]
LARGE = ("2^26 in one tensor", "2^27 in one tensor", "2^28 in one tensor")
MODEL = "GPT-2 small"
SMALL = "1000 in ten tensors"
COMPARED = {"models' tensors": ("ResNet-50", MODEL), "2^26 and more in one": LARGE}
RIVALS = (  # fused step, peer, how many times as fast it should be
    ("MoMo", "momo-opt Momo", 5.0),
    ("MoMo-Adam", "momo-opt MomoAdam", 5.0),
    ("TAM", "pytorch-optimizer TAM", 5.0),
    ("MoMo", "optax momo, jit", 1.0),
    ("MoMo-Adam", "optax momo_adam, jit", 1.0),
)
ADAM = "torch Adam, fused"
TIMES = "{:.2f}"


@dataclass(frozen=True)
class AimResult:
    """An aim and the worst result that was measured for it.

    Attributes:
        what: the quantity.
        aim: its least or largest allowed value, as text.
        worst: the worst value that was measured, as text; empty if none was.
        holds: whether the worst value reaches the aim; None if nothing was measured.
        ceiling: the ratio of a step that moves its bytes at the speed of a device copy, as text.
    """

    what: str
    aim: str
    worst: str
    holds: bool | None
    ceiling: str = ""


def compare_with_aims(rows: Iterable[Row]) -> Iterator[AimResult]:
    """Yield every aim with the worst result for it."""
    by_name = {(row["workload"], row["name"]): row for row in rows}
    fused = [row for row in by_name.values() if row["timed_by"] == "graph"]

    def fractions(names: tuple[str, ...]) -> list[float]:
        return [row["fraction"] for row in fused if row["workload"] in names]

    yield _least("speed of a device copy reached, 2^26 parameters and more", fractions(LARGE), 0.85, "{:.0%}")
    yield _least(f"speed of a device copy reached, {MODEL}", fractions((MODEL,)), 0.75, "{:.0%}")
    for name, rival, times in RIVALS:
        for kind, workloads in COMPARED.items():
            pairs = list(_pairs(by_name, workloads, name, rival))
            yield _ratio(f"{name}: times as fast as {rival}, {kind}", pairs, times)
    everywhere = [workload for workloads in COMPARED.values() for workload in workloads]
    per_byte = [
        other["seconds"] / other["moved"] / (mine["seconds"] / mine["moved"])
        for mine, other in _pairs(by_name, everywhere, "MoMo", ADAM)
    ]
    yield _least(f"MoMo: times as fast as {ADAM}, per byte moved", per_byte, 1.0, TIMES)
    small = [row["seconds"] * 1e6 for row in fused if row["workload"] == SMALL]
    yield _most("µs of a captured step of 1000 parameters", small, 20.0, "{:.1f}")
    waits = [row["synchronisations"] for row in fused if row["synchronisations"] is not None]
    yield _most("host synchronisations in a step", waits, 0.0, "{:.0f}")


def _pairs(
    by_name: dict[tuple[str, str], Row], workloads: Iterable[str], name: str, rival: str
) -> Iterator[tuple[Row, Row]]:
    for workload in workloads:
        mine, other = by_name.get((workload, name)), by_name.get((workload, rival))
        if mine is not None and other is not None:
            yield mine, other


def _ratio(what: str, pairs: list[tuple[Row, Row]], aim: float) -> AimResult:
    """Return the aim for the ratio of two steps' times, with its ceiling."""
    measure = _least(what, [_times(pair) for pair in pairs], aim, TIMES)
    if not pairs:
        return measure
    mine, other = min(pairs, key=_times)
    return replace(measure, ceiling=TIMES.format(other["seconds"] / mine["ceiling"]))


def _times(pair: tuple[Row, Row]) -> float:
    mine, other = pair
    return float(other["seconds"] / mine["seconds"])


def _least(what: str, values: list[float], aim: float, form: str) -> AimResult:
    worst = min(values, default=None)
    return _measure(what, f"≥ {form.format(aim)}", worst, form, worst is not None and worst >= aim)


def _most(what: str, values: list[float], aim: float, form: str) -> AimResult:
    worst = max(values, default=None)
    return _measure(what, f"≤ {form.format(aim)}", worst, form, worst is not None and worst <= aim)


def _measure(what: str, aim: str, worst: float | None, form: str, holds: bool) -> AimResult:
    return AimResult(what, aim, "", None) if worst is None else AimResult(what, aim, form.format(worst), holds)
