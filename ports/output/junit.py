"""A report as JUnit XML: a suite for each class of vectors and one for behaviours, a test case for each of them."""

from collections.abc import Iterable, Iterator
from typing import get_args
from xml.etree import ElementTree

from momoracle.common.plain_text import plain_text
from momoracle.ports.output.terminal import number_text, place
from momoracle.ports.running.findings import Behaviour
from momoracle.ports.running.report import Deviation, Report, VectorResult
from momoracle.reference.golden.vectors import FlagClass

_CHILD = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit(report: Report) -> str:
    """Return the XML. Robustness, precision and behaviours may fail where the verdict, which is core's, conforms."""
    suites = [(kind, [_vector(result) for result in report.of(kind)]) for kind in get_args(FlagClass)]
    suites.append(("behaviours", [_behaviour(behaviour) for behaviour in report.behaviours]))
    root = ElementTree.Element("testsuites", name=plain_text(f"momoracle check {report.algorithm} {report.port}"))
    for name, cases in suites:
        if cases:
            root.append(_suite(f"{report.algorithm}.{name}", cases, report))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, cases: Iterable[ElementTree.Element], report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=name)
    about = ElementTree.SubElement(suite, "properties")
    for key, value in {"port": report.port, "verdict": report.verdict, **report.versions}.items():
        ElementTree.SubElement(about, "property", name=plain_text(key), value=plain_text(value))
    for case in cases:
        case.set("classname", name)
        suite.append(case)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for count, child in _CHILD.items():
        suite.set(count, str(len(suite.findall(f"testcase/{child}"))))
    return suite


def _vector(result: VectorResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=plain_text(result.vector))
    lines = [*_problems(result), f"flags: {', '.join(result.flags)}"]
    first = result.incidents[0].kind if result.incidents else "deviation"
    match result.status:
        case "crashes":
            _child(case, "error", first, lines)
        case "deviates":
            _child(case, "failure", "deviation" if result.deviation is not None else first, lines)
        case "not_offered":
            _child(case, "skipped", "not_offered", [f"the port does not offer {result.feature}"])
        case "not_run":
            _child(case, "skipped", "not_run", lines)
        case "agrees":
            if result.deviation is not None:  # of a buffer alone
                note = ["the parameters agree; a buffer that the port shows does not:", *_problems(result)]
                ElementTree.SubElement(case, "system-out").text = plain_text("\n".join(note))
    return case


def _behaviour(behaviour: Behaviour) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=plain_text(behaviour.id))
    lines = [behaviour.evidence, f"policy: {behaviour.policy}"]
    if behaviour.outcome != "holds":
        tags = {"broken": "failure", "crashes": "error"}
        _child(case, tags.get(behaviour.outcome, "skipped"), behaviour.outcome, lines)
    return case


def _child(case: ElementTree.Element, tag: str, kind: str, lines: list[str]) -> None:
    child = ElementTree.SubElement(case, tag, type=kind, message=plain_text(lines[0]))
    child.text = plain_text("\n".join(lines))


def _problems(result: VectorResult) -> Iterator[str]:
    """Yield what went wrong, a line each; incidents first where they end the vector."""
    notes = [f"step {note.step}, {note.kind.replace('_', ' ')}: {note.message}" for note in result.incidents]
    deviation = result.deviation
    parts = (deviation, deviation.then if deviation is not None else None)
    off = [_line(part) for part in parts if part is not None]
    yield from [*notes, *off] if result.status == "crashes" else [*off, *notes]
    if deviation is not None and deviation.explanation:
        yield f"explanation: {deviation.explanation}"


def _line(off: Deviation) -> str:
    numbers = "" if isinstance(off.observed, str) else f" (error {off.error:.2g}, tolerance {off.tolerance:.2g})"
    what = f"observed {number_text(off.observed)}, expected {number_text(off.expected)}{numbers}"
    return f"step {off.step}, {off.quantity}, {place(off)}: {what}; {off.equation}"
