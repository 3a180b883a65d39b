"""Rates as tables for the terminal."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from momoracle.convergence.certificates.certificate import Certificate
from momoracle.convergence.rates import RISK, Rate
from momoracle.convergence.verdict import VERDICTS

COLOURS = dict.fromkeys(("problem error", "violated", "diverged", "grows"), "red") | {
    "undecided": "yellow",
    "holds": "green",
    "consistent": "cyan",
    "no bound applies": "dim",
    "not applicable": "dim",
}
_NUMBERS = 58  # columns of a terminal that all but the methods take


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
        "verdict\nby",
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
    first, _, rest = rate.verdict.replace("bound applies", "bound|applies").partition("|")  # the column is narrow
    return [
        f"{escape(rate.ensemble.problem.name)}\n{escape(_fold(rate.label, room))}",
        f"{rate.average[-1]:.3g}\n" + ("" if rate.upper is None else f"≤ {rate.upper[-1]:.3g}"),
        ("" if rate.bound is None else f"{rate.bound[-1]:.3g}") + ("" if ratio is None else f"\n{ratio:.3g}"),
        "" if slope is None else f"{slope.value:.2f}\n" + escape(f"[{slope.low:.2f}, {slope.high:.2f}]"),
        f"[{COLOURS[rate.verdict]}]{first}[/]\n" + (f"[{COLOURS[rate.verdict]}]{rest}[/]" if rest else _by(rate)),
    ]


def _by(rate: Rate) -> str:
    """Return the claims that a verdict rests on: of what is violated, or of what constrains the outcome and is met."""
    broken = [outcome.certificate.id for outcome in rate.certificates if outcome.verdict == "violated"]
    if rate.statistics == "violated":
        broken.append("bound")
    if rate.verdict == "consistent":
        return "identities"
    ids = broken or (rate.holds_by if rate.verdict == "holds" else ())
    return " ".join(sorted({"M6" if name == "bound" else name.split()[0] for name in ids}))


def _fold(label: str, room: int) -> str:
    """Return a method in lines of at most ``room`` characters where its commas allow it."""
    lines = [""]
    for item in label.replace(",", ",\n").splitlines():
        if lines[-1] and len(lines[-1]) + len(item) > room:
            lines.append("")
        lines[-1] += item
    return "\n".join(lines)


def count_verdicts(rates: Sequence[Rate]) -> str:
    """Return one line: how many rates there are, and how many have each verdict, as Rich's markup."""
    lines = []
    for verdict in VERDICTS:
        if count := sum(rate.verdict == verdict for rate in rates):
            word = "hold" if verdict == "holds" and count > 1 else verdict
            lines.append(f"{count} [{COLOURS[verdict]}]{word}[/]")
    return f"{len(rates)} rate{'s' * (len(rates) != 1)}: {', '.join(lines)}"


def certificate_table(rate: Rate) -> Table:
    """Return one row a certificate: its verdict, how much was checked, and the reason where it does not apply."""
    title = f"{rate.ensemble.problem.name}, {rate.label}"
    table = Table("certificate", "statement", "checked", "verdict", "why", title=escape(title), title_justify="left")
    for outcome in rate.certificates:
        finding = outcome.finding
        table.add_row(
            outcome.certificate.id,
            escape(outcome.certificate.statement),
            ""
            if finding is None or not finding.checked
            else f"{finding.replicas} × {finding.checked / finding.replicas:.0f}",
            f"[{COLOURS[outcome.verdict]}]{outcome.verdict}[/]",
            escape(str(finding.first) if finding is not None and finding.first else outcome.reason),
        )
    return table


def remarks(rate: Rate) -> list[str]:
    """Return what a reader must know beside the table: what falls short, and why no bound applies."""
    name = f"{rate.ensemble.problem.name}, {rate.label}"
    lines = [
        f"{name}: {_certificate_name(outcome.certificate)} violated in {outcome.finding.violated} "
        f"of {outcome.finding.replicas} replicas; first {outcome.finding.first}"
        for outcome in rate.certificates
        if outcome.finding is not None and outcome.verdict == "violated"
    ]
    if rate.retired[0]:
        lines.append(
            f"{name}: {rate.retired[0]} replicas left the range of {rate.ensemble.dtype}, "
            f"the first in step {rate.retired[1]}"
        )
    if rate.verdict == "problem error":
        lines.append(f"{name}: the problem states a wrong constant, so nothing is said about the method; correct it")
    if rate.grows:
        lines.append(f"{name}: the gap grows, from {rate.average[0]:.3g} on average to {rate.average[-1]:.3g}")
    if rate.statistics == "violated":
        lines.append(f"{name}: the average gap exceeds its bound")
    if rate.statistics == "undecided":
        lines.append(f"{name}: the confidence bound exceeds M6's bound, the mean does not; raise --seeds to decide")
    reasons: dict[str, list[str]] = {}
    for outcome in rate.certificates:
        if outcome.verdict == "not applicable" and outcome.certificate.of == "momo":
            reasons.setdefault(outcome.reason, []).append(outcome.certificate.id)
    if rate.no_bound:
        reasons.setdefault(rate.no_bound, []).append("bound")
    lines.extend(f"{name}: not applicable: {', '.join(ids)}: {reason}" for reason, ids in reasons.items())
    if rate.no_bound and rate.verdict in ("consistent", "no bound applies"):
        lines.append(f"{name}: for a bound that applies, {rate.remedy}")
    return lines


def _certificate_name(certificate: Certificate) -> str:
    """Return the id, and the statement of what the user wrote down: that is what a violation is about."""
    return certificate.id if certificate.of == "momo" else f"{certificate.id} ({certificate.statement})"
