"""The benchmark: its workloads, accounting and order, run on the host by a clock that counts."""

from typing import Any

import pytest
from support.device import host_machine

from momoracle.gpu.bench import run as bench_run
from momoracle.gpu.bench.counts import Counts, count_in_trace, tally
from momoracle.gpu.bench.measure import (
    CALLS,
    FUSED,
    MOST_COPIES,
    Bench,
    Row,
    make_rotation,
    median_host_seconds,
    median_seconds,
)
from momoracle.gpu.bench.peer import Peer
from momoracle.gpu.bench.peers import PEERS, find_missing, make_peer
from momoracle.gpu.bench.run import FIRST, run_benchmark
from momoracle.gpu.bench.shapes import Shapes, workloads

SMALL: Shapes = [(10,), (5, 3)]
SECONDS = 1e9


class Counting:
    """A clock whose n-th timing is n seconds; a graph is the step itself."""

    cache = 100
    device = "cpu"
    stream_pointer: int | None = None

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.captured = 0

    def seconds(self, step: Any) -> float:
        step()
        self.calls.append(step)
        return float(len(self.calls))

    def copy(self, nbytes: int) -> Any:
        return lambda: nbytes

    def graph(self, step: Any) -> Any:
        self.captured += 1
        return step


def three_and_one(step: Any) -> Counts:
    step()
    return Counts(3, 1)


def test_every_fused_step_is_measured_beside_its_copy(host: host_machine.Host) -> None:
    clock = Counting()
    bench = Bench("small", SMALL, host, clock, lambda step: None, rounds=3)
    rows = [bench.fused(name) for name in FUSED]
    copies = {row.moved: row.seconds for row in bench.copies()}
    assert len(copies) == len({each for _, _, each in FUSED.values()})
    for name, row in zip(FUSED, rows, strict=True):
        assert (row.name, row.each, row.timed_by) == (name, FUSED[name][2], "graph")
        assert row.moved == 25 * FUSED[name][2]
        assert row.ceiling == copies[row.moved]
        assert (row.launches, row.synchronisations) == (2, 0)
        assert row.fraction == row.ceiling / row.seconds
    assert clock.captured == len(FUSED)


def test_launches_and_waits_are_those_counted(host: host_machine.Host) -> None:
    row = Bench("small", SMALL, host, Counting(), three_and_one, rounds=1).fused("TAM")
    assert (row.launches, row.synchronisations) == (3, 1)


def test_a_trace_is_counted() -> None:
    runtime = ("cudaStreamSynchronize", "cudaMemcpy", "cudaLaunchKernel", "cudaMemcpyAsync", "cudaStreamWaitEvent")
    driver = ("cuCtxSynchronize", "cuMemcpyDtoH_v2", "cuMemcpyDtoHAsync_v2", "cuLaunchKernel")
    events: list[dict[str, Any]] = [{"cat": "kernel", "name": "first"}, {"cat": "kernel", "name": "second"}]
    events += [{"cat": "cuda_runtime", "name": name} for name in runtime]
    events += [{"cat": "cuda_driver", "name": name} for name in driver]
    events += [{"cat": "gpu_user_annotation", "name": "Optimizer.step"}, {"name": "no category"}]
    assert tally(events) == Counts(launches=2, synchronisations=4)


@pytest.mark.ports
def test_pytorch_s_trace_is_read() -> None:
    """On the host there is no kernel to count; what is shown is that a trace is made and understood."""
    called: list[int] = []
    assert count_in_trace(lambda: called.append(1)) == Counts(0, 0)
    assert called == [1]


def test_timings_are_medians_and_take_turns() -> None:
    clock = Counting()
    steps = [lambda: 0, lambda: 1]
    assert median_seconds(steps, clock, rounds=5) == 3.0
    assert clock.calls == [steps[0], steps[1], steps[0], steps[1], steps[0]]


def test_the_host_s_clock_counts_the_wait_in() -> None:
    time, called = [0.0], [0, 0]

    def pass_by(seconds: float, place: int) -> None:
        time[0] += seconds
        called[place] += 1

    peers = [Peer(lambda: pass_by(1.0, 0), lambda: pass_by(30.0, 1)), Peer(lambda: pass_by(2.0, 0), lambda: None)]
    assert median_host_seconds(peers, rounds=3, now=lambda: time[0]) == pytest.approx((CALLS * 1.5 + 30.0) / CALLS)
    assert called == [4 * CALLS, 4]  # three rounds and the warm-up
    peers[0].step_and_wait()
    assert called == [4 * CALLS + 1, 5]


