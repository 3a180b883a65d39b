"""Run what `verify` checks, the fastest and nearest first, until something notices a mutant.

Refutations are left out: an edited text may have lost the place that a refutation edits, and that a text is another one
is not what is asked.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from inspect import signature

from momoracle.paper_checks import golden_claims
from momoracle.paper_checks.claim import EFFORTS, CheckMethod, Optimizers
from momoracle.paper_checks.registry import claims
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load

#: which algorithms a file takes part in; all of them where it is not here
CONCERNED = {
    "sgd": ("sgd",),
    "sgdm": ("sgdm",),
    "adam": ("adam", "adamw"),
    "adamw": ("adamw",),
    "momo": ("momo",),
    "momo_adam": ("momo-adam",),
    "momentum_model": ("momo", "momo-adam"),
    "tam": ("tam",),
    "torque": ("tam", "adatam"),
    "adatam": ("adatam", "adatamw"),
    "adatamw": ("adatamw",),
}
#: the claims about the step as it runs notice most, so they come first
FIRST = ("S6", "S1", "S3", "S4", "S5", "S2")
#: the ways of checking that run a method in floats, or over exact numbers; the others take seconds and notice no more
FLOATS, EXACT = ("property",), ("property", "exact", "proven")

Killer = tuple[str, Callable[[], bool]]


def killers(file: str) -> Iterator[Killer]:
    """Yield the checks that concern a file of the reference, each with its name; True says that it noticed nothing."""
    for algorithm in CONCERNED.get(file, ALGORITHMS):
        yield f"golden-{algorithm}", partial(_vectors_agree, algorithm)
    ways = EXACT if file in CONCERNED or file == "method" else FLOATS
    methods = [(claim.id, method) for claim in claims().values() for method in claim.methods if method.way in ways]
    for name, method in sorted(methods, key=lambda named: FIRST.index(named[0]) if named[0] in FIRST else len(FIRST)):
        yield f"{name} {method.name}", partial(_claim_holds, method, CONCERNED.get(file, ()))


def first_to_notice(file: str) -> str:
    """Return the name of the first check that fails, or an empty text where all hold."""
    return next((name for name, holds in killers(file) if not _holds(holds)), "")


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # Falsified, or an error: either makes `verify` fail
        return False


@cache
def _vectors(algorithm: str) -> tuple[object, ...]:
    return tuple(sorted(load(algorithm).vectors, key=lambda vector: len(vector.steps)))


def _vectors_agree(algorithm: str) -> bool:
    return all(golden_claims._first_fault(algorithm, vector) is None for vector in _vectors(algorithm))  # type: ignore[arg-type]


def _claim_holds(method: CheckMethod, algorithms: tuple[str, ...]) -> bool:
    # The claims about the step as it runs can look at some of the methods alone.
    only = {"only": algorithms} if "only" in signature(method.check).parameters else {}
    method.check(Optimizers(), EFFORTS["quick"], **only)
    return True


def load_everything() -> None:
    """Load vectors and claims, so that a forked process finds them there."""
    for algorithm in ALGORITHMS:
        _vectors(algorithm)
    claims()
