"""The claims: all of them there, each holding by every method, and each of its checks able to fail."""

from dataclasses import replace
from functools import partial

import pytest

from momoracle.pages.claims_page import math
from momoracle.paper_checks.claim import (
    EFFORTS,
    CheckMethod,
    Claim,
    Effort,
    Evidence,
    Falsified,
    Optimizers,
    Refutation,
    require,
)
from momoracle.paper_checks.evaluate import Result, evaluate
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.registry import claims

IDS = [
    *("D1.1", "D1.2", "D1.3", "D2.1", "L2.1", "L3.1"),
    *(f"M{number}" for number in range(1, 14)),
    *(f"T{number}" for number in range(1, 8)),
]


def test_every_claim_is_there_and_in_order() -> None:
    assert list(claims()) == IDS


@pytest.mark.parametrize("name", IDS)
def test_the_claim_holds_and_its_refutations_are_refuted(name: str) -> None:
    result = evaluate(claims()[name], EFFORTS["quick"])
    assert [(m.method, m.evidence) for m in result.methods if m.verdict == "fails"] == []
    assert [(r.variant, r.evidence) for r in result.refutations if not r.refuted] == []
    assert result.verdict == "holds"


@pytest.mark.parametrize("name", IDS)
def test_every_check_is_refuted_by_something(name: str) -> None:
    claim = claims()[name]
    refuted = {getattr(check, "func", check) for refutation in claim.refutations for check in refutation.by}
    unrefuted = [m.name for m in claim.methods if getattr(m.check, "func", m.check) not in refuted]
    assert unrefuted == []


@pytest.mark.parametrize("name", ["L2.1", "L3.1", "M6"])
def test_lemmas_and_the_theorem_have_independent_methods_that_need_no_extra(name: str) -> None:
    ways = {method.way for method in claims()[name].methods if not method.needs}
    assert len(ways) >= 2


@pytest.mark.parametrize("name", IDS)
def test_every_formula_is_typeset(name: str) -> None:
    claim = claims()[name]
    for formula in (claim.statement, *(step.formula for step in claim.derivation)):
        assert "\\" not in math(formula), formula


# -- the frame itself -------------------------------------------------------------------------------------------------


def holding(optimizers: Optimizers, effort: Effort) -> Evidence:
    return Evidence("seen")


def falsified(optimizers: Optimizers, effort: Effort) -> Evidence:
    raise Falsified("two is not one")


def stopped(optimizers: Optimizers, effort: Effort) -> Evidence:
    raise ZeroDivisionError("by accident")


def claim_of(check: CheckMethod, *refutations: Refutation) -> Claim:
    return Claim("X1", "title", "derived", "identity", "1 = 1", (check,), refutations)


def outcome(claim: Claim) -> Result:
    return evaluate(claim, Effort())


def test_a_check_that_finds_a_counterexample_fails_with_it() -> None:
    result = outcome(claim_of(CheckMethod("exact", "x", falsified)))
    assert (result.verdict, result.methods[0].evidence) == ("fails", "two is not one")


def test_a_check_that_stops_fails_and_refutes_nothing() -> None:
    assert outcome(claim_of(CheckMethod("exact", "x", stopped))).verdict == "fails"
    refuting = outcome(claim_of(CheckMethod("exact", "x", holding), Refutation("wrong", (stopped,))))
    assert refuting.verdict == "fails"
    assert "ZeroDivisionError" in refuting.refutations[0].evidence


def test_every_check_named_must_notice() -> None:
    method = CheckMethod("exact", "x", holding)
    assert outcome(claim_of(method, Refutation("wrong", (falsified,)))).verdict == "holds"
    assert outcome(claim_of(method, Refutation("wrong", (falsified, holding)))).verdict == "fails"


def test_an_edit_without_its_place_is_no_refutation() -> None:
    lost = Refutation("wrong", (falsified,), wrong("momo", ("no such text", "")))
    assert outcome(claim_of(CheckMethod("exact", "x", holding), lost)).verdict == "fails"
    with pytest.raises(LookupError, match="no such text"):
        lost.wrong()


def test_a_method_without_its_module_is_not_run() -> None:
    missing = CheckMethod("solver", "x", falsified, needs=("no_such_module",))
    refutation = Refutation("wrong", (falsified,))
    alone = outcome(claim_of(missing, refutation))
    assert (alone.verdict, alone.methods[0].verdict, alone.refutations) == ("not_run", "not_run", ())
    beside = replace(claim_of(missing, refutation), methods=(missing, CheckMethod("exact", "x", holding)))
    assert outcome(beside).verdict == "holds"


def test_a_partial_application_is_not_run_where_its_function_is_not() -> None:
    missing = CheckMethod("solver", "x", stopped, needs=("no_such_module",))
    present = CheckMethod("exact", "x", holding)
    applied = Refutation("wrong", (partial(stopped), falsified))
    result = outcome(replace(claim_of(present, applied), methods=(missing, present)))
    assert result.verdict == "holds"
    whole = CheckMethod("solver", "x", only := partial(stopped), needs=("no_such_module",))
    result = outcome(replace(claim_of(present, Refutation("wrong", (only, falsified))), methods=(whole, present)))
    assert result.verdict == "holds"


def test_require() -> None:
    require(True, "unused")
    with pytest.raises(Falsified, match="said"):
        require(False, "said")
