"""The page of published ports: every one of the catalogue checked, written as Markdown.

Run ``python -m momoracle.ports.published.page`` in the checkout with the ``ports`` extra installed; it writes
``ports/published/published.md``, the same bytes on every run with the same versions.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from momoracle.ports.departures.registry import departure
from momoracle.ports.examine import examine
from momoracle.ports.methods.registry import equation
from momoracle.ports.output.terminal import by_flag, number_text, place
from momoracle.ports.published.catalogue import PUBLISHED, Published
from momoracle.ports.running.report import Deviation, Report, VectorResult, deviations
from momoracle.reference.golden.vectors import VectorFile

PAGE = Path(__file__).parent / "published.md"
COMMAND = "python -m momoracle.ports.published.page"

INTRODUCTION = f"""\
# Published ports against the golden vectors

Written by `{COMMAND}`; do not edit. One port alone: `momoracle check ALGORITHM PORT`.

Only *core* vectors decide a verdict; *robustness* (extreme magnitudes) and *precision* (cancellation, narrow buffers)
stand beside it. A feature that a port has no argument for is *not offered*, which is no pass. A vector deviates where
the parameters leave its tolerance; the first quantity that is off, often a buffer a little earlier, is what is shown.
Numbers in a cell are agreeing / run vectors; a dash means that none of them could be run. What a port computes instead
was found by replaying departures from the method; a deviation that none of them gives is called *unexplained*.
"""


def page(reports: Iterable[tuple[Published, Report]]) -> str:
    """Return the page for these reports, in their order."""
    checked = list(reports)
    parts = [INTRODUCTION, "\n".join(_versions(checked))]
    for algorithm in dict.fromkeys(published.algorithm for published, _ in checked):
        mine = [(published, report) for published, report in checked if published.algorithm == algorithm]
        parts += [f"## {algorithm}", "\n".join(_summary(mine)), "\n".join(_features(mine))]
        parts += ["\n".join(_details(published, report)) for published, report in mine]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _versions(checked: list[tuple[Published, Report]]) -> Iterator[str]:
    versions = {name: version for _, report in checked for name, version in report.versions.items()}
    yield "Versions: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + "."


def _summary(checked: list[tuple[Published, Report]]) -> Iterator[str]:
    yield from _row("port", "verdict", "core", "robustness", "precision", "not offered", "first deviation")
    yield from _row(*["---"] * 7)
    for published, report in checked:
        core, robustness, precision = (report.of(kind) for kind in ("core", "robustness", "precision"))
        missing = ", ".join(f"`{feature}`" for feature in report.not_offered) or "nothing"
        first = next(iter(deviations(core)), None)
        where = f"step {first.step}, `{first.quantity}`, in `{first.vector}`" if first is not None else "none"
        counts = (_agreeing(results) for results in (core, robustness, precision))
        yield from _row(f"`{published.name}`", f"**{report.verdict}**", *counts, missing, where)


def _features(checked: list[tuple[Published, Report]]) -> Iterator[str]:
    flags = checked[0][1].flags
    yield from _row("feature", "class", *(f"`{published.name}`" for published, _ in checked))
    yield from _row("---", "---", *["---"] * len(checked))
    counted = [by_flag(report) for _, report in checked]
    for flag in by_flag(checked[0][1]):
        cells = []
        for counts in counted:
            run = counts[flag].total() - counts[flag]["not_offered"]
            cells.append(f"{counts[flag]['agrees']} / {run}" if run else "—")
        yield from _row(flag, flags[flag].kind, *cells)


def _details(published: Published, report: Report) -> Iterator[str]:
    core_first = [*report.of("core"), *report.of("robustness"), *report.of("precision")]
    off = _first_by_quantity(deviations(core_first))
    buffers = _first_by_quantity(deviations(core_first, buffers_only=True))
    broken = [row for row in report.behaviours if row.outcome == "broken"]
    if not off and not buffers and not broken and not any(result.incidents for result in core_first):
        return
    yield f"### `{published.name}` as {published.algorithm}"
    yield ""
    yield f"`momoracle check {published.algorithm} {published.port}`"
    yield ""
    yield from _instead(report)
    for deviation, others in off:
        more = f", and {others} more like it" if others else ""
        yield f"- `{deviation.vector}`{more}: {_sentence(deviation)} {_why(deviation)}"
        if deviation.then is not None:
            yield f"  The parameters follow: {_sentence(deviation.then)}"
    for deviation, others in buffers:
        more = f", and {others} more like it" if others else ""
        sentence = f"{_sentence(deviation)} The parameters stay within tolerance."
        yield f"- `{deviation.vector}`{more}: {sentence} {_why(deviation)}"
    yield from _incidents(core_first)
    for row in broken:
        yield f"- Behaviour `{row.id}`: {_plain(row.evidence)}. Expected: {row.policy}"


def _instead(report: Report) -> Iterator[str]:
    explanation = report.explanation
    if explanation is None:
        return
    names = explanation.departures or explanation.nearest
    algorithm, known = report.algorithm, [departure(report.algorithm, name) for name in names]
    meant = [f"  - `{entry.id}`: {entry.meaning} ({equation(algorithm, entry.quantity)})" for entry in known]
    if explanation.departures:
        fresh = f", and {explanation.confirmed} fresh cases" if explanation.confirmed else ""
        yield f"- It computes instead, which reproduces all {explanation.vectors} core vectors that were run{fresh}:"
        yield from meant
        for other in explanation.others:
            yield f"  - These vectors cannot tell it from {' + '.join(f'`{name}`' for name in other)}."
    else:
        counts = f"{explanation.reproduced} of {explanation.vectors} core vectors"
        yield f"- *Unexplained*; the nearest departures give {counts}:"
        yield from meant or ["  - none: the method as it is comes nearest"]


def _why(deviation: Deviation) -> str:
    return f"Explained by `{deviation.explanation}`." if deviation.explanation else "*Unexplained*."


def _first_by_quantity(off: list[Deviation]) -> list[tuple[Deviation, int]]:
    """Keep the first deviation of each quantity, with how many others there are; the JSON report has them all."""
    groups: dict[str, list[Deviation]] = {}
    for deviation in off:
        groups.setdefault(deviation.quantity, []).append(deviation)
    return [(group[0], len(group) - 1) for group in groups.values()]


def _sentence(off: Deviation) -> str:
    numbers = "" if isinstance(off.observed, str) else f" (error {off.error:.2g}, tolerance {off.tolerance:.2g})"
    text = f"step {off.step}, `{off.quantity}`, {place(off)}: observed {number_text(off.observed)}, "
    return f"{text}expected {number_text(off.expected)}{numbers}; {off.equation}."


def _incidents(results: list[VectorResult]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for note in result.incidents:
            groups.setdefault((note.kind, note.message), []).append(result.vector)
    for (kind, message), vectors in groups.items():
        more = f" and {len(vectors) - 1} more" if len(vectors) > 1 else ""
        yield f"- {kind.replace('_', ' ')} in `{vectors[0]}`{more}: {_plain(message)}."


def _agreeing(results: tuple[VectorResult, ...]) -> str:
    run = [result for result in results if result.status != "not_offered"]
    return f"{sum(result.status == 'agrees' for result in run)} / {len(run)}" if run else "—"


def _row(*cells: str) -> Iterator[str]:
    yield "| " + " | ".join(cells) + " |"


def _plain(message: str) -> str:
    return f"`{message.replace('`', chr(39))}`"


def main(load: Callable[[str], VectorFile]) -> None:
    """Check the whole catalogue against the vectors that ``load(algorithm)`` returns, and write the page."""
    reports = []
    for published in PUBLISHED:
        report = examine(published.algorithm, published.port, load(published.algorithm), time_limit=60.0)
        sys.stderr.write(f"{published.algorithm} {published.port}: {report.verdict}\n")
        reports.append((published, report))
    PAGE.write_text(page(reports), encoding="utf-8")


if __name__ == "__main__":
    from momoracle.reference.golden.files import load as load_vectors

    main(load_vectors)
