"""A report as one page of HTML that needs nothing else: formulas are MathML, curves are SVG, and there is no script."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from momoracle.common.plain_text import plain_text
from momoracle.ports.departures.registry import departure
from momoracle.ports.methods.registry import equation, facts_of
from momoracle.ports.output import plot
from momoracle.ports.output.curves import Curve, choose_curves
from momoracle.ports.output.mathml import quantity_of, typeset
from momoracle.ports.output.terminal import by_flag, number_text, place
from momoracle.ports.running.findings import Names
from momoracle.ports.running.report import Deviation, Report, Status, VectorResult, deviations
from momoracle.ports.running.unknown_names import unknown_name_lines
from momoracle.reference.golden import files as golden
from momoracle.reference.golden.vectors import Flag, VectorFile

NAME = "index.html"

_OUTCOMES = ("broken", "crashes", "holds", "not_offered", "not_applicable", "not_run")


@dataclass(frozen=True)
class Row:
    """A feature in the matrix: how many of its vectors have which status."""

    flag: Flag
    counts: dict[Status, int]


@dataclass(frozen=True)
class Meaning:
    """A departure in words, beside the equation of the paper that it breaks."""

    id: str
    meaning: str
    equation: str
    formula: Markup
    link: str


def write(report: Report, vectors: VectorFile, command: str, folder: Path) -> Path:
    """Write the page into a folder, which is made if it is not there, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(page(report, vectors, command), encoding="utf-8")
    return path


def page(report: Report, vectors: VectorFile, command: str) -> str:
    """Return the page of a report on these vectors; ``command`` is the line that gives the same report again.

    Every text on it is escaped, and has no character that HTML forbids: a port's name or error cannot change the page.
    """
    algorithm = report.algorithm
    results = [*report.of("core"), *report.of("robustness"), *report.of("precision")]
    explanation = report.explanation
    return _template().render(
        report=report,
        method=facts_of(algorithm).title,
        counts={kind: _counts(report.of(kind)) for kind in ("core", "robustness", "precision")},
        explained=meanings(algorithm, explanation.departures if explanation else ()),
        others=[meanings(algorithm, names) for names in (explanation.others if explanation else ())],
        nearest=meanings(algorithm, explanation.nearest if explanation else ()),
        rows=[Row(report.flags[name], dict(counts)) for name, counts in by_flag(report).items()],
        plots=[plot.plot(curve) for curve in choose_curves(report, vectors)],
        deviations=_with_class(results, deviations(results)),
        buffers=_with_class(results, deviations(results, buffers_only=True)),
        behaviours=sorted(report.behaviours, key=lambda behaviour: _OUTCOMES.index(behaviour.outcome)),
        outcomes={name: sum(b.outcome == name for b in report.behaviours) for name in _OUTCOMES},
        incidents=[(result, note) for result in results for note in result.incidents],
        unmatched=list(unknown_name_lines(report.unmatched)),
        command=command,
        own_version=version("momoracle"),
        format=golden.FOLDER.name,
    )


def meanings(algorithm: str, names: Names) -> list[Meaning]:
    """Return what departures mean. Raises `LookupError` where the algorithm has none of that id."""
    known = [departure(algorithm, name) for name in names]
    return [
        Meaning(
            entry.id, entry.meaning, equation(algorithm, entry.quantity), typeset(algorithm, entry.quantity), entry.link
        )
        for entry in known
    ]


def formula(algorithm: str, text: str) -> Markup | None:
    """Return the equation that reads like this, typeset; None where the method has none."""
    quantity = quantity_of(algorithm, text)
    return typeset(algorithm, quantity) if quantity is not None else None


def describe(curve: Curve) -> str:
    """Return in words what a curve shows."""
    outside, worst = curve.first_outside, curve.worst
    if outside is None:
        return f"within the tolerance; nearest to it at step {worst.step}, with {worst.used:.0%} of it"
    times = f"{float(f'{worst.used:.3g}'):,g}" if worst.used < 1e6 else f"{worst.used:.2g}"
    return f"outside the tolerance first at step {outside.step}; {times} times it at step {worst.step}"


@cache
def _template() -> Template:
    def escape_plainly(value: object) -> object:
        return value if isinstance(value, Markup) else plain_text(value)

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=escape_plainly
    )
    environment.filters |= {"number": number_text, "place": place, "formula": formula, "describe": describe}
    environment.globals["plot"] = plot
    return environment.from_string((files("momoracle.ports.output") / "page.html.j2").read_text(encoding="utf-8"))


def _counts(results: Iterable[VectorResult]) -> dict[Status, int]:
    counts: dict[Status, int] = {"agrees": 0, "deviates": 0, "crashes": 0, "not_offered": 0, "not_run": 0}
    for result in results:
        counts[result.status] += 1
    return counts


def _with_class(results: list[VectorResult], off: list[Deviation]) -> list[tuple[str, Deviation]]:
    kinds = {result.vector: result.kind for result in results}
    return [(kinds[deviation.vector], deviation) for deviation in off]
