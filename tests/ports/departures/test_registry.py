"""Departures as edits of the reference's text: none is the reference itself, and each finds its place."""

from typing import Any

import numpy as np
import pytest

from momoracle.ports.departures.departure import compatible, edit, variant
from momoracle.ports.departures.registry import departure, departures_of
from momoracle.ports.methods.registry import facts_of
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS
from momoracle.reference.golden.files import load


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_departure_is_the_reference_bit_for_bit(algorithm: str) -> None:
    plain = variant(algorithm)
    assert plain is not ALGORITHMS[algorithm]
    for vector in load(algorithm).vectors:
        runs = [list(observe(MethodPort(method), vector)) for method in (plain, ALGORITHMS[algorithm])]
        for one, other in zip(*runs, strict=True):
            assert one.buffers.keys() == other.buffers.keys()
            for name in one.buffers:
                assert [z.tobytes() for z in one.buffers[name]] == [z.tobytes() for z in other.buffers[name]]
            assert [z.tobytes() for z in one.params] == [z.tobytes() for z in other.params]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_is_named_once_and_breaks_an_equation(algorithm: str) -> None:
    known = departures_of(algorithm)
    assert len({one.id for one in known}) == len(known)
    for one in known:
        assert one.quantity in facts_of(algorithm).quantities, one.id
        assert one.meaning
        assert not one.link or one.link.startswith("https://")
        assert bool(one.edits) != (one.around is not None), one.id
        variant(algorithm, one)


def test_an_edit_without_its_place_is_an_error() -> None:
    with pytest.raises(LookupError, match="departure gone: a place of its edits is not in the text of sgd"):
        variant("sgd", edit("gone", "params", "", ("no such ‹text›", "")))


def test_two_of_one_place_exclude_each_other() -> None:
    one, other = departure("momo", "no-cap"), departure("momo", "always-cap")
    assert not compatible("momo", one, other)
    with pytest.raises(ValueError, match="no-cap, always-cap change the same place"):
        variant("momo", one, other)
    assert compatible("momo", one, departure("momo", "no-decay"))


def test_an_unknown_departure_names_the_known() -> None:
    with pytest.raises(LookupError, match="sgd has no departure 'x'; it has no-decay"):
        departure("sgd", "x")


def test_two_departures_together_do_both() -> None:
    both: Any = variant("sgd", departure("sgd", "no-decay"), departure("sgd", "ascent"))
    opt = both(lr=0.5, weight_decay=0.25)
    x = [np.array([1.0, -2.0])]
    (moved,), _, _ = opt.step(x, [np.array([1.0, 1.0])], opt.init(x))
    assert moved.tolist() == [1.5, -1.5]
