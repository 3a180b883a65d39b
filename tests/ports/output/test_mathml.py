"""Every equation is typeset, and what is typeset is MathML."""

from xml.etree import ElementTree

import pytest

from momoracle.ports.departures.registry import departures_of
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.output.mathml import quantity_of, typeset
from momoracle.reference import ALGORITHMS

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
EQUATIONS = {algorithm: facts_of(algorithm).equations for algorithm in ALGORITHMS}
ALL = [(algorithm, quantity) for algorithm, texts in EQUATIONS.items() for quantity in texts]
WRITTEN_OUT = [(algorithm, quantity) for algorithm, quantity in ALL if set("=←") & set(EQUATIONS[algorithm][quantity])]


def test_no_equation_is_missing_and_none_is_too_many() -> None:
    for algorithm, texts in EQUATIONS.items():
        assert set(facts_of(algorithm).latex) == set(texts)


@pytest.mark.parametrize(("algorithm", "quantity"), ALL)
def test_it_is_mathml_with_no_latex_left_in_it(algorithm: str, quantity: str) -> None:
    root = ElementTree.fromstring(typeset(algorithm, quantity))
    assert root.tag == f"{NAMESPACE}math"
    text = "".join(root.itertext())
    assert text
    assert not set(text) & set("\\&$")  # a hat is an accent, written ^


@pytest.mark.parametrize(("algorithm", "quantity"), WRITTEN_OUT)
def test_it_has_the_letters_of_the_equation_in_words(algorithm: str, quantity: str) -> None:
    letters = set(EQUATIONS[algorithm][quantity].partition(": ")[2]) & set("αβγεηθλρτDdfgmsvxh")
    assert letters
    assert letters <= set("".join(ElementTree.fromstring(typeset(algorithm, quantity)).itertext()))


def test_the_equation_that_a_departure_breaks_is_typeset() -> None:
    for algorithm in ALGORITHMS:
        for departure in departures_of(algorithm):
            assert typeset(algorithm, departure.quantity), departure.id


def test_a_quantity_is_found_by_its_equation() -> None:
    assert quantity_of("momo", "MoMo (15)") == "step_size"
    assert quantity_of("momo", "") is None
    assert quantity_of("sgd", "MoMo (15)") is None
    for algorithm, quantity in ALL:
        assert quantity_of(algorithm, EQUATIONS[algorithm][quantity]) == quantity
