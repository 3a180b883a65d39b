"""Write the pages of the mathematics: one for each claim of the registry, and their table."""

from html import escape
from importlib import import_module
from pathlib import Path

from momoracle.paper_checks.claim import Claim
from momoracle.paper_checks.figures.registry import figures
from momoracle.paper_checks.registry import OUT_OF_SCOPE, claims

CHECKS = Path(__file__).resolve().parents[1] / "paper_checks"
ROOMS = ("momo", "momo_rates", "tam", "steps")
FOLDER = "mathematics"


def pages() -> dict[str, str | bytes]:
    """Return each claim's page, and its figures, by their places on the site."""
    by_place: dict[str, str | bytes] = {place(claim): page(claim) for claim in claims().values()}
    return by_place | {f"{FOLDER}/{figure.name}.svg": figure.render("svg") for figure in figures()}


def place(claim: Claim) -> str:
    """Return the path of a claim's page on the site."""
    return f"{FOLDER}/{claim.id.lower()}.md"


def table() -> str:
    """Return the table of all claims, and the list of statements that are not checked."""
    rows = [
        f"| [{claim.id}]({place(claim).removeprefix(FOLDER + '/')}) | {plain(claim.title)} | {claim.kind} |"
        for claim in claims().values()
    ]
    left_out = [f"- {plain(statement)}" for statement in OUT_OF_SCOPE]
    return "\n".join(
        ["| claim | | kind |", "| --- | --- | --- |", *rows, "", "## Out of scope", "",
         "What the papers state about accuracy on data sets is not checked here:", "", *left_out, ""]
    )  # fmt: skip


def page(claim: Claim) -> str:
    """Return the text of a claim's page."""
    file = files()[claim.id]
    lines = [
        f"# {claim.id}. {plain(claim.title)}",
        f"*{claim.kind[0].upper() + claim.kind[1:]}; status: {claim.status}; source: {plain(claim.source)}.*",
        display(claim.statement),
        plain(claim.remark),
    ]
    for figure in figures():
        if figure.claim == claim.id:
            lines.append(f"![{plain(figure.caption)}]({figure.name}.svg)")
            lines.append(f"{plain(figure.caption)}\n{{: .caption }}")
    if claim.derivation:
        lines.append("## Derivation")
        lines += [f"{display(step.formula)}\n\n{plain(step.reason)}\n{{: .reason }}" for step in claim.derivation]
    lines += [
        "## How it is checked",
        "\n".join(f"- *{method.way}*: {plain(method.what)}" for method in claim.methods),
        "Each of these must be refuted, or the check counts for nothing:",
        "\n".join(f"- {plain(refutation.variant)}" for refutation in claim.refutations),
        f"`momoracle verify --claim {claim.id}` runs it.",
        "## Its file",
        f'````python title="paper_checks/{file.parent.name}/{file.name}"\n{file.read_text("utf-8")}````',
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def files() -> dict[str, Path]:
    """Return the file that holds each claim."""
    paths = [path for room in ROOMS for path in sorted((CHECKS / room).glob("*.py")) if path.stem != "__init__"]
    modules = [(import_module(f"momoracle.paper_checks.{path.parent.name}.{path.stem}"), path) for path in paths]
    return {module.CLAIM.id: path for module, path in modules if hasattr(module, "CLAIM")}


def display(formula: str) -> str:
    """Return a formula on lines of its own."""
    return f"$$\n{formula}\n$$"


def plain(text: str) -> str:
    """Escape text so that Markdown shows it as it is."""
    return "".join(f"&#{ord(sign)};" if sign in "\\`*_[]|$#~^{}" else sign for sign in escape(text, quote=False))
