"""The benchmark: its workloads and accounting, run on the host by a clock that counts; and what it says elsewhere."""

import json
import sys
from pathlib import Path
from typing import Any

import host_machine
import pytest
from typer.testing import CliRunner

from momoracle.bench_command import as_json, table
from momoracle.command_line import app
from momoracle.gpu.bench import FUSED, Row, fused_rows, peer_rows, rotating, timed
from momoracle.gpu.bench_peers import peers


class Counting:
    """A clock whose n-th timing is n seconds; a graph is the step itself."""

    cache = 1_000
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


def test_every_fused_step_is_measured_beside_its_copy(host: host_machine.Host) -> None:
    clock = Counting()
    rows = list(fused_rows("small", [(10,), (5, 3)], host, clock, rounds=3))
    assert [row.name for row in rows if row.ceiling is not None] == list(FUSED)
    copies = {row.moved: row.seconds for row in rows if row.ceiling is None}
    for row in rows:
        if row.ceiling is not None:
            assert row.moved == 25 * FUSED[row.name][2]
            assert row.ceiling == copies[row.moved]
            assert row.launches == 2
            assert row.fraction == row.ceiling / row.seconds
    assert clock.captured == sum(-(-2 * clock.cache // (25 * each)) for _, _, each in FUSED.values())


def test_timings_are_medians_and_take_turns() -> None:
    clock = Counting()
    steps = [lambda: 0, lambda: 1]
    assert timed(steps, clock, rounds=5) == 3.0
    assert clock.calls == [steps[0], steps[1], steps[0], steps[1], steps[0]]


@pytest.mark.parametrize(("moved", "count"), [(1, 200), (100, 2), (150, 2), (200, 1), (1000, 1)])
def test_small_steps_rotate_over_more_than_the_cache(moved: int, count: int) -> None:
    assert len(rotating(lambda: lambda: None, moved, 100)) == count


@pytest.mark.ports
def test_the_peers_take_their_steps() -> None:
    rows = list(peer_rows("small", [(300, 10), (7,)], Counting(), rounds=2))
    assert [row.name for row in rows] == list(peers())
    assert len(rows) == 4


def test_rows_are_shown_and_written() -> None:
    row = Row("w", "s", 2e-6, 1000, 1e-6, 2)
    assert as_json(row) == {
        "workload": "w",
        "name": "s",
        "seconds": 2e-6,
        "moved": 1000,
        "ceiling": 1e-6,
        "launches": 2,
        "fraction": 0.5,
    }
    assert json.dumps(as_json(Row("w", "peer", 1.0)))
    assert table([row, Row("w", "peer", 1.0)]).row_count == 2


def test_without_a_device_the_command_says_that_nothing_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    target = tmp_path / "out.json"
    result = CliRunner().invoke(app, ["bench", "--gpu", "--json", str(target)], env={"COLUMNS": "300"})
    assert result.exit_code == 1
    assert "needs CuPy" in result.output
    assert "nothing was measured" in result.output
    assert not target.exists()


def test_the_command_wants_to_know_what_to_measure() -> None:
    result = CliRunner().invoke(app, ["bench"], env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert "--gpu" in result.output
