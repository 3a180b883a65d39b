"""The badge: its words, its colours, and room for them."""

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from momoracle.ports import Report
from momoracle.ports.output.badge import COLOURS, badge, width
from momoracle.ports.running.messages import Incident
from momoracle.ports.running.report import VectorResult, Verdict
from momoracle.reference import ALGORITHMS

SVG = "{http://www.w3.org/2000/svg}"
NOTES: dict[Verdict, tuple[Incident, ...]] = {
    "conforms": (),
    "deviates": (Incident("nan", 1, ""),),
    "crashes": (Incident("hang", 1, ""),),
    "undecided": (Incident("not_run", 0, ""),),
}


def report(verdict: Verdict, algorithm: str = "momo") -> Report:
    made = Report(algorithm, "<script>:Port", {}, {}, (VectorResult("v", "core", (), incidents=NOTES[verdict]),))
    assert made.verdict == verdict
    return made


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("verdict", COLOURS)
def test_it_says_the_verdict_the_algorithm_and_the_version(verdict: Verdict) -> None:
    root = ElementTree.fromstring(badge(report(verdict)))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["momoracle", f"{verdict} · momo · v1"]
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == f"momoracle: {verdict} · momo · v1"
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", title.get("id"))
    assert COLOURS[verdict] in badge(report(verdict))
    assert 1.05 / (luminance(COLOURS[verdict]) + 0.05) >= 4.5  # white on it can be read


def test_every_verdict_has_a_colour_of_its_own() -> None:
    assert len(set(COLOURS.values())) == len(NOTES)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_text_lies_in_its_half(algorithm: str) -> None:
    root = ElementTree.fromstring(badge(report("conforms", algorithm)))
    whole = float(root.get("width", "0"))
    split = float(next(root.iter(f"{SVG}g")).findall(f"{SVG}rect")[0].get("width", "0"))
    for text, (start, end) in zip(root.iter(f"{SVG}text"), ((0, split), (split, whole)), strict=True):
        middle, long = float(text.get("x", "0")), float(text.get("textLength", "0"))
        assert start + 5 <= middle - long / 2
        assert middle + long / 2 <= end - 5
        assert long == pytest.approx(width(text.text or ""), abs=0.06)


def test_width_is_measured() -> None:
    assert width("mmmm") > 2 * width("iiii")
    assert width("ab") == pytest.approx(width("a") + width("b"), rel=0.05)


def test_nothing_of_the_port_is_in_it() -> None:
    assert "script" not in badge(report("conforms"))
    others = [replace(report("conforms"), versions={"a": "1"}), replace(report("conforms"), port="other")]
    assert {badge(one) for one in others} == {badge(report("conforms"))}


def test_no_address_but_the_namespace() -> None:
    addresses: Callable[[str], list[str]] = re.compile(r"https?://[^\"]*").findall
    assert addresses(badge(report("conforms"))) == ["http://www.w3.org/2000/svg"]
