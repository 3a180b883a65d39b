"""Are two pictures the same? PNG by their pixels, SVG by what is drawn."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

# One Matplotlib draws the same picture everywhere, but for the rounding of another processor, which may shift the edge
# of a line by a fraction of a pixel; a point that moves by its own width changes more than this.
LEVELS = 24  # of 255, in any channel: less is the edge of a line
SHARE = 1e-4  # of the pixels may differ by more
SVG_DISTANCE = 0.05  # in the picture's own unit, 1/72 inch for Matplotlib

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]*)\)|^#(.*)$")


def png_difference(committed: str, fresh: str) -> str | None:
    """Tell in words how two PNG pictures, each in base 64, differ; None if they do not."""
    was, now = _pixels(committed), _pixels(fresh)
    if was.shape != now.shape:
        return f"the size is {now.shape[1]}x{now.shape[0]}, committed {was.shape[1]}x{was.shape[0]}"
    share = float(np.mean(np.max(np.abs(was - now), axis=2) > LEVELS))
    return f"{share:.2%} of the pixels differ" if share > SHARE else None


def svg_difference(committed: str, fresh: str) -> str | None:
    """Tell in words how two SVG pictures differ: other elements, texts, styles, or numbers too far apart."""
    was, now = _drawn(committed), _drawn(fresh)
    if len(was) != len(now):
        return f"{len(now)} elements are drawn, committed {len(was)}"
    for old, new in zip(was, now, strict=True):
        if _NUMBER.sub("0", old) != _NUMBER.sub("0", new):
            return f"drawn is {new[:200]!r}, committed {old[:200]!r}"
        pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
        if any(abs(float(a) - float(b)) > SVG_DISTANCE for a, b in pairs):
            return f"drawn is {new[:200]!r}, committed {old[:200]!r}"
    return None


def _pixels(picture: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        return np.asarray(image.convert("RGBA"), dtype=np.int16)


def _drawn(picture: str) -> list[str]:
    """Return one text for each element, names of elements numbered in their order: Matplotlib draws them by lot."""
    names: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return f"#{names.setdefault(name, f'name{len(names)}')}"

    elements = []
    for element in ElementTree.fromstring(picture).iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag in {"metadata", "RDF", "Work", "Agent"} or "purl.org" in str(element.tag):  # the date, the version
            continue
        attributes = []
        for key, value in sorted(element.attrib.items()):
            if key == "id":
                value = names.setdefault(value, f"name{len(names)}")
            attributes.append(f"{key.rpartition('}')[2]}={_REFERENCE.sub(numbered, value)}")
        elements.append(" ".join([tag, *attributes, (element.text or "").strip()]))
    return elements
