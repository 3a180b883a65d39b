"""JUnit XML: its structure, its counts, and text that XML does not allow."""

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from momoracle.ports import Report, check
from momoracle.ports.output.junit import junit
from momoracle.ports.running.findings import Behaviour
from momoracle.reference.golden.vectors import VectorFile

Ports = Callable[[str], str]

# element -> attributes that it must have, that it may have, and its children; as Jenkins' schema for JUnit has it
STRUCTURE: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped"}, {"properties", "testcase"}),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname"}, set(), {"failure", "error", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}
BEHAVIOURS = (
    Behaviour("deterministic", "the same twice", "holds", "it is"),
    Behaviour("gradient-none", "left alone", "broken", "tensor 1 moved"),
    Behaviour("groups", "as one", "not_offered", "no groups"),
    Behaviour("fused", "as plain", "not_applicable", "no fused path"),
)


def tree(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(junit(report).encode())
    for element in root.iter():
        must, may, children = STRUCTURE[element.tag]
        assert must <= set(element.attrib) <= must | may
        assert {child.tag for child in element} <= children
    for suite in root:
        count = {child: len(suite.findall(f"testcase/{child}")) for child in ("failure", "error", "skipped")}
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert [suite.get(name) for name in ("failures", "errors", "skipped")] == [str(n) for n in count.values()]
        assert all(len([c for c in case if c.tag != "system-out"]) <= 1 for case in suite.findall("testcase"))
    for name in ("tests", "failures", "errors"):
        assert root.get(name) == str(sum(int(suite.get(name, "")) for suite in root))
    return root


def case(root: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = (one for one in root.iter("testcase") if one.get("name") == name)
    return found


def test_a_suite_a_class_and_a_case_a_vector(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    report = replace(check("sgd", sgd_port("Right"), sgd_vectors), behaviours=BEHAVIOURS)
    root = tree(report)
    names = {suite.get("name"): [one.get("name") for one in suite.findall("testcase")] for suite in root}
    assert names == {
        "sgd.core": [one.vector for one in report.of("core")],
        "sgd.robustness": ["huge-float64"],
        "sgd.precision": ["far-float64"],
        "sgd.behaviours": [one.id for one in BEHAVIOURS],
    }
    assert all(not list(one) for one in root.iter("testcase") if one.get("classname") != "sgd.behaviours")
    assert {p.get("name"): p.get("value") for p in root[0].iter("property")} == {
        "port": report.port,
        "verdict": "conforms",
        **report.versions,
    }
    outcomes = {one.get("name"): [(child.tag, child.get("message")) for child in one] for one in root[3]}
    del outcomes[None]  # the properties
    assert outcomes == {
        "deterministic": [],
        "gradient-none": [("failure", "tensor 1 moved")],
        "groups": [("skipped", "no groups")],
        "fused": [("skipped", "no fused path")],
    }


def test_no_behaviours_no_suite(sgd_port: Ports, sgdm_vectors: VectorFile) -> None:
    root = tree(check("sgdm", sgd_port("ScaledMomentum"), sgdm_vectors))
    assert [suite.get("name") for suite in root] == ["sgdm.core"]
    (output,) = case(root, "m-1")
    assert output.tag == "system-out"  # a buffer alone is off, which is no failure
    assert "momentum" in (output.text or "")


@pytest.mark.parametrize(
    ("name", "tag", "kind", "message"),
    [
        ("WrongSign", "failure", "deviation", "step 2, params, tensor"),
        ("Raises", "error", "exception", "step 2, exception: RuntimeError: no [bold]such[/bold] thing"),
        ("Nan", "failure", "deviation", "observed nan"),
        ("ChangesGradients", "failure", "mutated_gradients", "(tensor 1)"),
    ],
)
def test_what_went_wrong(
    name: str, tag: str, kind: str, message: str, sgd_port: Ports, sgd_vectors: VectorFile
) -> None:
    root = tree(check("sgd", sgd_port(name), sgd_vectors))
    (child,) = case(root, "trigger-float64")
    assert (child.tag, child.get("type")) == (tag, kind)
    assert message in child.get("message", "")
    assert child.get("message", "") in (child.text or "")
    assert "flags: trigger" in (child.text or "")
    assert (root.get("failures"), root.get("errors")) == (("1", "0") if tag == "failure" else ("0", "1"))


def test_what_is_not_offered_is_skipped(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    (child,) = case(tree(check("sgd", sgd_port("NoDecay"), sgd_vectors)), "decay-float64")
    assert (child.tag, child.get("message")) == ("skipped", "the port does not offer weight_decay")


def test_text_that_xml_forbids(sgd_port: Ports, sgd_vectors: VectorFile) -> None:
    nasty = "<script>&\"'\x00\x1b\ud800\uffff]]>é"
    report = check("sgd", sgd_port("Raises"), sgd_vectors)
    results = tuple(
        replace(one, incidents=tuple(replace(note, message=nasty) for note in one.incidents)) for one in report.results
    )
    root = tree(replace(report, port=nasty, versions={nasty: nasty}, results=results))
    kept = "<script>&\"'␀␛��]]>é"
    (child,) = case(root, "trigger-float64")
    assert child.get("message", "").endswith(kept)
    assert (root.get("name") or "").endswith(kept)
    assert {p.get("name"): p.get("value") for p in root[0].iter("property")}[kept] == kept
