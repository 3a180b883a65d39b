"""Run ``momoracle verify``: every claim of both papers, and the reference against its proven golden vectors."""

from collections.abc import Iterator, Sequence
from functools import partial

from momoracle.common.processes import map_in_processes
from momoracle.paper_checks.claim import EFFORTS
from momoracle.paper_checks.evaluate import Result, evaluate
from momoracle.paper_checks.golden_claims import check_golden_vectors
from momoracle.paper_checks.registry import claims
from momoracle.reference import ALGORITHMS

_GOLDEN = "golden-"
_SLOW = ("M9", "D1.1", "L2.1", "L3.1", "M6")


def claim_ids() -> list[str]:
    """Return the ids of all claims: the papers' first, then the vectors of each algorithm."""
    return [*claims(), *(f"{_GOLDEN}{algorithm}" for algorithm in ALGORITHMS)]


def check_claim(claim: str, effort: str) -> Result:
    """Check the claim with this id, with one of the efforts in `EFFORTS`."""
    if claim.startswith(_GOLDEN):
        return check_golden_vectors(claim.removeprefix(_GOLDEN))
    return evaluate(claims()[claim], EFFORTS[effort])


def check_claims(chosen: Sequence[str], effort: str = "default") -> Iterator[Result]:
    """Check the chosen claims, several in two processes; yield each result when it is there, in no order."""
    if len(chosen) <= 3:  # starting a process costs more than it saves
        for claim in chosen:
            yield check_claim(claim, effort)
        return
    # The slowest come first, so that no process is left alone with one of them at the end.
    in_order = sorted(chosen, key=lambda claim: claim not in _SLOW)
    for _, result in map_in_processes(partial(check_claim, effort=effort), in_order, processes=2):
        yield result


def methods_not_run(results: Sequence[Result]) -> list[str]:
    """Return every method that was not run, with its claim."""
    return [f"{r.id} {m.method} ({m.evidence})" for r in results for m in r.methods if m.verdict == "not_run"]
