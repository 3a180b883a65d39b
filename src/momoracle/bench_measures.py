"""What the fused path is meant to reach, beside what a benchmark's results say of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
LARGE = ("2^26 in one tensor", "2^27 in one tensor", "2^28 in one tensor")
MODEL = "GPT-2 small"
SMALL = "1000 in ten tensors"
COMPARED = (*LARGE, "ResNet-50", MODEL)
RIVALS = (  # fused step, peer, how many times as fast it should be
    ("MoMo", "momo-opt Momo", 5.0),
    ("MoMo-Adam", "momo-opt MomoAdam", 5.0),
    ("TAM", "pytorch-optimizer TAM", 5.0),
    ("MoMo", "optax momo, jit", 1.0),
    ("MoMo-Adam", "optax momo_adam, jit", 1.0),
)
ADAM = "torch Adam, fused"


@dataclass(frozen=True)
class Measure:
    """One aim: ``value`` is the worst of what was measured, ``None`` where nothing was."""

    what: str
    aim: str
    value: float | None
    shown: str
    holds: bool | None


def measures(rows: Iterable[Row]) -> Iterator[Measure]:
    """Yield every aim with what was measured."""
    found = {(row["workload"], row["name"]): row for row in rows}
    fused = [row for row in found.values() if row["timed_by"] == "graph"]

    def fractions(names: tuple[str, ...]) -> list[float]:
        return [row["fraction"] for row in fused if row["workload"] in names]

    yield _least("speed of a device copy reached, 2^26 parameters and more", fractions(LARGE), 0.85, "{:.0%}")
    yield _least(f"speed of a device copy reached, {MODEL}", fractions((MODEL,)), 0.75, "{:.0%}")
    for name, rival, times in RIVALS:
        ratios = list(_ratios(found, name, rival, lambda row: row["seconds"]))
        yield _least(f"{name}: times as fast as {rival}", ratios, times, "{:.2f}")
    per_byte = list(_ratios(found, "MoMo", ADAM, lambda row: row["seconds"] / row["moved"]))
    yield _least(f"MoMo: times as fast as {ADAM}, per byte moved", per_byte, 1.0, "{:.2f}")
    small = [row["seconds"] * 1e6 for row in fused if row["workload"] == SMALL]
    yield _most("µs of a captured step of 1000 parameters", small, 20.0, "{:.1f}")
    waits = [row["synchronisations"] for row in fused if row["synchronisations"] is not None]
    yield _most("host synchronisations in a step", waits, 0.0, "{:.0f}")


def _ratios(found: dict[tuple[str, str], Row], name: str, rival: str, cost: Callable[[Row], float]) -> Iterator[float]:
    for workload in COMPARED:
        mine, other = found.get((workload, name)), found.get((workload, rival))
        if mine is not None and other is not None:
            yield cost(other) / cost(mine)


def _least(what: str, values: list[float], aim: float, form: str) -> Measure:
    worst = min(values, default=None)
    return _measure(what, f"≥ {form.format(aim)}", worst, form, worst is not None and worst >= aim)


def _most(what: str, values: list[float], aim: float, form: str) -> Measure:
    worst = max(values, default=None)
    return _measure(what, f"≤ {form.format(aim)}", worst, form, worst is not None and worst <= aim)


def _measure(what: str, aim: str, worst: float | None, form: str, holds: bool) -> Measure:
    shown = "" if worst is None else form.format(worst)
    return Measure(what, aim, worst, shown, None if worst is None else holds)
