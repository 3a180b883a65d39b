"""Rates as tables for the terminal."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from momoracle.convergence.certificates.certificate import Certificate
from momoracle.convergence.rates import RISK, Rate

COLOURS = {"holds": "green", "violated": "red", "undecided": "yellow", "diverged": "red", "not applicable": "dim"}
_NUMBERS = 58  # columns of a terminal that all but the methods take
_WORST_FIRST = ("violated", "diverged", "undecided", "holds", "not applicable")


def summary_table(rates: Sequence[Rate], width: int = 80) -> Table:
    """Return two lines a rate: the curve's end, its bound, its slope, its verdict, and below each what belongs to it.

    Nothing is cut from ``width`` = 80 columns on: methods are folded at their commas, numbers and verdicts are not. A
    column that is empty in all rows is left out.
    """
    heads = (
        "problem\nmethod",
        f"average gap\n≤ ({1 - RISK:.0%})",
        "bound\nratio",
        "slope\n(95 %)",
        "verdict\ncertificates",
    )
    rows = [_cells(rate, max(width - _NUMBERS, 10)) for rate in rates]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    kept = [i for i in range(len(heads)) if any(row[i].strip() for row in rows)]
    for i in kept:
        table.add_column(heads[i], no_wrap=i > 0, overflow="fold")
    for row in rows:
        table.add_row(*(row[i] for i in kept))
    return table


def _cells(rate: Rate, room: int) -> list[str]:
    slope, ratio = rate.slope, rate.ratio
    held = sum(one.verdict == "holds" and one.certificate.of == "momo" for one in rate.certificates)
    broken = sum(one.verdict == "violated" for one in rate.certificates)
    counts = [f"{held} hold"] * bool(held) + [f"[red]{broken} violated[/]"] * bool(broken)
    return [
        f"{escape(rate.ensemble.problem.name)}\n{escape(_folded(rate.label, room))}",
        f"{rate.average[-1]:.3g}\n" + ("" if rate.upper is None else f"≤ {rate.upper[-1]:.3g}"),
        ("" if rate.bound is None else f"{rate.bound[-1]:.3g}") + ("" if ratio is None else f"\n{ratio:.3g}"),
        "" if slope is None else f"{slope.value:.2f}\n" + escape(f"[{slope.low:.2f}, {slope.high:.2f}]"),
        f"[{COLOURS[rate.verdict]}]{rate.verdict}[/]\n" + ("\n".join(counts) or "[dim]none apply[/]"),
    ]


def _folded(label: str, room: int) -> str:
    """Return a method in lines of at most ``room`` characters where its commas allow it."""
    lines = [""]
    for item in label.replace(",", ",\n").splitlines():
        if lines[-1] and len(lines[-1]) + len(item) > room:
            lines.append("")
        lines[-1] += item
    return "\n".join(lines)


def verdict_counts(rates: Sequence[Rate]) -> str:
    """Return one line: how many rates there are, and how many have each verdict, as Rich's markup."""
    told = []
    for verdict in _WORST_FIRST:
        if count := sum(rate.verdict == verdict for rate in rates):
            word = "hold" if verdict == "holds" and count > 1 else verdict
            told.append(f"{count} [{COLOURS[verdict]}]{word}[/]")
    return f"{len(rates)} rate{'s' * (len(rates) != 1)}: {', '.join(told)}"


def certificate_table(rate: Rate) -> Table:
    """Return one row a certificate: its verdict, how much was checked, and the reason where it does not apply."""
    title = f"{rate.ensemble.problem.name}, {rate.label}"
    table = Table("certificate", "statement", "checked", "verdict", "why", title=escape(title), title_justify="left")
    for one in rate.certificates:
        found = one.finding
        table.add_row(
            one.certificate.id,
            escape(one.certificate.statement),
            "" if found is None or not found.checked else f"{found.replicas} × {found.checked / found.replicas:.0f}",
            f"[{COLOURS[one.verdict]}]{one.verdict}[/]",
            escape(str(found.first) if found is not None and found.first else one.reason),
        )
    return table


def remarks(rate: Rate) -> list[str]:
    """Return what a reader must be told beside the table: violations, retired replicas, undecided bounds, reasons."""
    name = f"{rate.ensemble.problem.name}, {rate.label}"
    told = [
        f"{name}: {_said(one.certificate)} violated in {one.finding.violated} of {one.finding.replicas} replicas; "
        f"first {one.finding.first}"
        for one in rate.certificates
        if one.finding is not None and one.verdict == "violated"
    ]
    if rate.retired[0]:
        told.append(
            f"{name}: {rate.retired[0]} replicas left the range of {rate.ensemble.dtype}, "
            f"the first in step {rate.retired[1]}"
        )
    if rate.statistics == "violated":
        told.append(f"{name}: the average gap exceeds its bound")
    if rate.statistics == "undecided":
        told.append(f"{name}: the confidence bound exceeds M6's bound, the mean does not; raise --seeds to decide")
    reasons: dict[str, list[str]] = {}
    for one in rate.certificates:
        if one.verdict == "not applicable" and one.certificate.of == "momo":
            reasons.setdefault(one.reason, []).append(one.certificate.id)
    if rate.no_bound:
        reasons.setdefault(rate.no_bound, []).append("bound")
    told.extend(f"{name}: not applicable: {', '.join(ids)}: {reason}" for reason, ids in reasons.items())
    return told


def _said(certificate: Certificate) -> str:
    """Return the id, and the statement of what the user wrote down: that is what a violation is about."""
    return certificate.id if certificate.of == "momo" else f"{certificate.id} ({certificate.statement})"
