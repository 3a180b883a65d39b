"""Write the page of ``momoracle verify --html``: all claims in one file, with formulas as MathML and figures inside."""

import base64
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from momoracle.commands.terminal import pluralize
from momoracle.common.figure import Figure
from momoracle.paper_checks.evaluate import Result
from momoracle.paper_checks.figures.registry import figures
from momoracle.paper_checks.registry import OUT_OF_SCOPE, claims
from momoracle.paper_checks.verify import methods_not_run

NAME = "verify.html"
#: packages that the results may depend on
PACKAGES = ("momoracle", "numpy", "scipy", "sympy", "python-flint", "hypothesis", "cvxpy", "clarabel", "PEPit")


def write(results: Sequence[Result], effort: str, seconds: float, folder: Path) -> Path:
    """Write the page into a folder, which is made if it does not exist, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(page(results, effort, seconds), encoding="utf-8")
    return path


def page(results: Sequence[Result], effort: str, seconds: float) -> str:
    """Return the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"math": math, "image": image, "counted": pluralize}
    template = environment.from_string((files("momoracle.pages") / "claims_page.html.j2").read_text(encoding="utf-8"))
    by_claim: dict[str, list[Figure]] = {}
    for figure in figures():
        by_claim.setdefault(figure.claim, []).append(figure)
    return template.render(
        results=results,
        claims=claims(),
        figures=by_claim,
        effort=effort,
        seconds=seconds,
        holds=all(result.verdict != "fails" for result in results),
        not_run=methods_not_run(results),
        out_of_scope=OUT_OF_SCOPE,
        versions={"Python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
    )


def math(latex: str) -> Markup:
    """Return a formula as MathML, set on a line of its own."""
    return Markup(convert(latex, display="block"))  # the formulas are the claims' own


def image(figure: Figure) -> str:
    """Return a figure as the address of an image: the SVG itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(figure.render("svg")).decode("ascii")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
