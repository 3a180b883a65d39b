"""The self-test: right ports are not accused, planted ones are noticed and explained, and it can fail itself."""

from dataclasses import replace
from random import Random

import pytest

from momoracle.ports.self_test import (
    SAMPLE,
    Planted,
    RightPort,
    explained_share,
    is_sound,
    plant,
    plantable,
    right_ports,
)
from momoracle.reference import ALGORITHMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_right_port_is_accused(algorithm: str) -> None:
    found = list(right_ports(algorithm))
    assert [port.rounding for port in found] == [
        f"{name}, {dtype}" for name in ("as it is", "shuffled", "fused") for dtype in ("float64", "float32")
    ]
    assert [port.accused for port in found] == [()] * 6


@pytest.mark.parametrize("algorithm", ["sgd", "sgdm", "momo", "tam"])
def test_single_departures_are_noticed_and_explained(algorithm: str) -> None:
    """A few of each method, the same in every run; ``check --self-test`` plants all of them."""
    singles = [names for names in plantable(algorithm) if len(names) == 1]
    sample = Random(algorithm).sample(singles, min(5, len(singles)))
    outcomes = {names: plant(algorithm, names).outcome for names in sample}
    assert set(outcomes.values()) == {"exact"}


def test_a_sample_of_pairs_is_the_same_in_every_run_and_among_all() -> None:
    everything = plantable("momo", every_pair=True)
    sample = plantable("momo")
    assert sample == plantable("momo")
    assert set(sample) < set(everything)
    assert sum(len(names) == 2 for names in sample) == SAMPLE
    assert [names for names in sample if len(names) == 1] == [names for names in everything if len(names) == 1]


def test_an_equivalent_is_called_so() -> None:
    found = plant("sgdm", ("lr-in-momentum", "lr-constant"))  # one rate in every step: where it stands is the same
    assert (found.outcome, found.explanation) == ("equivalent", ("lr-constant",))


def test_it_fails_where_it_should() -> None:
    right = RightPort("sgd", "as it is, float64", ())
    good = [Planted("sgd", (name,), "exact", (name,)) for name in "abcdefghij"]
    pairs = [Planted("sgd", (name, "z"), "exact", (name, "z")) for name in "abcdefghij"]
    assert is_sound([right], [*good, *pairs])
    assert not is_sound([replace(right, accused=("v",))], [*good, *pairs])
    assert not is_sound([right], [*good[1:], replace(good[0], outcome="missed"), *pairs])
    assert not is_sound([right], [*good[1:], replace(good[0], outcome="unexplained"), *pairs])  # 90 % of singles
    assert is_sound([right], [*good, *pairs[1:], replace(pairs[0], outcome="unexplained")])  # 90 % of pairs
    assert not is_sound([right], [*good, *pairs[2:], *(replace(one, outcome="unexplained") for one in pairs[:2])])
    assert explained_share([]) == 0.0
