"""The suite for a port's own repository, run there by a pytest of its own: passing, failing, known and stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from momoracle.ports import PortError
from momoracle.ports.behaviours.table import CHECKS
from momoracle.ports.known_failures import KnownFailure, KnownFailuresError, read
from momoracle.ports.pytest_plugin import conformance_suite
from momoracle.reference import AlgorithmError
from momoracle.reference.golden.files import load

EXAMPLE = Path(__file__).parent / "examples" / "port_repository"
LINK = "https://example.org/issues/1"
Outcomes = dict[str, tuple[str, str]]  # id -> outcome and message


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "repository", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "repository"


def run_pytest(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "pytest",
        "conformance.py",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    return subprocess.run(
        [*command, "-W", "error", "--junitxml=junit.xml", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def outcomes(repository: Path, *arguments: str) -> Outcomes:
    run_pytest(repository, *arguments)
    found = {}
    for case in ElementTree.parse(repository / "junit.xml").iter("testcase"):
        name = case.attrib["name"].partition("[")[2].removesuffix("]")
        result = next((part for part in case if part.tag in ("failure", "error", "skipped")), None)
        kind = "passed" if result is None else result.attrib.get("type", result.tag)
        text = "" if result is None else f"{result.attrib.get('message')}\n{result.text}"
        found[name] = kind.removeprefix("pytest."), text
    return found


def only(found: Outcomes, kind: str) -> dict[str, str]:
    return {name: text for name, (outcome, text) in found.items() if outcome == kind}


def rewrite(repository: Path, call: str, *lines: str) -> None:
    text = ["from momoracle.ports.pytest_plugin import conformance_suite", *lines, f"test_port = {call}", ""]
    (repository / "conformance.py").write_text("\n".join(text), encoding="utf-8")


def test_the_example_passes_but_for_what_it_knows(repository: Path) -> None:
    found = outcomes(repository)
    assert list(found) == [*(vector.id for vector in load("sgd").vectors), *(check.id for check in CHECKS)]
    assert only(found, "failure") == only(found, "error") == {}
    expected = only(found, "xfail")
    assert set(expected) == {"sgd-float64-huge", "sgd-float32-huge"}
    assert "gradients are clipped at 1e25 (https://example.org/" in expected["sgd-float64-huge"]
    assert {"sgd-float64-basic", "sgd-float32-decay", "deterministic"} <= set(only(found, "passed"))
    assert "not applicable: the method does not use the loss" in only(found, "skip")["nan-loss"]


def test_entries_that_no_longer_hold_are_errors(repository: Path) -> None:
    with (repository / "known_failures.txt").open("a") as file:
        file.write(f"sgd-float64-basic | it was wrong | {LINK}\nsgd-float64-gone | no such vector | {LINK}\n")
        file.write(f"nan-loss | never applies | {LINK}\n")
    found = outcomes(repository, "-k", "basic or gone or nan-loss or huge")
    failures = only(found, "failure")
    assert "known_failures.txt:5: sgd-float64-basic passes now; remove the line" in failures.pop("sgd-float64-basic")
    gone = "known_failures.txt:6: sgd has no vector or behaviour 'sgd-float64-gone'; remove the line"
    assert gone in failures.pop("sgd-float64-gone")
    assert "known_failures.txt:7: nan-loss cannot fail: not applicable" in failures.pop("nan-loss")
    assert failures == {}
    assert set(only(found, "xfail")) == {"sgd-float64-huge", "sgd-float32-huge"}


def test_without_the_list_they_fail_and_say_why(repository: Path) -> None:
    rewrite(repository, 'conformance_suite("sgd", "my_package.sgd:Port")')
    failures = only(outcomes(repository, "-k", "huge or basic"), "failure")
    assert set(failures) == {"sgd-float64-huge", "sgd-float32-huge"}
    text = failures["sgd-float64-huge"]
    assert "my_package.sgd:Port deviates on sgd-float64-huge: gradients times 1e+200 (robustness: beside" in text
    assert "step 1, params, tensor 0[2]: gradient descent: x ← x − α (g + λ x)" in text
    for word in ("observed", "expected", "error", "tolerance"):
        assert f"    {word} " in text
    assert "pytest_plugin.py" not in run_pytest(repository, "-k", "huge").stdout.partition("short test summary")[0]


def test_a_malformed_list_stops_the_collection(repository: Path) -> None:
    (repository / "known_failures.txt").write_text(f"# fine\nno bars\na | b | {LINK}\n")
    ended = run_pytest(repository)
    assert ended.returncode == 2
    assert "known_failures.txt:2: 'no bars' is not of the form 'id | reason | link'" in ended.stdout


def test_a_port_that_ends_its_process_fails_there_alone(repository: Path) -> None:
    rewrite(repository, 'conformance_suite("sgd", "my_package.dies:Dies")')
    (repository / "my_package" / "dies.py").write_text(
        "import os\nfrom my_package.sgd import Port\n"
        "class Dies(Port):\n"
        "    def start(self, params, lr):\n"
        "        super().start(params, lr)\n"
        "    def step(self, grads, loss):\n"
        "        os._exit(3) if grads[0].shape == (3, 1) else None\n"
        "        return super().step(grads, loss)\n"
    )
    found = outcomes(repository, "-k", "sgd-float64 and (shape or basic or decay)")
    failures = only(found, "failure")
    assert set(failures) == {"sgd-float64-shape-3x1"}
    assert "fails on sgd-float64-shape-3x1" in failures["sgd-float64-shape-3x1"]
    assert "step 1: crash: the process ended with exit status 3" in failures["sgd-float64-shape-3x1"]
    assert "not offered: weight_decay" in only(found, "skip")["sgd-float64-decay"]
    assert "sgd-float64-shapes" in only(found, "passed")


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("my_package.sgd:Absent", "'my_package.sgd' has no 'Absent'"),
        ("my_package.broken:Port", "failed with ImportError: not today"),
    ],
)
def test_a_port_that_cannot_be_loaded_is_one_error_of_the_collection(repository: Path, port: str, says: str) -> None:
    rewrite(repository, f'conformance_suite("sgd", "{port}")')
    (repository / "my_package" / "broken.py").write_text("raise ImportError('not today')\n")
    ended = run_pytest(repository)
    assert ended.returncode == 2
    assert "1 error" in ended.stdout
    report = ended.stdout.partition("short test summary")[0]
    assert report.count(says) == 1
    assert "pytest_plugin.py" not in report
    assert "process.py" not in report


def test_a_factory_runs_in_this_process(repository: Path) -> None:
    lines = [
        "import os",
        "from my_package.sgd import Port",
        "here = os.getpid()",
        "class Local(Port):",
        "    def step(self, grads, loss):",
        "        assert os.getpid() == here",
        "        if grads[0].ndim == 0: raise RuntimeError('no scalars')",
        "        return super().step(grads, loss)",
    ]
    rewrite(repository, 'conformance_suite("sgd", Local)', *lines)
    found = outcomes(repository, "-k", "float64 or deterministic or gradients")
    failures = only(found, "failure")
    assert set(failures) == {"sgd-float64-huge", "sgd-float64-shape-scalar", "sgd-float64-shapes"}
    assert "Local fails on sgd-float64-shape-scalar" in failures["sgd-float64-shape-scalar"]
    assert "step 1: exception: RuntimeError: no scalars (conformance.py:8 in step)" in failures["sgd-float64-shapes"]
    assert {"deterministic", "gradients-left-alone"} <= set(only(found, "passed"))


@pytest.mark.ports
def test_a_class_of_torch_is_a_factory(repository: Path) -> None:
    rewrite(repository, 'conformance_suite("sgd", torch.optim.SGD)', "import torch")
    found = outcomes(repository, "-k", "float32 or equal-groups")
    assert only(found, "failure") == {}
    assert {"sgd-float32-decay", "two-equal-groups"} <= set(only(found, "passed"))


def test_a_wrong_call_is_an_error_at_once() -> None:
    with pytest.raises(AlgorithmError, match="no such algorithm"):
        conformance_suite("sdg", "a:B")
    with pytest.raises(PortError, match="a port has start and step"):
        conformance_suite("sgd", object)
    with pytest.raises(PortError, match=r"there is no file 'absent\.py'"):
        conformance_suite("sgd", "absent.py:Port")
    with pytest.raises(KnownFailuresError, match="there is no such file"):
        conformance_suite("sgd", "a:B", known_failures="absent.txt")


def test_known_failures_are_read(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text(
        f"# a comment\n\n  a-1|why so |  {LINK}\nb | ‖d‖² is absent | http://example.org\n", encoding="utf-8"
    )
    assert read(file) == {
        "a-1": KnownFailure("a-1", "why so", LINK, "known.txt:3"),
        "b": KnownFailure("b", "‖d‖² is absent", "http://example.org", "known.txt:4"),
    }


def test_all_wrong_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text(f"a | b\na || {LINK}\na | b | example.org\na | b | {LINK}\na | c | {LINK}\na | b | c | {LINK}\n")
    with pytest.raises(KnownFailuresError) as caught:
        read(file)
    first, second, third, fifth, sixth = str(caught.value).splitlines()
    assert first == "known.txt:1: 'a | b' is not of the form 'id | reason | link'"
    assert second.startswith("known.txt:2: ")
    assert third == "known.txt:3: 'example.org' is no link; it must begin with http:// or https://"
    assert fifth == "known.txt:5: 'a' is in known.txt:4 too; remove one of them"
    assert sixth.startswith("known.txt:6: ")
