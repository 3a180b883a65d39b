"""A claim holds if every check holds and every refutation is refuted; what cannot run is named."""

from dataclasses import replace
from functools import partial

from momoracle.paper_checks.claim import CheckMethod, Claim, Effort, Evidence, Falsified, Optimizers, Refutation
from momoracle.paper_checks.evaluate import Result, evaluate
from momoracle.paper_checks.refutation import wrong


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


def test_an_edit_without_its_place_is_no_refutation() -> None:
    lost = Refutation("wrong", (falsified,), wrong("momo", ("no such text", "")))
    assert outcome(claim_of(CheckMethod("exact", "x", holding), lost)).verdict == "fails"
