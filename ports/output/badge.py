"""A badge for a port's README: ``conforms · momo · v1``, as SVG."""

from xml.sax.saxutils import escape

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from momoracle.ports.running.report import Report, Verdict
from momoracle.reference.frame.registry import name_of
from momoracle.reference.golden import files

#: white text on each has a contrast of at least 4.5
COLOURS: dict[Verdict, str] = {
    "conforms": "#1a7f37",
    "deviates": "#b35900",
    "crashes": "#c9252d",
    "undecided": "#6e7781",
}

_FONT = FontProperties(family="DejaVu Sans", size=11)  # it comes with matplotlib, and is as wide as Verdana
_PADDING = 7


def badge(report: Report) -> str:
    """Return the badge: the verdict, the algorithm, and the version of the golden vectors that it was reached with."""
    left, right = "momoracle", f"{report.verdict} · {name_of(report.algorithm)} · {files.FOLDER.name}"
    widths = [width(text) for text in (left, right)]
    split = round(widths[0] + 2 * _PADDING)
    whole = split + round(widths[1] + 2 * _PADDING)
    title = escape(f"{left}: {right}")
    texts = "".join(
        f'<text x="{middle:g}" y="14" textLength="{long:.1f}">{escape(text)}</text>'
        for middle, long, text in ((split / 2, widths[0], left), ((split + whole) / 2, widths[1], right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20" '
        'role="img" aria-labelledby="title">\n'
        f'<title id="title">{title}</title>\n'
        f'<clipPath id="round"><rect width="{whole}" height="20" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{split}" height="20" fill="#444"/>'
        f'<rect x="{split}" width="{whole - split}" height="20" fill="{COLOURS[report.verdict]}"/></g>\n'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle">'
        f"{texts}</g>\n</svg>\n"
    )


def width(text: str) -> float:
    """Return how wide a text is in the badge's font, in pixels."""
    wide, _, _ = TextToPath().get_text_width_height_descent(text, _FONT, ismath=False)
    return float(wide)
