"""``momoracle verify``: every claim of both papers, and the reference against its proven golden vectors."""

from collections.abc import Iterator, Sequence
from functools import partial

from momoracle.common.processes import map_in_processes
from momoracle.paper_checks.claim import EFFORTS
from momoracle.paper_checks.evaluate import Result, evaluate
from momoracle.paper_checks.golden_claims import golden
from momoracle.paper_checks.registry import claims
from momoracle.reference import ALGORITHMS

_GOLDEN = "golden-"
_SLOW = ("M9", "D1.1", "L2.1", "L3.1", "M6")


def claim_ids() -> list[str]:
    """Return the ids of all claims: the papers' first, then the vectors of each algorithm."""
    return [*claims(), *(f"{_GOLDEN}{algorithm}" for algorithm in ALGORITHMS)]


def check(claim: str, effort: str) -> Result:
    """Check one claim, given by its id, with one of the named efforts."""
    if claim.startswith(_GOLDEN):
        return golden(claim.removeprefix(_GOLDEN))
    return evaluate(claims()[claim], EFFORTS[effort])


def run(chosen: Sequence[str], effort: str = "default") -> Iterator[Result]:
    """Check the chosen claims, several in two processes; yield each result as it comes, in no order."""
    if len(chosen) <= 3:  # a process of one's own costs more than it saves
        for claim in chosen:
            yield check(claim, effort)
        return
    # The slowest first, so that no process is left alone with it at the end.
    in_order = sorted(chosen, key=lambda claim: claim not in _SLOW)
    for _, result in map_in_processes(partial(check, effort=effort), in_order, processes=2):
        yield result


def not_run(results: Sequence[Result]) -> list[str]:
    """Return every method that was not run, with its claim."""
    return [f"{r.id} {m.method} ({m.evidence})" for r in results for m in r.methods if m.verdict == "not_run"]
