"""What the checker knows of a method, derived from its text; also of methods that the package has never seen."""

import re
from pathlib import Path

import pytest
from support.own_methods import NESTEROV, NGN, write_method

from momoracle.ports.departures.departure import variant
from momoracle.ports.departures.registry import departures_of
from momoracle.ports.methods.derive import FactsError
from momoracle.ports.methods.registry import equation, facts_of, order
from momoracle.reference import ALGORITHMS
from momoracle.reference.frame.registry import AlgorithmError


def test_nesterov_is_known_from_its_text() -> None:
    facts = facts_of(NESTEROV)
    assert (facts.title, facts.defaults, facts.quantities) == ("Nesterov", {"beta": 0.9}, ("momentum", "params"))
    assert (facts.kept, facts.scalars) == (("momentum",), frozenset())
    assert (facts.separate, facts.counts_steps, facts.direction) == (True, False, "momentum")
    assert facts.equations["params"] == "Nesterov: x^{k+1} = x^k − α (g_k + β m_k)"
    assert facts.latex["momentum"] == r"m_k = \beta m_{k-1} + g_k"
    assert facts.hints == ("any",)


def test_a_method_with_a_loss_and_a_scalar_state_is_known_from_its_text() -> None:
    facts = facts_of(NGN)
    assert facts.quantities == ("loss_average", "gradient_norm_sq", "step_size", "params")
    assert facts.scalars == {"loss_average", "gradient_norm_sq", "step_size"}
    assert not facts.separate  # ‖g‖² is of all tensors
    assert facts.equations["step_size"].endswith("τ_k = α / (1 + s α ‖g_k‖² / (2 f̄_k))")
    assert set(facts.narrowed) == {"loss_average"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_quantity_has_its_equation_and_its_formula(algorithm: str) -> None:
    facts = facts_of(algorithm)
    assert set(facts.equations) == set(facts.latex) == set(facts.quantities)
    assert set(facts.narrowed) == set(facts.kept)
    assert equation(algorithm, "unheard-of") == facts.title
    assert order(algorithm, "unheard-of") < order(algorithm, "params")


def test_what_a_method_lacks_is_named(tmp_path: Path) -> None:
    without = write_method(
        tmp_path, ("beta: Share = 0.9", "beta: Share"), ("lr: LearningRate = 0.1", "lr: LearningRate")
    )
    with pytest.raises(FactsError, match=r"Own\.beta has no default; give it the paper's"):
        facts_of(without)
    with pytest.raises(AlgorithmError, match="there is no such algorithm"):
        facts_of("momentun")


def test_a_method_without_formulas_is_shown_by_its_lines(tmp_path: Path) -> None:
    facts = facts_of(write_method(tmp_path, name="plain"))
    assert facts.equations["momentum"] == "Own: m = n.scalar(self.beta) * state.momentum + g"
    assert "momentum" not in facts.latex


@pytest.mark.parametrize("algorithm", [NESTEROV, NGN])
def test_its_generic_departures_are_working_code(algorithm: str) -> None:
    known = departures_of(algorithm)
    assert len({departure.id for departure in known}) == len(known)
    kinds = {re.match("left-out|sign-turned|old-value|weights-exchanged|", departure.id)[0] for departure in known}  # type: ignore[index]
    assert {"left-out", "sign-turned", "old-value"} <= kinds
    for departure in known:
        assert departure.quantity in facts_of(algorithm).quantities
        variant(algorithm, departure)
