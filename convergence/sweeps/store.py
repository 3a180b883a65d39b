"""Where a sweep's rows are kept: a Parquet data set, one file a task, each there whole or not at all."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from momoracle.convergence.sweeps.spec import Spec, Task
from momoracle.convergence.sweeps.task import Row

_SPEC = "_sweep.json"  # readers of data sets pass over names that begin with an underscore


class Store:
    """A folder with ``_sweep.json``, the spec, and ``task-NUMBER.parquet`` for every task that is done.

    A file is written under a hidden name, flushed to the disk and then renamed, which is atomic; so whatever is killed,
    a task's file holds all of its rows. Hidden files that a killed run left are removed when it is resumed.

    Raises:
        ModuleNotFoundError: pyarrow is not installed.
        FileExistsError: the folder holds a sweep already, and it is not to be resumed.
        ValueError: the folder to resume holds another sweep.
    """

    def __init__(self, folder: Path, spec: Spec, resume: bool) -> None:
        self.folder, self._schema = folder, schema()
        content = json.dumps(spec.to_json(), indent=2, sort_keys=True) + "\n"
        if (folder / _SPEC).exists():
            if not resume:
                raise FileExistsError(f"{folder.name} holds a sweep already; give --resume to go on, or another folder")
            if (folder / _SPEC).read_text(encoding="utf-8") != content:
                raise ValueError(f"{folder.name} holds another sweep than this spec; give another folder, or its spec")
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".*.tmp"):
            left.unlink()
        self._write(_SPEC, lambda path: path.write_text(content, encoding="utf-8"))

    def is_done(self, task: Task) -> bool:
        """Tell whether a task's rows are there."""
        return (self.folder / _name(task)).exists()

    def add(self, task: Task, rows: Iterable[Row]) -> None:
        """Write a task's rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist(list(rows), schema=self._schema)
        self._write(_name(task), lambda path: pq.write_table(table, path))

    def _write(self, name: str, write: Any) -> None:
        hidden = self.folder / f".{name}.tmp"
        write(hidden)
        with hidden.open("rb+") as stream:
            os.fsync(stream.fileno())
        hidden.replace(self.folder / name)


def read_rows(folder: Path) -> Any:
    """Return all rows of a sweep as a pyarrow table, in the order of tasks and seeds."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(folder.glob("task-*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files]) if files else schema().empty_table()


def count_verdicts(folder: Path) -> Counter[str]:
    """Count the verdicts of all rows of a sweep, ``error`` for a run that failed; one file at a time is in memory."""
    import pyarrow.parquet as pq

    counts: Counter[str] = Counter()
    for file in sorted(folder.glob("task-*.parquet")):
        counts.update(verdict or "error" for verdict in pq.read_table(file, columns=["verdict"])["verdict"].to_pylist())
    return counts


def schema() -> Any:
    """Return the columns of a row."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ModuleNotFoundError("sweeps are kept as Parquet by pyarrow: pip install 'momoracle[sweeps]'") from None
    text, number, listed = pa.string(), pa.float64(), pa.list_(pa.float64())
    return pa.schema(
        [
            ("task", pa.int64()),
            ("problem", text),
            ("problem_options", text),
            ("method", text),
            ("method_options", text),
            ("steps", pa.int64()),
            ("dtype", text),
            ("compiled", pa.bool_()),
            ("seed", pa.int64()),
            ("error", text),
            ("verdict", text),
            ("retired", pa.int64()),
            ("capped", pa.bool_()),
            ("least", number),
            ("average_gap", number),
            ("last_gap", number),
            ("certified", pa.list_(text)),
            ("violated", pa.list_(text)),
            ("checkpoints", pa.list_(pa.int64())),
            ("loss_average", listed),
            ("mean_loss", listed),
        ]
    )


def _name(task: Task) -> str:
    return f"task-{task.number:08d}.parquet"
