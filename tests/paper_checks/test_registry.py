"""The claims: all of them there, each holding by every method, and each of its checks able to fail."""

import sys

import pytest
from support.claims import quick_result

from momoracle.pages.claims_page import math
from momoracle.paper_checks.registry import claims

IDS = [
    *("D1.1", "D1.2", "D1.3", "D2.1", "L2.1", "L3.1"),
    *(f"M{number}" for number in range(1, 14)),
    *(f"T{number}" for number in range(1, 8)),
    *(f"S{number}" for number in range(1, 7)),
]


def test_every_claim_is_there_and_in_order() -> None:
    assert list(claims()) == IDS


@pytest.mark.parametrize("name", IDS)
def test_the_claim_holds_and_its_refutations_are_refuted(name: str) -> None:
    result = quick_result(name)
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


def test_the_file_of_a_claim_says_its_status() -> None:
    rooms = ("momo", "momo_rates", "tam", "steps")
    files = {
        module.CLAIM: module.__doc__ or ""
        for name, module in list(sys.modules.items())
        if name.startswith(tuple(f"momoracle.paper_checks.{room}." for room in rooms)) and hasattr(module, "CLAIM")
    }
    assert {claim.id for claim in files} == set(claims())
    assert [claim.id for claim, text in files.items() if f"\nStatus: {claim.status}.\n" not in text] == []
