"""Certificates hold where the theory claims them, and say why where it does not."""

from typing import Any

import numpy as np
import pytest
from support.zoo_small import INTERPOLATING, NAMES, momo, rate_of, small

from momoracle import SGDM, TAM, Adam, MoMo, MoMoAdam
from momoracle.convergence import NO_CAP, Constants, Ensemble, Problem, Rate, rates
from momoracle.convergence.certificates.momo import CERTIFICATES

PATHWISE = [c.id for c in CERTIFICATES]
SETTINGS: list[dict[str, Any]] = [
    {"beta": 0.0},
    {"beta": 0.5, "bias_correction": True},
    {"beta": 0.9},
    {"beta": 0.99, "bias_correction": True},
    {"beta": 0.9, "lr": 0.1},
    {"beta": 0.3, "lr": lambda k: 1.0 / k},
]


def verdicts(rate: Rate) -> dict[str, str]:
    return {one.certificate.id: one.verdict for one in rate.certificates}


def reasons(rate: Rate) -> dict[str, str]:
    return {one.certificate.id: one.reason for one in rate.certificates}


@pytest.mark.parametrize("options", SETTINGS, ids=range(len(SETTINGS)))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_no_certificate_is_violated(name: str, dtype: str, options: dict[str, Any]) -> None:
    given = small(name)
    rate = rate_of(given, momo(given, **options), steps=80, dtype=dtype)
    assert "violated" not in verdicts(rate).values(), [str(c.finding and c.finding.first) for c in rate.certificates]
    assert verdicts(rate)["M4"] == "holds"
    expected = "holds" if name in INTERPOLATING else "not applicable"
    assert {verdicts(rate)[i] for i in ("M5", "M5 distance", "M7 sum", "M7 gain", "G")} == {expected}


@pytest.mark.parametrize("name", INTERPOLATING)
def test_without_a_cap_every_step_is_certified(name: str) -> None:
    given = small(name)
    rate = rate_of(given, momo(given), steps=40, seeds=3)
    for one in rate.certificates:
        if one.certificate.id == "M4 identity":  # it needs d ≠ 0 too
            continue
        smooth = given.constants.smoothness is not None
        if "smoothness" in one.certificate.needs and not smooth:
            assert one.verdict == "not applicable"
        else:
            assert one.finding is not None
            every = len(rate.steps) if one.certificate.of == "means" else 40  # checkpoints, or steps
            assert one.finding.checked == 3 * every


def test_rounding_is_bounded_closely() -> None:
    """Tolerances are derived, and not so wide that nothing could exceed them: some runs use a tenth of one."""
    margins = []
    for name in ("absolute-loss", "hinge", "one-function"):
        given = small(name)
        rate = rate_of(given, momo(given, beta=0.5), steps=300, dtype="float32")
        margins += [one.finding.margin for one in rate.certificates if one.finding is not None]
    assert 0.05 < max(margins) <= 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("noisy-least-squares", "noise of standard deviation 0.5 was added"),
        ("noisy-absolute-loss", "noise of standard deviation 0.5 was added"),
        ("logistic", "not attained"),
        ("relu-regression", "convex"),
    ],
)
def test_what_does_not_apply_says_why(name: str, told: str) -> None:
    given = small(name)
    rate = rate_of(given, momo(given))
    for certificate in ("M5", "M5 distance", "M6 sum", "M6 path", "M7 sum", "M7 gain"):
        assert told in reasons(rate)[certificate]
    assert told in rate.no_bound
    assert rate.statistics == "not applicable"


def test_where_m5_does_not_apply_it_would_be_violated() -> None:
    """The control is one: taken as interpolating, the noisy problem violates M5."""
    given = small("noisy-least-squares")
    exact = small("least-squares").constants
    claimed = Problem("wrong", given.start, given.samples, given.sample_loss_and_grad, exact)
    rate = rate_of(claimed, momo(claimed))
    assert verdicts(rate)["M5"] == "violated"
    assert verdicts(rate)["M5 distance"] == "violated"
    assert verdicts(rate)["M4"] == "holds"


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (SGDM(), "the method is SGDM"),
        (TAM(), "the method is TAM"),
        (Adam(), "the method is Adam"),
        (MoMoAdam(), "MoMoAdam changes it"),
        (MoMo(weight_decay=0.1), "weight_decay = 0"),
        (MoMo(estimate_lower_bound=True), "estimated"),
        (MoMo(lower_bound=-1.0), "f_* = 0"),
    ],
)
def test_the_theory_is_about_momo(method: Any, told: str) -> None:
    rate = rate_of(small("least-squares"), method)
    assert {verdicts(rate)[name] for name in PATHWISE} == {"not applicable"}
    assert all(told in reasons(rate)[name] for name in PATHWISE)
    assert (verdicts(rate)["f*"], verdicts(rate)["min f"]) == ("holds", "holds")  # about the problem, not the method
    assert told in rate.no_bound
    assert rate.verdict == "no bound applies"


def test_a_cap_ends_what_is_about_no_cap() -> None:
    given = small("least-squares")
    rate = rate_of(given, momo(given, lr=1e-3))
    assert {i: verdicts(rate)[i] for i in ("M6 sum", "M6 path", "M8")} == dict.fromkeys(
        ("M6 sum", "M6 path", "M8"), "not applicable"
    )
    assert "no cap bound" in reasons(rate)["M6 sum"]
    assert rate.no_bound == "the cap bound in 8 of 8 runs"
    assert verdicts(rate)["M7 sum"] == "holds"


def test_a_violation_reports_replica_step_and_numbers() -> None:
    """A loss that jumps below f_* in step 3 of one seed: M4's inequality turns around there."""
    given = small("least-squares")
    lowered = Problem("raised", given.start, given.samples, given.sample_loss_and_grad, Constants(lower_bound=0.5))
    rate = rate_of(lowered, MoMo(lr=NO_CAP, lower_bound=0.5), steps=200)
    (found,) = [one.finding for one in rate.certificates if one.certificate.id == "M4 identity"]
    assert found is not None
    first = found.first
    assert first is not None
    assert found.violated >= 1
    assert f"replica {first.replica}, step {first.step}: " in str(first)
    assert first.left - first.right > first.tolerance
    # The same replica alone reports the same numbers at the same step.
    alone = rate_of(lowered, MoMo(lr=NO_CAP, lower_bound=0.5), steps=200, seeds=1, first_seed=first.replica)
    (again,) = [one.finding for one in alone.certificates if one.certificate.id == "M4 identity"]
    assert again is not None
    assert again.first is not None
    assert again.first._replace(replica=first.replica) == first


def test_the_sums_are_those_of_the_steps() -> None:
    """M6's sum, recomputed step by step from the reference's own trace."""
    given = small("absolute-loss")
    method, x = momo(given, beta=0.5), given.start[None].copy()
    state, total, rng = method.init(x, replicas=1), 0.0, np.random.PCG64(5)
    raw = rng.random_raw(256)
    for k in range(30):
        sample = np.array([(int(raw[k]) >> 32) * given.samples >> 32])
        loss, gradient = given.sample_loss_and_grad(x, sample)
        x, state, trace = method.step(x, gradient, state, loss=loss)
        norm_sq = float(trace.direction_norm_sq[0])
        total += float(trace.model_value[0]) ** 2 / norm_sq if norm_sq else 0.0
    (rate,) = rates(Ensemble(given, method, 30, seeds=1, first_seed=5))
    (found,) = [one.finding for one in rate.certificates if one.certificate.id == "M6 sum"]
    assert found is not None
    assert given.distance is not None
    assert found.ratio == pytest.approx(total / given.distance**2, rel=1e-12)
