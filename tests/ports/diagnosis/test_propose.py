"""Explanations: the departures that are planted are the ones that are found, and nothing is made up."""

from typing import Any

import numpy as np
import pytest

from momoracle.ports.departures.departure import Departure, variant
from momoracle.ports.departures.registry import departure
from momoracle.ports.diagnosis.propose import LONG, propose
from momoracle.ports.diagnosis.replay import Replay, perturb, replayed_table, table
from momoracle.ports.roundings import fused
from momoracle.ports.running.method_port import MethodPort, observe
from momoracle.reference import ALGORITHMS, Method
from momoracle.reference.golden.files import load


def replay(algorithm: str) -> Replay:
    content = load(algorithm)
    vectors = [v for v in content.vectors if content.kind(v) == "core" and len(v.steps) <= LONG]
    return Replay(algorithm, vectors)


def seen(known: Replay, method: type[Method]) -> list[Any]:
    return [replayed_table(method, vector) for vector in known.vectors]


@pytest.mark.parametrize(
    ("algorithm", "names"),
    [
        ("momo", ("decay-params-only",)),
        ("adam", ("eps-corrected", "no-decay")),
        ("tam", ("no-decay", "product-unsummed", "start-at-gradient")),
    ],
)
def test_what_is_planted_is_found(algorithm: str, names: tuple[str, ...]) -> None:
    known = replay(algorithm)
    port = fused(variant(algorithm, *(departure(algorithm, name) for name in names)))
    tried: list[str] = []
    found = propose(known, seen(known, port), progress=tried.append)
    assert found.departures == names
    assert found.reproduced == found.vectors == len(known.vectors)
    assert " + ".join(names) in tried


def test_others_that_return_the_same_are_named_too() -> None:
    known = Replay("sgd", [v for v in load("sgd").vectors if v.id == "sgd-float64-decay"])
    found = propose(known, seen(known, variant("sgd", departure("sgd", "no-decay"))))
    assert ("no-decay",) in (found.departures, *found.others)
    assert ("decay-of-matrices",) in (found.departures, *found.others)  # the vector has no matrix


def test_nothing_known_is_unexplained_and_the_nearest_is_named() -> None:
    def steps(method: type[Method]) -> type[Method]:
        class Third(method):  # type: ignore[misc, valid-type]
            def step(self, params: Any, grads: Any, state: Any, loss: Any = None, out: Any = None) -> Any:
                kept = [np.cbrt(g) if not state.step else g for g in grads]
                return super().step(params, kept, state, loss, out)

        return Third

    known = replay("sgd")
    found = propose(known, seen(known, steps(ALGORITHMS["sgd"])))
    assert found.departures == ()
    assert found.others == ()
    assert found.reproduced < found.vectors


def test_a_buffer_that_is_seen_to_be_sound_is_not_blamed() -> None:
    known = replay("sgdm")
    tables = seen(known, variant("sgdm", departure("sgdm", "momentum-float32"), perturbed=True))
    assert propose(known, tables).departures == ("momentum-float32",)
    assert propose(known, tables, sound=("momentum",)).departures != ("momentum-float32",)


def test_steps_that_did_not_come_are_nan() -> None:
    (vector,) = (v for v in load("sgd").vectors if v.id == "sgd-float64-decay")
    results = list(observe(MethodPort(ALGORITHMS["sgd"]), vector, buffers=False))
    rows = table(vector, results[:1])
    assert np.isfinite(rows[0]).all()
    assert np.isnan(rows[1:]).all()


def test_a_perturbation_moves_by_roundings_alone() -> None:
    (vector,) = (v for v in load("momo").vectors if v.id == "momo-float64-decay")
    moved = perturb(vector, 0)
    assert any((a != b).any() for a, b in zip(moved.params, vector.params, strict=True))
    for a, b in zip(moved.params, vector.params, strict=True):
        np.testing.assert_allclose(a, b, rtol=3 * np.finfo(np.float64).eps)


def test_a_departure_is_text_or_a_class_around() -> None:
    assert Departure("a", "b", "params").edits == ()
