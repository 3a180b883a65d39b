"""The search: it finds single mistakes as cases of a few numbers, accuses no correct port, and keeps its time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from momoracle.ports import PortError
from momoracle.ports.processes.session import open_session
from momoracle.ports.running.findings import Counterexample, Exhausted
from momoracle.ports.search import search as searching
from momoracle.reference import AlgorithmError

TESTS = Path(__file__).parents[2]
ENOUGH = 60.0  # seconds that no search here needs


@pytest.fixture(scope="module")
def searched_port() -> Callable[[str], str]:
    file = Path(__file__).parents[1] / "examples" / "searched_ports.py"
    return lambda name: f"{file}:{name}"


def search(
    algorithm: str, port: str, seconds: float, *, time_limit: float = 10.0, **chosen: Any
) -> Counterexample | Exhausted:
    with open_session(algorithm, port, time_limit=time_limit) as session:
        return searching.search(session, seconds, **chosen)


def found(algorithm: str, port: str, seconds: float = ENOUGH) -> Counterexample:
    result = search(algorithm, port, seconds)
    assert isinstance(result, Counterexample)
    return result


def run_script(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    (folder / "counterexample.py").write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-W", "error", "counterexample.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("algorithm", "port", "settings", "params", "grads"),
    [
        ("momo", "OnePartIn1e8", "lr=1.0", "np.array([1.0])", "np.array([0.0])"),
        ("momo", "without_rho", "lr=1.0, bias_correction=True", "np.array([0.0])", "np.array([1.0])"),
        ("momo", "tensor_by_tensor", "lr=1.0", "np.array([0.0]), np.array([0.0])", "np.array([1.0]), np.array([1.0])"),
        ("adam", "eps_in_root", "lr=1.0", "np.array([0.0])", "np.array([1.0])"),
    ],
)
def test_a_mistake_is_shown_by_one_step_of_simple_numbers(
    algorithm: str,
    port: str,
    settings: str,
    params: str,
    grads: str,
    searched_port: Callable[[str], str],
    tmp_path: Path,
) -> None:
    result = found(algorithm, searched_port(port))
    lines = result.script.splitlines()
    assert len(lines) <= 15
    assert (result.quantity, result.step) == ("params", 1)
    assert f"settings = dict({settings})" in lines
    assert f"params = [{params}]" in lines
    (steps,) = (line for line in lines if line.startswith("steps = "))
    assert steps.endswith(f", [{grads}])]  # loss, gradients")
    ended = run_script(result.script, tmp_path)
    assert ended.returncode == 1
    assert "AssertionError: the port deviates" in ended.stderr
    assert ended.stdout.startswith(f"port {result.observed} reference ")
    assert ended.stdout.endswith(f" exact {result.expected} tolerance {result.tolerance}\n")


def test_a_float32_port_is_compared_with_the_exact_value(searched_port: Callable[[str], str], tmp_path: Path) -> None:
    result = found("momo", searched_port("Float32"))
    assert "'float32')" in result.script
    assert len(result.script.splitlines()) <= 15
    assert isinstance(result.expected, float)
    assert isinstance(result.observed, float)
    assert abs(result.observed - result.expected) == pytest.approx(1e-4 * abs(result.expected), rel=1e-2)
    assert "the port deviates" in run_script(result.script, tmp_path).stderr


def test_a_stale_learning_rate_needs_a_schedule(searched_port: Callable[[str], str], tmp_path: Path) -> None:
    result = found("sgd", searched_port("lr_read_once"))
    assert "lr=Schedule((" in result.script
    assert len(result.script.splitlines()) <= 15
    assert result.step == 2
    assert "the port deviates" in run_script(result.script, tmp_path).stderr


@pytest.mark.parametrize("form", ["fused", "difference_first"])
@pytest.mark.parametrize("algorithm", ["momo", "adam", "tam"])
def test_a_correct_port_is_not_accused(algorithm: str, form: str, searched_port: Callable[[str], str]) -> None:
    result = search(algorithm, searched_port(f"{algorithm}_{form}"), ENOUGH, examples=75)
    assert isinstance(result, Exhausted)
    assert result.examples + result.discarded == 75
    assert result.examples > 60


@pytest.mark.ports
@pytest.mark.parametrize(("algorithm", "port"), [("adamw", "torch=torch.optim:AdamW"), ("sgd", "optax=optax:sgd")])
def test_a_framework_is_not_accused(algorithm: str, port: str) -> None:
    result = search(algorithm, port, ENOUGH, examples=40)
    assert isinstance(result, Exhausted)
    assert result.examples > 30


@pytest.mark.parametrize(
    ("name", "quantity", "observed", "shown"),
    [
        ("Raises", "exception", "RuntimeError: below zero", "RuntimeError: below zero"),
        ("Dies", "crash", "exit status 3", ""),
        ("Widens", "dtype_change", np.dtype(np.longdouble).name, "AssertionError: another dtype"),
        ("Mutates", "mutated_gradients", "changed the gradients", "AssertionError: the port changed its gradients"),
        ("Flattens", "wrong_shape", "step returned shape", "AssertionError: wrong shapes"),
    ],
)
def test_a_broken_protocol_is_a_counterexample(
    name: str, quantity: str, observed: str, shown: str, searched_port: Callable[[str], str], tmp_path: Path
) -> None:
    result = found("sgd", searched_port(name))
    assert result.quantity == quantity
    assert observed in str(result.observed)
    assert "steps = [(-1.0, [np.array([0.0])])]" in result.script
    ended = run_script(result.script, tmp_path)
    assert ended.returncode == (3 if name == "Dies" else 1)
    assert shown in ended.stderr


def test_a_port_that_hangs_is_found_in_the_time(searched_port: Callable[[str], str]) -> None:
    result = found("sgd", searched_port("Hangs"), seconds=4.0)
    assert result.seconds < 6.0
    assert result.quantity == "hang"
    assert "(-" in result.script


def test_the_seconds_are_kept(searched_port: Callable[[str], str]) -> None:
    begin = time.monotonic()
    result = search("tam", searched_port("tam_fused"), 4.0)
    assert 2.5 < time.monotonic() - begin < 20.0
    assert isinstance(result, Exhausted)
    assert 2.5 < result.seconds < 5.0
    assert result.seconds <= time.monotonic() - begin


def test_a_start_is_not_counted() -> None:
    begin = time.monotonic()
    slow = Path(__file__).parents[1] / "examples" / "slow_port.py"
    result = search("sgd", f"{slow}:right", 1.5)
    assert time.monotonic() - begin > 4.0  # two seconds in each of two dtypes
    assert isinstance(result, Exhausted)
    assert result.examples > 0
    assert result.seconds < 3.0


def test_a_port_that_always_hangs_is_found(searched_port: Callable[[str], str]) -> None:
    result = search("sgd", searched_port("HangsAlways"), ENOUGH, time_limit=1.0)
    assert isinstance(result, Counterexample)
    assert result.quantity == "hang"


def test_no_time_is_no_verdict(searched_port: Callable[[str], str]) -> None:
    result = search("tam", searched_port("tam_fused"), 1e-9)
    assert isinstance(result, Exhausted)
    assert result.examples == 0


def test_what_is_not_offered_or_refused_is_not_asked(searched_port: Callable[[str], str]) -> None:
    result = search("sgd", searched_port("Refuses"), ENOUGH, examples=80)
    assert isinstance(result, Exhausted)
    assert result.examples > 20  # rates of 1 and more
    assert result.discarded > 20  # those below


def test_the_same_search_finds_the_same(
    searched_port: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[int] = []
    once = search("momo", searched_port("without_rho"), ENOUGH, progress=seen.append)
    again = search("momo", searched_port("without_rho"), ENOUGH)
    assert isinstance(once, Counterexample)
    assert replace(once, seconds=0.0) == replace(again, seconds=0.0)
    assert seen == list(range(1, once.examples + 1))
    assert not list(tmp_path.iterdir())  # Hypothesis' cache is not left behind


@pytest.mark.parametrize("name", ["OnePartIn1e8", "without_rho"])
def test_it_is_json(name: str, searched_port: Callable[[str], str]) -> None:
    content = asdict(found("momo", searched_port(name)))
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_what_cannot_be_searched_is_an_error(searched_port: Callable[[str], str]) -> None:
    with pytest.raises(PortError, match="has no 'Absent'"):
        search("sgd", searched_port("Absent"), ENOUGH)
    with pytest.raises(AlgorithmError, match="no such algorithm"):
        search("sdg", searched_port("Raises"), ENOUGH)
    with pytest.raises(ValueError, match="seconds > 0"):
        search("sgd", searched_port("Raises"), 0.0)
