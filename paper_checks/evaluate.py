"""Evaluate a claim: run every method, attempt every refutation, and collect the results for table, page and JSON."""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Falsified, Optimizers, Refutation

__all__ = [
    "MethodResult",
    "RefutationResult",
    "Result",
    "evaluate",
]

Verdict: TypeAlias = Literal["holds", "fails", "not_run"]


@dataclass(frozen=True)
class MethodResult:
    """The result of one method of a claim.

    Args:
        method: its name.
        verdict: whether the claim holds; ``not_run`` where a module is missing.
        evidence: what was checked, or the counterexample.
        computed: the computed number, where there is one.
        theory: what theory says about it.
        seconds: how long it took.
    """

    method: str
    verdict: Verdict
    evidence: str
    computed: float | None = None
    theory: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class RefutationResult:
    """Whether the checks noticed a wrong variant, and the first counterexample.

    Args:
        variant: what is wrong, in words.
        refuted: whether every check noticed it.
        evidence: the counterexample, or why there is none.
    """

    variant: str
    refuted: bool
    evidence: str = ""


@dataclass(frozen=True)
class Result:
    """The result of one claim; it fails if a method fails or if a wrong variant is not refuted.

    Args:
        id: the claim's number.
        title: what it says, in a few words.
        kind: what kind of statement it is.
        methods: the result of each method.
        refutations: the result of each refutation.
        seconds: how long all of it took.

    >>> method = MethodResult("exact: by hand", "holds", "two steps")
    >>> Result("X1", "an example", "identity", (method,), (RefutationResult("a wrong sign", True),)).verdict
    'holds'
    >>> Result("X1", "an example", "identity", (method,), (RefutationResult("a wrong sign", False),)).verdict
    'fails'
    """

    id: str
    title: str
    kind: str
    methods: tuple[MethodResult, ...]
    refutations: tuple[RefutationResult, ...]
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """``holds`` where every method that ran holds and every refutation succeeded; ``not_run`` where none ran."""
        ran = [method for method in self.methods if method.verdict != "not_run"]
        if not ran:
            return "not_run"
        sound = all(m.verdict == "holds" for m in ran) and all(r.refuted for r in self.refutations)
        return "holds" if sound else "fails"

    def to_json(self) -> dict[str, Any]:
        """Return the contract of ``verify --json`` for one claim."""
        return {
            "id": self.id,
            "kind": self.kind,
            "verdict": self.verdict,
            "methods": [{"method": m.method, "verdict": m.verdict, "evidence": m.evidence} for m in self.methods],
            "refutations": [{"variant": r.variant, "refuted": r.refuted} for r in self.refutations],
        }


def evaluate(claim: Claim, effort: Effort, optimizers: Optimizers | None = None) -> Result:
    """Check a claim and attempt all of its refutations.

    Args:
        claim: what is checked.
        effort: how much work each method may take.
        optimizers: what it is checked on; the reference's if left out.

    >>> from momoracle.paper_checks.registry import claims
    >>> result = evaluate(claims()["T7"], Effort(0.25))
    >>> result.verdict, all(refutation.refuted for refutation in result.refutations)
    ('holds', True)
    """
    start = time.perf_counter()
    checked = optimizers or Optimizers()
    methods = tuple(_run_method(method, effort, checked) for method in claim.methods)
    missing = {method.check for method in claim.methods if _missing_modules(method)}
    attempts = [_attempt(refutation, effort, missing) for refutation in claim.refutations]
    refutations = tuple(attempt for attempt in attempts if attempt is not None)
    return Result(claim.id, claim.title, claim.kind, methods, refutations, time.perf_counter() - start)


def _missing_modules(method: CheckMethod) -> list[str]:
    return [name for name in method.needs if find_spec(name) is None]


def _run_method(method: CheckMethod, effort: Effort, optimizers: Optimizers) -> MethodResult:
    start = time.perf_counter()
    if missing := _missing_modules(method):
        text = f"needs {', '.join(missing)}, which the extra `theory` installs"
        return MethodResult(method.name, "not_run", text)
    verdict: Verdict = "fails"
    try:
        evidence = method.check(optimizers, effort)
        verdict = "holds"
    except Falsified as counterexample:
        evidence = Evidence(str(counterexample))
    except Exception as error:  # a claim whose check stops is not shown: it fails
        evidence = Evidence(f"stopped by {type(error).__name__}: {error}")
    seconds = time.perf_counter() - start
    return MethodResult(method.name, verdict, evidence.text, evidence.computed, evidence.theory, seconds)


def _attempt(refutation: Refutation, effort: Effort, missing: set[Any]) -> RefutationResult | None:
    """Attempt a refutation; return None if each of its checks needs a module that is not installed."""
    # A partial application needs the modules of its function.
    able = [c for c in refutation.by if c not in missing and getattr(c, "func", None) not in missing]
    if not able:
        return None
    evidence = ""
    try:
        optimizers = refutation.wrong()
        for check in able:
            try:
                check(optimizers, effort)
            except Falsified as counterexample:
                evidence = evidence or str(counterexample)
            else:
                return RefutationResult(refutation.variant, False, "a check of the claim did not notice it")
    except Exception as error:  # a check that stops has not found a counterexample
        return RefutationResult(refutation.variant, False, f"stopped by {type(error).__name__}: {error}")
    return RefutationResult(refutation.variant, True, evidence)
