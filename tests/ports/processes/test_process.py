"""Limits and losses: what a busy machine does to a port decides nothing, and what the port does itself does."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from momoracle.ports import Report
from momoracle.ports.adapters.port_spec import parse_port
from momoracle.ports.processes.check_vectors import check_vectors, report_of
from momoracle.ports.processes.process import Limits, _Clock
from momoracle.ports.processes.session import PortSession
from momoracle.ports.running.report import EXIT_STATUS, VectorResult
from momoracle.reference.golden.vectors import VectorFile

PORTS = Path(__file__).parents[1] / "examples" / "limited_ports.py"


def run(name: str, vectors: VectorFile, limits: Limits) -> Report:
    with PortSession("sgd", parse_port(f"{PORTS}:{name}")) as session:
        session.limits = limits
        results: dict[str, VectorResult] = {}
        check_vectors(session, vectors, results)
        return report_of(session, vectors, results)


def compute_forever() -> None:
    while True:
        pass


@contextmanager
def busy_machine(processes: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    loops = [context.Process(target=compute_forever, daemon=True) for _ in range(processes)]
    for loop in loops:
        loop.start()
    time.sleep(1.0)
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.join()


@pytest.fixture
def one_vector(sgd_vectors: VectorFile) -> VectorFile:
    kept = tuple(vector for vector in sgd_vectors.vectors if vector.id in ("plain-float64", "trigger-float64"))
    return VectorFile("sgd", sgd_vectors.flags, kept)


def test_a_busy_machine_is_no_verdict(one_vector: VectorFile) -> None:
    with busy_machine(8):
        begin = time.monotonic()
        report = run("Computes", one_vector, Limits(0.15, 0.45, 600.0))  # a tenth of a second is not over it
        assert time.monotonic() - begin > 3 * 0.15  # but on the wall it was
    assert report.verdict == "conforms"


def test_the_processors_time_is_limited(one_vector: VectorFile) -> None:
    report = run("Computes", one_vector, Limits(0.05, 60.0, 60.0))
    assert report.verdict == "crashes"
    assert {note.message for result in report.results for note in result.incidents} == {
        "no answer within 0.05 s of processor time"
    }


def test_a_sleep_is_limited(one_vector: VectorFile) -> None:
    report = run("Sleeps", one_vector, Limits(60.0, 0.25, 60.0))
    assert report.verdict == "crashes"
    assert {note.message for result in report.results for note in result.incidents} == {"no answer within 0.25 s"}


def test_what_a_framework_loads_at_its_first_step_is_not_counted(one_vector: VectorFile) -> None:
    assert run("SlowAtFirst", one_vector, Limits(0.3, 1.0, 600.0)).verdict == "conforms"


def test_what_could_not_run_is_undecided(one_vector: VectorFile) -> None:
    report = run("Sleeps", one_vector, Limits(0.1, 0.2, 0.1))  # as if the machine had given it no time
    assert report.verdict == "undecided"
    assert EXIT_STATUS[report.verdict] == 3
    assert [result.status for result in report.results] == ["not_run"] * 2
    assert report.to_json()["not_run"] == ["plain-float64", "trigger-float64"]
    assert report.advice.startswith("2 vectors were not run (not run: the machine was too busy; in 0.1 s it could run")
    assert "--time-limit" in report.advice


@pytest.mark.parametrize("name", ["HangsOnce", "KilledOnce"])
def test_what_is_lost_once_is_run_again_alone(
    name: str, one_vector: VectorFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMORACLE_SEEN", str(tmp_path / "seen"))
    assert run(name, one_vector, Limits.of(0.3)).verdict == "conforms"
    assert (tmp_path / "seen").exists()


def test_a_clock_tells_idling_from_computing_and_from_waiting_for_a_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_counts(tmp_path, {"1": (2.0, 5.0), "2": (0.0, 0.0)})
    clock = _Clock(0)
    monkeypatch.setattr(clock, "_threads", tmp_path)
    now: list[float] = [clock._begin]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    now[0] += 1.0
    assert clock.idle() == pytest.approx(1.0)  # what it did before was before
    now[0] += 10.0
    write_counts(tmp_path, {"1": (2.0, 5.0), "2": (1.0, 8.0)})
    assert [clock.wall(), clock.computed(), clock.idle()] == pytest.approx([11.0, 1.0, 2.0])
    for path in tmp_path.glob("*/schedstat"):
        path.unlink()
    assert clock.idle() == pytest.approx(11.0)  # where the system does not say


def write_counts(folder: Path, counts: dict[str, tuple[float, float]]) -> None:
    for thread, (ran, waited) in counts.items():
        (folder / thread).mkdir(exist_ok=True)
        (folder / thread / "schedstat").write_text(f"{int(ran * 1e9)} {int(waited * 1e9)} 1\n")


def test_a_port_is_loaded_once_a_dtype(sgd_vectors: VectorFile, sgd_port: Callable[[str], str]) -> None:
    with PortSession("sgd", parse_port(sgd_port("Right"))) as session:
        check_vectors(session, sgd_vectors, {})
        pids = {dtype: session.child(dtype)._process.pid for dtype in ("float64", "float32")}
        assert session.ask("deterministic", 0).outcome == session.ask("deterministic", 1).outcome == "holds"
        assert {dtype: session.child(dtype)._process.pid for dtype in pids} == pids
        assert len(session._children) == 2
