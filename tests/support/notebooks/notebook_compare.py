"""What a notebook printed and drew when it was committed, beside what it prints and draws now."""

import re
from collections.abc import Iterator
from typing import Any

from support.notebooks.notebook_pictures import png_difference, svg_difference

TIMING = "timing"  # the tag of a cell that prints how long something took
_DURATION = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?(?=\s*(?:ns|µs|us|ms|s|min)\b)")
_WIDGETS_NAME = re.compile(r"\b[0-9a-f]{32}\b")

Json = dict[str, Any]


def differences(committed: Json, fresh: Json) -> list[str]:
    """Return a line for each output that differs; a notebook is the JSON of its file."""
    was, now = (list(code_cells(notebook)) for notebook in (committed, fresh))
    if [source(cell) for _, cell in was] != [source(cell) for _, cell in now]:
        return ["the cells are not the same"]
    found = []
    for (place, old), (_, new) in zip(was, now, strict=True):
        found += [f"cell {place}: {line}" for line in _cell_differences(old, new)]
    return found


def code_cells(notebook: Json) -> Iterator[tuple[int, Json]]:
    """Yield each cell of code with its place among all cells, from 1."""
    for place, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code":
            yield place, cell


def source(cell: Json) -> str:
    """Return a cell's source, which the format allows to be one text or a list of lines."""
    return text(cell["source"])


def text(value: str | list[str]) -> str:
    """Return a text of the format, which may be a list of lines, as one."""
    return value if isinstance(value, str) else "".join(value)


def tags(cell: Json) -> list[str]:
    """Return the tags of a cell."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def outputs(cell: Json) -> list[dict[str, Any]]:
    """Return a cell's outputs, each as what it shows by its kind; pieces of one stream are joined."""
    found: list[dict[str, Any]] = []
    for output in cell["outputs"]:
        kind = output["output_type"]
        if kind == "stream":
            stream = f"stream {output['name']}"
            if found and stream in found[-1]:
                found[-1][stream] += text(output["text"])
            else:
                found.append({stream: text(output["text"])})
        elif kind == "error":
            found.append({"error": f"{output['ename']}: {output['evalue']}"})
        else:
            found.append(dict(output["data"]))
    return found


def _cell_differences(committed: Json, fresh: Json) -> Iterator[str]:
    was, now = outputs(committed), outputs(fresh)
    if len(was) != len(now):
        yield f"there are {len(now)} outputs, committed {len(was)}"
        return
    timed = TIMING in tags(committed)
    for old, new in zip(was, now, strict=True):
        if set(old) != set(new):
            yield f"the output is {sorted(new)}, committed {sorted(old)}"
            continue
        for kind in old:
            if line := _difference(kind, old[kind], new[kind], timed):
                yield f"{kind}: {line}"


def _difference(kind: str, committed: Any, fresh: Any, timed: bool) -> str | None:
    if kind == "image/png":
        return png_difference(text(committed), text(fresh))
    if kind == "image/svg+xml":
        return svg_difference(text(committed), text(fresh))
    if isinstance(committed, dict) or isinstance(fresh, dict):
        return None if committed == fresh else f"it is {fresh!r}, committed {committed!r}"
    was, now = (_WIDGETS_NAME.sub("name", text(value)) for value in (committed, fresh))
    if timed:
        was, now = (_DURATION.sub("#", value) for value in (was, now))
    return None if was == now else _first_line(was, now)


def _first_line(committed: str, fresh: str) -> str:
    was, now = committed.splitlines(), fresh.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    shown = [lines[at][:200] if at < len(lines) else "no such line" for lines in (now, was)]
    return f"line {at + 1} is {shown[0]!r}, committed {shown[1]!r}"
