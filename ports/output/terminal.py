"""A report on the terminal: the verdict first, then what it rests on."""

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from momoracle.common.plain_text import plain_text
from momoracle.ports.departures.registry import departure
from momoracle.ports.methods.registry import equation
from momoracle.ports.running.findings import Behaviour, BehaviourOutcome, Explanation
from momoracle.ports.running.report import (
    DECIDING_BEHAVIOURS,
    Deviation,
    Number,
    Report,
    Status,
    VectorResult,
    deviations,
)
from momoracle.ports.running.unknown_names import unknown_name_lines

SHOWN = 6  # deviations and incidents each; the JSON has all
COLOURS = {"conforms": "green", "deviates": "red", "crashes": "red", "undecided": "yellow"}


def render(report: Report) -> Group:
    """Return the whole report for Rich's ``print``; text that comes from ports is shown as it is."""
    return Group(*_parts(report))


def render_diagnosis(report: Report) -> Group:
    """Return what explains the verdict, which is known later than the rest."""
    return Group(*_explanation(report), *_locations(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    yield headline(report)
    if values := [f"{name}={value}" for name, value in report.settings.items()]:
        yield Text(plain_text(f"set: {', '.join(values)}"), style="dim")
    if called := [f"{name} is {argument}" for name, argument in report.names.items()]:
        yield Text(plain_text(f"named: {', '.join(called)}"), style="dim")
    for sentence in report.breaches:
        yield Text(plain_text(f"It breaks the protocol of ports: {sentence}."), style="red")
    if report.advice:
        yield Text(plain_text(f"Undecided: {report.advice}."), style="yellow")
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    yield Text(plain_text(versions), style="dim")
    yield from _explanation(report)
    yield from _locations(report)
    yield _flags(report)
    ordered = _core_first(report)
    off, buffers = deviations(ordered), deviations(ordered, buffers_only=True)
    if off:
        yield from _deviations(off, f"Deviations: {len(off)}, each vector's first")
    if buffers:
        yield from _deviations(buffers, f"Buffers alone are off, the parameters are not: {len(buffers)}")
    if report.not_offered:
        for feature, vectors in report.not_offered.items():
            reason = f"; {report.reason(feature)}" if report.reason(feature) else ""
            yield Text(plain_text(f"not offered: {feature} (vectors: {len(vectors)}){reason}"), style="yellow")
    for line in unknown_name_lines(report.unmatched):
        yield Text(plain_text(line), style="yellow")
    notes = [(result, note) for result in ordered for note in result.incidents]
    if notes:
        table = Table("vector", "step", "incident", "what happened", title=f"Incidents: {len(notes)}")
        for result, note in notes[:SHOWN]:
            table.add_row(escape(result.vector), str(note.step), note.kind.replace("_", " "), _escaped(note.message))
        yield table
    if report.behaviours:
        yield from _behaviours(report)
    hidden = max(len(off), len(buffers), len(notes)) - SHOWN
    if hidden > 0:
        yield Text(f"The first {SHOWN} of each are shown; --json FILE has all.", style="dim")


def headline(report: Report) -> Text:
    """Return the verdict with the counts that it rests on, in one line."""
    core = Counter(result.status for result in report.of("core"))
    counts = ", ".join(f"{core[status]} {words}" for status, words in _WORDS.items() if core[status])
    verdict = Text(report.verdict, style=f"bold {COLOURS[report.verdict]}")
    return Text.assemble(
        f"{plain_text(report.port)} ", verdict, f" as {report.algorithm}: of {core.total()} core vectors {counts}."
    )


def _explanation(report: Report) -> Iterator[Text]:
    explanation = report.explanation
    if explanation is None:
        return
    if explanation.departures:
        yield Text("\nIt computes instead", style="bold")
        yield from _meanings(report.algorithm, explanation.departures)
        yield Text(f"  {basis(explanation)}", style="dim")
        for other in explanation.others[:SHOWN]:
            yield Text(f"  These vectors cannot tell it from {' + '.join(other)}.", style="yellow")
        return
    yield Text(f"\nUnexplained: {unexplained(explanation)}", style="bold")
    yield from _meanings(report.algorithm, explanation.nearest)


def basis(explanation: Explanation) -> str:
    """Say what an explanation rests on."""
    fresh = f"; confirmed on {explanation.confirmed} fresh cases" if explanation.confirmed else ""
    return f"This reproduces all {explanation.vectors} core vectors that were run{fresh}."


def unexplained(explanation: Explanation) -> str:
    """Say what comes nearest to a port that nothing explains, and how near."""
    counts = f"{explanation.reproduced} of {explanation.vectors} core vectors"
    if explanation.reproduced == explanation.vectors:
        return (
            f"what gives {counts} gives only {explanation.confirmed} fresh cases, so it is not what the port computes"
        )
    nearest = "the nearest departures give" if explanation.nearest else "the method as it is comes nearest, with"
    return f"no set of known departures reproduces it; {nearest} {counts}"


def _meanings(algorithm: str, names: tuple[str, ...]) -> Iterator[Text]:
    for known in (departure(algorithm, name) for name in names):
        yield Text.assemble("  ", (known.id, "red"), f": {known.meaning} — {equation(algorithm, known.quantity)}")


def _locations(report: Report) -> Iterator[Text]:
    if report.locations:
        yield Text("\nWhere it parts from the method", style="bold")
    for location in report.locations:
        yield Text(f"  {location.finding}" + (f" — {location.equation}" if location.equation else ""))
        for line in location.evidence[:1]:
            yield Text(f"    {line}", style="dim")


def _behaviours(report: Report) -> Iterator[RenderableType]:
    held = Counter(row.outcome for row in report.behaviours)
    counts = ", ".join(f"{held[outcome]} {words}" for outcome, words in _HELD.items() if held[outcome])
    deciding = ", ".join(DECIDING_BEHAVIOURS)
    yield Text(f"Behaviours beside the update: {counts}; only {deciding} decides the verdict")
    alike: dict[tuple[BehaviourOutcome, str], list[Behaviour]] = {}
    for row in report.behaviours:
        if row.outcome in ("broken", "crashes", "not_run"):
            alike.setdefault((row.outcome, row.evidence), []).append(row)
    table = Table("behaviour", "outcome", "what was seen", box=box.SIMPLE_HEAD)
    for (outcome, evidence), rows in alike.items():
        policy = f"\nexpected: {rows[0].policy}" if outcome == "broken" and len(rows) == 1 else ""
        names = ", ".join(row.id for row in rows)
        table.add_row(escape(names), outcome.replace("_", " "), _escaped(evidence + policy), style="red")
    if alike:
        yield table


_HELD: dict[BehaviourOutcome, str] = {
    "holds": "hold",
    "broken": "broken",
    "crashes": "hung or crashed",
    "not_offered": "not offered",
    "not_run": "not run",
}


def _escaped(text: str) -> str:
    """Return a port's text for Rich's tables: neither markup nor a control sequence of a terminal."""
    return escape(plain_text(text))


_WORDS: dict[Status, str] = {
    "agrees": "agree",
    "deviates": "deviate",
    "crashes": "crash or hang",
    "not_offered": "are not offered",
    "not_run": "were not run",
}
_COLUMNS: dict[Status, str] = {
    "agrees": "agree",
    "deviates": "deviate",
    "crashes": "crash",
    "not_offered": "not offered",
    "not_run": "not run",
}


def by_flag(report: Report) -> dict[str, Counter[Status]]:
    """Return flag -> how many of its vectors have which status; a vector counts under each flag of its own class.

    One with huge entries in the Polyak branch says nothing about how a port of ordinary numbers takes that branch.
    """
    counts: dict[str, Counter[Status]] = {}
    for result in report.results:
        for flag in result.flags:
            if report.flags[flag].kind == result.kind:
                counts.setdefault(flag, Counter())[result.status] += 1
    return {flag: counts[flag] for flag in report.flags if flag in counts}


def number_text(value: Number) -> str:
    """Return a number with the digits that a reader compares, or the shape that stands in its place."""
    return value if isinstance(value, str) else f"{value:.10g}"


def place(deviation: Deviation) -> str:
    """Return where in the quantity the worst element is: the tensor, and the index in it."""
    inside = f"[{', '.join(map(str, deviation.index))}]" if deviation.index else ""
    return f"tensor {deviation.tensor}{inside}"


def _core_first(report: Report) -> list[VectorResult]:
    return [*report.of("core"), *report.of("robustness"), *report.of("precision")]


def _flags(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("feature", no_wrap=True)
    table.add_column("class")
    statuses = [status for status in _WORDS if status != "not_run" or any(r.status == status for r in report.results)]
    for status in statuses:
        table.add_column(_COLUMNS[status], justify="right")
    styles = {"core": None, "robustness": "dim", "precision": "dim"}
    for flag, counts in by_flag(report).items():
        kind = report.flags[flag].kind
        cells = [str(counts[status] or "") for status in statuses]
        table.add_row(escape(flag), kind, *cells, style=styles[kind])
    return table


def _deviations(deviations: list[Deviation], title: str) -> Iterator[RenderableType]:
    yield Text(title, style="bold")
    for deviation in deviations[:SHOWN]:
        yield Text(f"\n{deviation.vector}")
        yield from _lines(deviation)
        if deviation.then is not None:
            yield from _lines(deviation.then)


def _lines(off: Deviation) -> Iterator[Text]:
    yield Text(f"  step {off.step}, {off.quantity}, {place(off)}: {off.equation}")
    numbers = "" if isinstance(off.observed, str) else f" (error {off.error:.2g}, tolerance {off.tolerance:.2g})"
    yield Text(f"    observed {number_text(off.observed)}, expected {number_text(off.expected)}{numbers}", style="dim")
