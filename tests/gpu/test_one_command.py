"""``python benchmarks/gpu_step.py``: what it runs where little is installed, and all of it on a stand-in for CuPy."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support import checkout
from support.made_up_results import made_up

from momoracle.gpu.bench import device as bench_device
from momoracle.gpu.bench import run as bench_run
from momoracle.gpu.bench.shapes import Shapes

pytestmark = checkout.needed
SCRIPT = checkout.ROOT / "benchmarks" / "gpu_step.py"
#: what a machine with a device may lack
ABSENT = ("typer", "rich", "flint", "jsonschema", "latex2mathml", "sympy", "scipy", "jinja2", "mpmath", "momo", "optax")
COLLECT = f"""
import sys
sys.modules.update(dict.fromkeys({ABSENT}))
import pytest
raise SystemExit(pytest.main(sys.argv[1:]))
"""


def script() -> Any:
    spec = importlib.util.spec_from_file_location("gpu_step", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def collect(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", COLLECT, "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    result = subprocess.run(command, cwd=checkout.ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return {line for line in result.stdout.splitlines() if "::" in line}


def test_the_tests_need_no_more_than_they_say() -> None:
    names = collect("-m", "gpu", "tests/gpu")
    assert len(names) > 150
    assert {line.split("::")[0] for line in names} == {
        f"tests/gpu/test_{name}.py"
        for name in (
            "against_reference",
            "bound",
            "checked",
            "device",
            "device_generic",
            "examples",
            "layout",
            "step",
            "vectors",
        )
    }


def test_every_test_that_needs_a_device_is_among_them() -> None:
    marked = [path for path in checkout.tracked() if path.suffix == ".py" and "mark.gpu" in path.read_text("utf-8")]
    elsewhere = {str(path.relative_to(checkout.ROOT)) for path in marked if path.parent != script().TESTS}
    assert elsewhere == set()


def test_without_a_device_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    module = script()
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert module.main([]) == 2
    assert "missing: cupy, which is needed: pip install cupy-cuda13x numpy pytest hypothesis" in capsys.readouterr().out
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "jax" else object())
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert module.main([]) == 2
    out = capsys.readouterr().out
    assert "missing: jax; left out: optax's momo" in out
    assert "nothing was tested or measured" in out


@pytest.mark.usefixtures("cupy")
@pytest.mark.parametrize("cupy", ["stand-in"], indirect=True)
def test_it_measures_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of it but the tests, the sizes and the peers."""
    small: dict[str, Shapes] = {"1000 in ten tensors": [(100,)] * 10, "2^20 in one tensor": [(64,)]}
    monkeypatch.setattr(bench_device, "workloads", lambda: small)
    monkeypatch.setattr(bench_run, "PEERS", {})
    monkeypatch.setattr(bench_run, "find_missing", lambda device: {})
    module = script()
    monkeypatch.setattr(module, "run_tests", lambda seconds: {"passed": 9, "failed": 0, "skipped": []})
    assert module.main(["--folder", str(tmp_path)]) == 0
    text = (tmp_path / "gpu_step.md").read_text("utf-8")
    assert "9 passed, 0 failed." in text
    assert "| AdaTAMW |" in text.split("## 2^20 in one tensor")[1]
    assert "| ≤ 20.0 |" in text
    assert "written: gpu_step.svg" in capsys.readouterr().out


@pytest.mark.usefixtures("cupy")
@pytest.mark.parametrize("cupy", ["stand-in"], indirect=True)
@pytest.mark.parametrize(("failed", "reason", "status"), [(0, None, 0), (1, None, 1), (0, "not installed", 1)])
def test_a_failed_test_and_a_missing_peer_are_status_1(
    failed: int, reason: str | None, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [{"workload": "every workload", "name": "momo-opt Momo", "reason": reason}] if reason else []
    results = {**made_up(), "rows": [], "unmeasured": missing}
    monkeypatch.setattr(bench_device, "measure_device", lambda seconds, watch: results)
    module = script()
    monkeypatch.setattr(module, "run_tests", lambda seconds: {"passed": 9, "failed": failed, "skipped": []})
    assert module.main(["--folder", str(tmp_path)]) == status
    text = (tmp_path / "gpu_step.md").read_text("utf-8")
    assert f"9 passed, {failed} failed." in text
    assert ("momo-opt Momo, every workload: not installed" in text) == bool(reason)


REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"/>
<testcase name="c"><skipped message="needs a second device"/></testcase>
{}
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        ("", 0),
        ('<testcase name="d"><failure message="no"/></testcase>', 1),
        ('<testcase name="d"><error message="no"/></testcase>', 1),
    ],
)
def test_a_report_is_read(more: str, failed: int, tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(REPORT.format(more), encoding="utf-8")
    assert script().read_report(path) == {"passed": 2, "failed": failed, "skipped": ["needs a second device"]}


def test_no_report_and_no_test_are_failures(tmp_path: Path) -> None:
    assert script().read_report(tmp_path / "none.xml")["failed"] == 1
    path = tmp_path / "tests.xml"
    path.write_text('<testsuite><testcase name="a"><skipped message="no device"/></testcase></testsuite>', "utf-8")
    assert script().read_report(path) == {"passed": 0, "failed": 1, "skipped": ["no device"]}


SLOW = """
import time
from pathlib import Path
def test_quick(): pass
def test_slow():
    Path("started").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("here", [signal.default_int_handler, signal.SIG_IGN], ids=["foreground", "background"])
def test_tests_that_are_stopped_leave_a_report_of_the_others(tmp_path: Path, here: Any) -> None:
    (tmp_path / "test_slow.py").write_text(SLOW, encoding="utf-8")
    report = tmp_path / "tests.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", "test_slow.py"]
    before = signal.signal(signal.SIGINT, here)  # a shell starts what runs in its background with SIGINT ignored
    try:
        plain = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # imports no plugin that it does not need
        process = script().start_interruptible(command, cwd=tmp_path, stdout=subprocess.DEVNULL, env=plain)
    finally:
        signal.signal(signal.SIGINT, before)
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.05)
    outcome = script().stop(process, report, 5.0)
    assert outcome == {"passed": 1, "failed": 1, "skipped": ["the rest: stopped after 5 s"]}
