"""Write the page of the GPU benchmark from its results."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from momoracle.common.markdown_table import table
from momoracle.gpu.bench.aims import compare_with_aims
from momoracle.gpu.bench.run import SCHEMA

Results = dict[str, Any]
NAME = "gpu_step"
TITLE = "# Fused steps on a CUDA device"
COMMAND = """\
On a machine with a device, this runs the tests that need one, measures, and writes this page, in at most ten minutes:

```sh
python benchmarks/gpu_step.py
```
"""
NOTHING = """\
Nothing on this page has been measured yet: no CUDA device was at hand when it was written, and a number that was not
measured is left out.
"""
METHOD = """\
A fused step is captured in a CUDA graph (which fails where it waits for the host), warmed up, and timed with device
events; shown is the median of 30, on arrays that rotate over twice the L2 cache, or over eight copies where they are
small. The ceiling is a device copy that moves as many bytes, measured in the same run. Peers are called as their users
call them: PyTorch's between device events; optax's under `jax.jit` with donated arrays, by the host's clock over ten
calls and the wait for them, because no event of ours times JAX's stream. A call of PyTorch's finds the device idle, so
that what it does on the host before and between its kernels is part of its time; of a fused step, which is replayed, it
is not. Kernels and waits of the host are counted by PyTorch's profiler, which does not see the waits of JAX.
"""
CEILING = """\
Where times are compared, the last number is how many times as fast a step would be that moves its bytes at the copy's
speed.
"""
MOVED = """\
## What a step moves

Bytes a float32 parameter, as stated in each kernel's first lines (`gpu/*.cu`); less where a tensor stays in the L2
cache between the two passes.

| step | first pass | second pass | together |
| --- | ---: | ---: | ---: |
| MoMo | 16 | 12 | 28 |
| MoMo by the recursion M11 | 12 | 12 | 24 |
| MoMo-Adam | 24 | 16 | 40 |
| MoMo-Adam by the recursion M11 | 20 | 16 | 36 |
| TAM | 8 | 20 | 28 |
| TAM with weight decay | 12 | 20 | 32 |
| AdaTAM, AdaTAMW | 8 | 28 | 36 |

By the machine code for sm_80 and sm_90 (`pytest tests/gpu/test_compiling.py`, which needs NVRTC and nvdisasm, and no
device): a thread has 32 bytes of each float32 array that a pass reads on their way before it waits for one, nothing is
spilled between, and a multiprocessor has registers for so many threads that at least 48 KiB are on their way to it at
once.
"""
TESTS = "the tests that need a device: golden vectors, 100 equal repeats, capture, PyTorch's tensors, bad input"
ALWAYS = (
    "other chunks than of 4096 entries or more, other blocks than of 256 threads, other shares than of 32 bytes, a "
    "second pass that goes forwards;",
    "whether the table that `bind` and `step` upload makes the host wait in a call that does not say so.",
)


def load(path: Path) -> Results:
    """Read the results from a file.

    Raises:
        ValueError: the file holds no results of this benchmark.
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is no JSON ({error}); give a file that `momoracle bench --gpu` wrote") from None
    schema = results.get("schema") if isinstance(results, dict) else type(results).__name__
    if schema != SCHEMA:
        raise ValueError(
            f"{path.name} has schema {schema!r}; allowed: {SCHEMA!r}, as `momoracle bench --gpu` writes it"
        )
    return dict(results)


def page(results: Results | None, picture: str | None = None) -> str:
    """Return the page as Markdown.

    Args:
        results: what was measured; None if nothing was.
        picture: the name of the plot's file, if there is one.
    """
    parts = [TITLE, COMMAND.strip()]
    if results is None:
        parts += [NOTHING.strip(), METHOD.strip(), MOVED.strip()]
    else:
        parts += [_where(results), METHOD.strip(), _aims(results)]
        parts += [f"![Part of the copy's speed against the number of parameters]({picture})"] if picture else []
        parts += [MOVED.strip(), *_workloads(results["rows"])]
    return "\n\n".join([*parts, "## What remains unmeasured", "\n".join(_unmeasured(results))]) + "\n"


def _where(results: Results) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in results["where"].items())
    versions = ", ".join(f"{name} {value}" for name, value in results["versions"].items())
    lines = [f"Measured on: {machine}.", f"With: {versions}."]
    tests = results.get("tests")
    if tests:
        skipped = "".join(f" Skipped: {reason}." for reason in tests["skipped"])
        lines.append(f"The tests that need a device: {tests['passed']} passed, {tests['failed']} failed.{skipped}")
    return "\n".join(lines)


def _aims(results: Results) -> str:
    rows = [
        (aim.what, aim.aim, aim.worst, aim.ceiling, "holds" if aim.holds else "falls short")
        for aim in compare_with_aims(results["rows"])
        if aim.holds is not None
    ]
    head = ("aim", "wanted", "worst measured", "at the copy's speed", "")
    return f"## Aims\n\n{CEILING}\n{table(head, rows, '--::-')}"


def _workloads(rows: list[dict[str, Any]]) -> Iterator[str]:
    head = ("step", "µs", "bytes a parameter", "of the copy's speed", "launches", "host waits", "timed by")
    for workload in dict.fromkeys(row["workload"] for row in rows):
        cells = [
            (
                row["name"],
                f"{row['seconds'] * 1e6:.1f}",
                _number(row["each"]),
                "" if row["fraction"] is None else f"{row['fraction']:.0%}",
                _number(row["launches"]),
                _number(row["synchronisations"]),
                row["timed_by"],
            )
            for row in rows
            if row["workload"] == workload
        ]
        yield f"## {workload}\n\n" + table(head, cells, "-:::::-")


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _unmeasured(results: Results | None) -> Iterator[str]:
    for aim in compare_with_aims([] if results is None else results["rows"]):
        if aim.holds is None:
            yield f"- {aim.what} (wanted: {aim.aim});"
    if results is None or not results.get("tests"):
        yield f"- {TESTS};"
    for item in [] if results is None else results["unmeasured"]:
        yield f"- {item['name']}, {item['workload']}: {item['reason']};"
    yield from (f"- {line}" for line in ALWAYS)