@pytest.mark.parametrize(("moved", "count"), [(1, MOST_COPIES), (50, 4), (100, 2), (150, 2), (200, 1), (1000, 1)])
def test_small_steps_rotate_over_twice_the_cache_or_eight_copies(moved: int, count: int) -> None:
    assert len(make_rotation(lambda: lambda: None, moved, 100)) == count


@pytest.mark.ports
@pytest.mark.parametrize("name", PEERS)
def test_the_peers_take_their_steps(name: str, host: host_machine.Host) -> None:
    assert find_missing("cpu") == {}
    row = Bench("small", SMALL, host, Counting(), three_and_one, rounds=2).peer(name)
    assert row.seconds > 0
    known = name.startswith("torch")
    assert (row.each, row.moved) == ((28, 25 * 28) if known else (None, None))
    assert (row.fraction is not None) == known
    assert row.launches == 3
    assert (row.timed_by, row.synchronisations) == (("host", None) if name.startswith("optax") else ("events", 1))


@pytest.mark.ports
@pytest.mark.parametrize("name", [name for name in PEERS if name.startswith("optax")])
def test_optax_steps_in_place(name: str) -> None:
    one = make_peer(name, SMALL, "cpu")
    assert one.wait is not None
    before = one.wait()
    one.step()
    after = one.wait()
    assert [z.is_deleted() for z in before] == [True, True]
    assert [z.shape for z in after] == SMALL
    assert all((z < 0.5).all() for z in after)  # the gradient is 0.25 everywhere


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("momoracle.gpu.bench.peers.find_spec", lambda name: None)
    assert find_missing("cpu")["momo-opt Momo"] == "not installed: torch, momo"
    assert set(find_missing("cpu")) == set(PEERS)


@pytest.mark.ports
def test_a_package_that_does_not_reach_the_device_is_told() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("needs a PyTorch that reaches no device")
    assert find_missing("cuda")["torch Adam, fused"] == "torch finds no cuda device"


def small_run(host: host_machine.Host, monkeypatch: pytest.MonkeyPatch, **options: Any) -> dict[str, Any]:
    monkeypatch.setattr(bench_run, "find_missing", lambda device: dict.fromkeys(PEERS, "not wanted here"))
    shapes: dict[str, Shapes] = {"2^20 in one tensor": [(7,)], "GPT-2 small": SMALL, FIRST[0]: [(3,)]}
    given = {"where": {"device": "the host"}, "seconds": SECONDS, "rounds": 1, **options}
    return run_benchmark(shapes, host, Counting(), lambda step: None, **given)


def test_workloads_are_shown_in_order_and_measured_by_weight(
    host: host_machine.Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    results = small_run(host, monkeypatch, watch=done.append)
    assert done == [FIRST[0], "GPT-2 small", "2^20 in one tensor"]
    assert set(FIRST) <= set(workloads())
    assert list(dict.fromkeys(row["workload"] for row in results["rows"])) == [
        "2^20 in one tensor",
        "GPT-2 small",
        FIRST[0],
    ]
    assert {row["name"] for row in results["rows"] if row["timed_by"] == "graph"} == set(FUSED)
    assert {one["name"] for one in results["unmeasured"]} == set(PEERS)
    assert results["where"] == {"device": "the host"}
    assert results["versions"]["numpy"]


def test_nothing_is_begun_when_the_time_is_over(host: host_machine.Host, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 2.0] + [11.0] * 1000)
    results = small_run(host, monkeypatch, seconds=10.0, now=lambda: next(times))
    assert [row["name"] for row in results["rows"] if row["timed_by"] == "graph"] == list(FUSED)[:2]
    left_out = [one for one in results["unmeasured"] if one["name"] in FUSED]
    assert len(left_out) == 3 * len(FUSED) - 2
    assert {one["reason"] for one in left_out} == {"10 s were over"}


def test_a_failure_is_told_and_the_rest_is_measured(host: host_machine.Host, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Bench.fused

    def wrong(self: Bench, name: str) -> Row:
        if name == "TAM":
            raise MemoryError("no room\nfor this")
        return right(self, name)

    monkeypatch.setattr(Bench, "fused", wrong)
    results = small_run(host, monkeypatch)
    told = [one["reason"] for one in results["unmeasured"] if one["name"] == "TAM"]
    assert told == ["MemoryError: no room"] * 3
    assert {row["name"] for row in results["rows"] if row["timed_by"] == "graph"} == set(FUSED) - {"TAM"}
