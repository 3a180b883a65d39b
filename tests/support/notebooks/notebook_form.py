"""The form that every committed notebook has, apart from what its run gives."""

import json
import re
from collections.abc import Iterator

from support.notebooks.notebook_compare import Json, code_cells, outputs, source

MOST_BYTES = 300_000
ABLE = "you will be able to"
TITLES = {
    1: "From Polyak's step to a model",
    2: "The momentum model and Lemma 2.1",
    3: "Weight decay and preconditioning",
    4: "The O(1/√K) theorem",
    5: "Unknown lower bounds",
    6: "Rounding",
    7: "Torque-aware momentum",
    8: "Learning-rate transfer and warm-up",
    9: "Verify a port",
    10: "Tightness and open questions",
}
_PATH = re.compile(r"(?<![\w.~:/<])/(?:work|home|root|tmp|opt|usr|var|Users|private)/|[A-Z]:\\\\?Users")


def faults(name: str, text: str) -> list[str]:
    """Return what is wrong with the form of the notebook file ``NN_title.ipynb`` that holds this text."""
    return list(_faults(name, text, json.loads(text)))


def _faults(name: str, text: str, notebook: Json) -> Iterator[str]:
    number = int(name[:2])
    first = notebook["cells"][0]
    heading = source(first).splitlines()[0]
    if first["cell_type"] != "markdown" or not heading.startswith(f"# {number:02d} {TITLES.get(number)}"):
        yield f"the first cell begins with {heading!r}, not with '# {number:02d} {TITLES.get(number)}'"
    if ABLE not in source(first).lower():
        yield f"the first cell does not say what {ABLE} do"
    if len(text.encode()) > MOST_BYTES:
        yield f"it has {len(text.encode())} bytes, more than {MOST_BYTES}"
    if match := _PATH.search(text):
        yield f"it names a path of some machine: {text[match.start() : match.start() + 60]!r}"
    cells = list(code_cells(notebook))
    counts = [cell["execution_count"] for _, cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        yield f"the cells were executed in the order {counts}: run all of them, from a fresh kernel"
    if not any("image" in kind for _, cell in cells for output in outputs(cell) for kind in output):
        yield "it has no picture"
    for place, cell in cells:
        for output in outputs(cell):
            if "error" in output:
                yield f"cell {place}: ends in an error: {output['error']}"
            if "stream stderr" in output:
                yield f"cell {place}: warns or writes to stderr: {output['stream stderr'][:200]!r}"
