"""``momoracle bench``: page and plot of results, and what it says without a device. All results here are made up."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from support import checkout
from support.made_up_results import made_up
from typer.testing import CliRunner

from momoracle.commands.bench import table
from momoracle.commands.command_line import app
from momoracle.gpu.bench.aims import SMALL, compare_with_aims
from momoracle.gpu.bench.figure import curves, figure
from momoracle.gpu.bench.files import write_files
from momoracle.gpu.bench.measure import FUSED
from momoracle.gpu.bench.page import MOVED, NAME, load, page
from momoracle.gpu.bench.peers import PEERS
from momoracle.gpu.bench.shapes import workloads


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["bench", *arguments], env={"COLUMNS": "300"})


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def only(results: dict[str, Any], *workload: str) -> dict[str, Any]:
    return {**results, "rows": [row for row in results["rows"] if row["workload"] in workload]}


def test_the_page_shows_what_was_measured_and_nothing_else() -> None:
    text = page(only(made_up(), "GPT-2 small", "ResNet-50"), "plot.svg")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        "Aims",
        "What a step moves",
        "ResNet-50",
        "GPT-2 small",
        "What remains unmeasured",
    ]
    assert "device made up, driver 0" in text
    assert "3 passed, 0 failed. Skipped: needs a second device." in text
    assert "![Part of the copy's speed against the number of parameters](plot.svg)" in text
    rows = [line for line in section(text, "GPT-2 small").splitlines() if line.startswith("| MoMo |")]
    assert rows == ["| MoMo | 3871.5 | 28 | 90% | 2 | 0 | graph |"]  # 124,439,808 · 28 bytes / 0.9
    (rival,) = [line for line in section(text, "GPT-2 small").splitlines() if line.startswith("| optax momo")]
    assert rival == "| optax momo, jit | 34843.1 |  |  | 7 |  | host |"
    left = section(text, "What remains unmeasured")
    assert "- speed of a device copy reached, 2^26 parameters and more (wanted: ≥ 85%);" in left
    assert "- µs of a captured step of 1000 parameters" in left
    assert "- pytorch-optimizer TAM, every workload: not installed;" in left
    assert "GPT-2 small (wanted" not in left
    assert "the tests that need a device" not in left


def test_a_page_of_nothing_has_no_number_that_a_device_gives() -> None:
    text = page(None)
    assert "Nothing on this page has been measured yet" in text
    assert "Aims" not in text
    assert "| 100%" not in text
    assert "µs |" not in text
    left = section(text, "What remains unmeasured")
    assert all(f"- {one.what} (wanted: {one.aim});" in left for one in compare_with_aims([]))
    assert "- the tests that need a device" in left


@checkout.needed
def test_the_page_in_the_repository_is_that_of_its_results() -> None:
    folder = checkout.ROOT / "benchmarks"
    path = folder / f"{NAME}.json"
    results = load(path) if path.exists() else None
    picture = f"{NAME}.svg" if (folder / f"{NAME}.svg").exists() else None
    assert (folder / f"{NAME}.md").read_text("utf-8") == page(results, picture)
    assert results is None or results["where"]["device"] != made_up()["where"]["device"]


@pytest.mark.parametrize(
    ("results", "short"),
    [
        (made_up(), set()),
        (made_up(fraction=0.8), {"speed of a device copy reached, 2^26 parameters and more"}),
        (
            made_up(fraction=0.05),
            {
                "speed of a device copy reached, 2^26 parameters and more",
                "speed of a device copy reached, GPT-2 small",
                "MoMo: times as fast as momo-opt Momo, models' tensors",
                "MoMo: times as fast as momo-opt Momo, 2^26 and more in one",
                "MoMo: times as fast as optax momo, jit, models' tensors",
                "MoMo: times as fast as optax momo, jit, 2^26 and more in one",
                "MoMo: times as fast as torch Adam, fused, per byte moved",
            },
        ),
        (made_up(waits=1), {"host synchronisations in a step"}),
    ],
)
def test_an_aim_that_is_missed_is_called_so(results: dict[str, Any], short: set[str]) -> None:
    assert {one.what for one in compare_with_aims(results["rows"]) if one.holds is False} == short
    assert page(results).count("falls short") == len(short)


def test_a_slow_small_step_and_the_worst_workload_decide() -> None:
    results = made_up()
    for row in results["rows"]:
        if row["workload"] == SMALL and row["name"] == "AdaTAMW":
            row["seconds"] = 21e-6
        if row["workload"] == "2^27 in one tensor" and row["name"] == "TAM":
            row["fraction"] = 0.84
    found = {one.what: (one.worst, one.holds) for one in compare_with_aims(results["rows"])}
    assert found["µs of a captured step of 1000 parameters"] == ("21.0", False)
    assert found["speed of a device copy reached, 2^26 parameters and more"] == ("84%", False)


def test_a_ratio_is_told_with_its_ceiling() -> None:
    results = made_up()  # every step at 0.9 of a copy's speed, every peer ten times as long as a copy of MoMo's bytes
    rivals = {"2^26 in one tensor": 2.0, "GPT-2 small": 8.0}
    for row in results["rows"]:
        if row["name"] == "momo-opt Momo":
            row["seconds"] *= rivals.get(row["workload"], 10.0) / 10
    found = {one.what: (one.worst, one.ceiling, one.holds) for one in compare_with_aims(results["rows"])}
    assert found["MoMo: times as fast as momo-opt Momo, 2^26 and more in one"] == ("1.80", "2.00", False)
    assert found["MoMo: times as fast as momo-opt Momo, models' tensors"] == ("7.20", "8.00", True)
    assert found["host synchronisations in a step"] == ("0", "", True)
    assert "| ≥ 5.00 | 1.80 | 2.00 | falls short |" in page(results)


def test_every_aim_compares_steps_that_the_benchmark_has() -> None:
    from momoracle.gpu.bench.aims import ADAM, COMPARED, RIVALS

    assert {name for name, _, _ in RIVALS} <= set(FUSED)
    assert {rival for _, rival, _ in RIVALS} | {ADAM} <= set(PEERS)
    assert {SMALL, *(workload for kind in COMPARED.values() for workload in kind)} <= set(workloads())


def test_the_plot_has_a_curve_for_each_step_whose_bytes_are_known() -> None:
    results = made_up()
    found = curves(results["rows"])
    assert set(found) == {*FUSED, "torch Adam, fused"}
    assert [n for n, _ in found["MoMo"]] == [2**power for power in range(20, 29)]
    canvas = Canvas()
    figure(results["rows"], "made up").draw(canvas)
    (axes,) = canvas.axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert np.asarray(lines["TAM"].get_ydata()).tolist() == pytest.approx([0.9] * 9)
    assert axes.get_title() == "made up"
    styles = {(line.get_linestyle(), line.get_marker()) for name, line in lines.items() if name in found}
    assert len(styles) == len(found)
    assert curves(only(results, "GPT-2 small")["rows"]) == {}


def test_the_bytes_on_the_page_are_those_of_the_benchmark() -> None:
    lines = [line.strip("| ").split(" | ") for line in MOVED.splitlines() if line.startswith("| ")][2:]
    stated = {name: tuple(map(int, counts)) for name, *counts in lines}
    assert all(first + second == both for first, second, both in stated.values())
    adatam = stated.pop("AdaTAM, AdaTAMW")
    shown = {name.replace(" by the recursion M11", ", recursion"): both for name, (_, _, both) in stated.items()}
    shown |= {"AdaTAM": adatam[2], "AdaTAMW": adatam[2]}
    assert {name: shown[name] for name in FUSED} == {name: each for name, (_, _, each) in FUSED.items()}


def test_files_are_written_together(tmp_path: Path) -> None:
    names = [path.name for path in write_files(made_up(), tmp_path)]
    assert names == ["gpu_step.json", "gpu_step.svg", "gpu_step.png", "gpu_step.md"]
    assert load(tmp_path / "gpu_step.json") == made_up()
    assert (tmp_path / "gpu_step.md").read_text("utf-8") == page(made_up(), "gpu_step.svg")
    assert (tmp_path / "gpu_step.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "gpu_step.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_there_is_a_page_without_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "momoracle.gpu.bench.figure", None)
    assert [path.name for path in write_files(made_up(), tmp_path)] == ["gpu_step.json", "gpu_step.md"]
    assert "![" not in (tmp_path / "gpu_step.md").read_text("utf-8")


def test_results_are_shown_and_drawn_again(tmp_path: Path) -> None:
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps(made_up()), encoding="utf-8")
    (tmp_path / "new").mkdir()
    result = invoke("--from", str(file), "--page", str(tmp_path / "new"), "--json", str(tmp_path / "copy.json"))
    assert result.exit_code == 0, result.output
    assert "made up" in result.output
    assert "unmeasured: pytorch-optimizer TAM, every workload: not installed" in result.output
    assert len(list((tmp_path / "new").iterdir())) == 4
    assert load(tmp_path / "copy.json") == made_up()
    assert table(made_up()["rows"]).row_count == len(made_up()["rows"])


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is no JSON"), ('{"schema": "v0"}', "has schema 'v0'"), ("[]", "has schema 'list'")]
)
def test_other_files_are_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")
    result = invoke("--from", str(file))
    assert result.exit_code == 2
    assert message in result.output


def test_without_a_device_the_command_says_that_nothing_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    result = invoke("--gpu", "--json", str(tmp_path / "out.json"), "--page", str(tmp_path))
    assert result.exit_code == 1
    assert "needs CuPy" in result.output
    assert "nothing was measured" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--gpu", "--from", "gpu_step.json")])
def test_the_command_wants_to_know_what_to_show(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gpu_step.json").write_text("{}", encoding="utf-8")
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "--gpu" in result.output
