"""Make a page of each notebook with the outputs that are stored in it; nothing is run."""

import base64
from pathlib import Path
from typing import Any

import nbformat

FOLDER = "lessons"
IMAGES = {"image/svg+xml": "svg", "image/png": "png"}


def pages(notebooks: Path) -> dict[str, str | bytes]:
    """Return each notebook's page and its pictures by their paths on the site; the folder may be absent."""
    made: dict[str, str | bytes] = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        made |= lesson(path)
    return made


def lesson(path: Path) -> dict[str, str | bytes]:
    """Return a notebook's page and its pictures."""
    notebook = nbformat.read(path, as_version=4)
    parts: list[str] = []
    pictures: dict[str, str | bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(f"````python\n{cell.source}\n````")
            for output in cell.outputs:
                name = f"{path.stem}-{len(pictures) + 1}"
                text, picture = _output(output, name)
                parts.append(text)
                pictures |= {f"{FOLDER}/{name}.{ending}": content for ending, content in picture.items()}
    return {f"{FOLDER}/{path.stem}.md": "\n\n".join(parts) + "\n", **pictures}


def _output(output: Any, name: str) -> tuple[str, dict[str, str | bytes]]:
    """Return an output as Markdown, and the picture that it refers to by its ending."""
    if output.output_type == "stream":
        return _verbatim(output.text), {}
    if output.output_type == "error":
        return _verbatim(f"{output.ename}: {output.evalue}"), {}
    data = output.data
    for kind, ending in IMAGES.items():
        if kind in data:
            content = data[kind] if ending == "svg" else base64.b64decode(data[kind])
            return f"![output]({name}.{ending})", {ending: content}
    if "text/html" in data and "<script" not in data["text/html"]:
        return f'<div class="output">\n{"".join(data["text/html"]).strip()}\n</div>', {}
    if "text/latex" in data:
        return "".join(data["text/latex"]), {}
    return _verbatim("".join(data.get("text/plain", ""))), {}


def _verbatim(text: str) -> str:
    return f"````text\n{text.rstrip()}\n````" if text.strip() else ""
