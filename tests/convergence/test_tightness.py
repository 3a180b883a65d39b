"""The table of ratios: its instances replay, its adversaries are what M9 says, and no ratio exceeds the bound."""

import json
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from support import checkout
from support.zoo_small import momo, rate_of

from momoracle import MoMo
from momoracle.convergence import NO_CAP, Ensemble, Problem, run
from momoracle.convergence.problems.adversary import OneEachStep, kink, largest_gap, one_each_step, one_function
from momoracle.convergence.tightness import (
    _FRESH,
    KINDS,
    Instance,
    closed_form,
    from_json,
    page,
    problem_of,
    ratio_of,
    search_instance,
    to_json,
)

# M9's worst cases, solved exactly as semidefinite programs: min f by β and K, to four decimals.
KNOWN = {
    0.0: {2: 0.7071, 3: 0.5774, 4: 0.5000},
    0.5: {3: 0.6325, 4: 0.5620, 5: 0.5068},
    0.9: {3: 0.7050, 4: 0.7024, 5: 0.6993},
}


@checkout.needed
def test_every_instance_of_the_table_replays() -> None:
    folder = checkout.ROOT / "convergence"
    instances = from_json(json.loads((folder / "tightness.json").read_text("utf-8")))
    assert {i.kind for i in instances} == set(KINDS)
    assert page(instances) == (folder / "tightness.md").read_text("utf-8")
    for i in instances:
        ratio, error = ratio_of(i.kind, i.beta, i.steps, i.gradients, _FRESH, 10**6)
        assert ratio == pytest.approx(i.ratio, rel=1e-6), i
        assert error == pytest.approx(i.error, rel=1e-3), i
        assert ratio - 6 * error <= 1 + 1e-12
        assert np.linalg.norm(i.gradients, axis=1) == pytest.approx(1.0)


@checkout.needed
def test_rounding_decides_in_no_run_of_the_table() -> None:
    text = (checkout.ROOT / "convergence/tightness.json").read_text("utf-8")
    for i in from_json(json.loads(text)):
        if i.kind == "drawn":
            # The oracle asks whether the cosine is above -kink. Roundings move it by some 1e-16; none is so near.
            assert np.abs(cosines_of(i) + kink(np.float64)).min() > kink(np.float64) / 2, i


def cosines_of(instance: Instance) -> np.ndarray:
    """Return <g_s, x>/‖x‖ of every step of the runs behind an instance's ratio, where x is not 0."""
    seen: list[np.ndarray] = []
    problem = problem_of(instance.kind, instance.gradients)

    def oracle(x: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = x[x.any(axis=1)], sample[x.any(axis=1)]
        seen.append(np.vecdot(away[0], instance.gradients[away[1]]) / np.linalg.norm(away[0], axis=1))
        return problem.sample_loss_and_grad(x, sample)

    watched = replace(problem, sample_loss_and_grad=oracle)
    method = MoMo(lr=NO_CAP, beta=instance.beta)
    list(run(Ensemble(watched, method, instance.steps, seeds=_FRESH, first_seed=10**6, certificates=())))
    return np.concatenate(seen)


@pytest.mark.parametrize("kind", ["a rounding above", "a rounding below", "on it"])
def test_on_a_kink_the_last_bit_does_not_decide(kind: str) -> None:
    g = np.array([[0.6, 0.8]])
    shift = {"a rounding above": 1e-16, "a rounding below": -1e-16, "on it": 0.0}[kind]
    loss, slope = OneEachStep(g)(np.array([[-0.8, 0.6]]) + shift * g, np.array([0]))
    assert abs(loss[0]) <= 2e-16
    assert (slope == g).all()
    beyond, none = OneEachStep(g)(np.array([[-0.8, 0.6]]) - 1e-9 * g, np.array([0]))
    assert beyond[0] == 0
    assert not none.any()


@pytest.mark.parametrize("beta", KNOWN)
def test_the_adversary_attains_the_known_worst_cases(beta: float) -> None:
    for steps, known in KNOWN[beta].items():
        assert largest_gap(beta, steps, each_step=False).gap == pytest.approx(known, abs=1e-3)


def test_at_zero_momentum_the_bound_is_attained() -> None:
    for steps in (2, 5, 9):
        assert closed_form("one function", 0.0, steps).ratio == pytest.approx(1.0, rel=1e-9)
        assert closed_form("worst order", 0.0, steps).ratio == pytest.approx(1.0, rel=1e-9)


def test_every_answer_keeps_the_loss_at_the_gap() -> None:
    for each_step, steps in ((False, 5), (True, 30)):
        found = largest_gap(0.5, steps, each_step)
        given = problem_of("worst order" if each_step else "one function", found.gradients)
        rate = rate_of(given, momo(given, beta=0.5), steps=steps, seeds=1)
        assert rate.average[-1] == pytest.approx(found.gap, rel=1e-9)
    assert largest_gap(0.5, 100, True).gap * 0.5 * sqrt(100) > 0.9


def test_adversaries_are_problems_of_the_zoo() -> None:
    for make in (one_function, one_each_step):
        given = make(beta=0.5, steps=12)
        assert isinstance(given, Problem)
        assert given.gradient_bound == pytest.approx(1.0)
        assert given.distance == 1.0


def test_the_search_finds_more_than_it_starts_with() -> None:
    short, longer = search_instance(0.0, 4, 2, generations=0), search_instance(0.0, 4, 2, generations=6)
    assert longer.ratio >= short.ratio - 3 * short.error
    assert 0.4 < longer.ratio < 1
    assert longer.error > 0


def test_instances_survive_json() -> None:
    one = closed_form("worst order", 0.5, 8)
    (again,) = from_json(json.loads(json.dumps(to_json([one]))))
    assert (again.gradients == one.gradients).all()
    assert again._replace(gradients=None) == one._replace(gradients=None)


def test_no_other_kind() -> None:
    with pytest.raises(ValueError, match="kind is 'random'"):
        problem_of("random", np.eye(2))
