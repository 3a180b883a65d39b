"""Run everything that needs a CUDA device in one command: `python benchmarks/gpu_step.py`.

It runs the tests marked `gpu`, measures, and writes `gpu_step.json`, `gpu_step.md` and the plot beside this file, or
into `--folder`, in at most ten minutes. Nothing has to be installed but CuPy, NumPy, pytest and Hypothesis: the package
is taken from this checkout, and what else is missing is named, with what that leaves out.

Exit status: 0 all passed and was measured, 1 something fell short, 2 there is no device.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
TESTS = ROOT / "tests" / "gpu"
TEST_SECONDS = 240.0
GRACE = 15.0  # seconds to write a report in
BENCH_SECONDS = 300.0  # until the last measurement begins
NEEDED = ("cupy", "numpy", "pytest", "hypothesis")
OPTIONAL = {
    "torch": "its tensors as input, its fused Adam, momo-opt and pytorch-optimizer; counts of launches and host waits",
    "momo": "momo-opt's Momo and MomoAdam as peers",
    "pytorch_optimizer": "pytorch-optimizer's TAM as a peer",
    "jax": "optax's momo, momo_adam and adam as peers",
    "optax": "optax's momo, momo_adam and adam as peers",
    "matplotlib": "the plot; `momoracle bench --from gpu_step.json --page FOLDER` draws it elsewhere",
    "ml_dtypes": "bfloat16 outside of PyTorch",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the tests, measure, and write the page."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where the results go")
    parser.add_argument("--test-seconds", type=float, default=TEST_SECONDS, help="the tests are stopped after so long")
    parser.add_argument(
        "--bench-seconds", type=float, default=BENCH_SECONDS, help="no measurement begins after so long"
    )
    options = parser.parse_args(arguments)
    lacking = [name for name in NEEDED if find_spec(name) is None]
    for name in lacking:
        print(f"missing: {name}, which is needed: pip install cupy-cuda13x numpy pytest hypothesis")
    if lacking:
        return 2
    for name, use in OPTIONAL.items():
        if find_spec(name) is None:
            print(f"missing: {name}; left out: {use}")
    sys.path.insert(0, str(SOURCE))
    from momoracle.gpu.bench.device import measure_device
    from momoracle.gpu.bench.files import write_files
    from momoracle.gpu.cuda_device import CudaDevice

    try:
        print(", ".join(f"{name} {value}" for name, value in CudaDevice().where().items()), flush=True)
    except (ImportError, RuntimeError) as error:
        print(f"{error}; nothing was tested or measured")
        return 2
    tests = run_tests(options.test_seconds)
    start = time.monotonic()
    results = measure_device(
        options.bench_seconds, lambda name: print(f"{time.monotonic() - start:6.1f} s  {name}", flush=True)
    )
    for path in write_files({**results, "tests": tests}, options.folder):
        print(f"written: {path.name}")
    for item in results["unmeasured"]:
        print(f"unmeasured: {item['name']}, {item['workload']}: {item['reason']}")
    complete = tests["failed"] == 0 and not results["unmeasured"]
    return 0 if complete else 1


def run_tests(seconds: float) -> dict[str, Any]:
    """Run exactly the tests marked `gpu`, and return how many passed and failed, and why others were skipped."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-m", "gpu", "-p", "no:cacheprovider", "-q", "--durations=10"]
        command += ["-W", "default"]  # what that machine's packages warn of must not hide what the device does
        if find_spec("xdist"):
            command += ["-n", "0"]  # one process: each would compile the kernels and take memory of its own
        command += [f"--junitxml={report}", str(TESTS)]
        path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH")]))
        process = start_interruptible(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": path})
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return stop(process, report, seconds)
        return read_report(report)


def start_interruptible(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program that SIGINT can interrupt, also if a shell started this one with SIGINT ignored."""
    # A child inherits an ignored signal, but not a handler: for the moment of the start, handle it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, **options)
    finally:
        signal.signal(signal.SIGINT, before)


def stop(process: subprocess.Popen[bytes], report: Path, seconds: float) -> dict[str, Any]:
    """Interrupt pytest, which then reports the tests that it has run."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    outcome = read_report(report)
    passed = max(0, outcome["passed"] - 1)  # the report has the interrupted test as one without a failure
    rest = f"the rest: stopped after {seconds:g} s"
    return {"passed": passed, "failed": max(1, outcome["failed"]), "skipped": [*outcome["skipped"], rest]}


def read_report(report: Path) -> dict[str, Any]:
    """Return what a report of pytest says; no report, or none that ran a test, is a failure."""
    if not report.exists():
        return {"passed": 0, "failed": 1, "skipped": ["pytest wrote no report"]}
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    reasons = [skipped.get("message", "") for case in cases if (skipped := case.find("skipped")) is not None]
    passed = len(cases) - failed - len(reasons)
    return {"passed": passed, "failed": failed if passed else max(1, failed), "skipped": sorted(set(reasons))}


if __name__ == "__main__":
    raise SystemExit(main())
