"""The inequalities are stated once: the proofs over rationals and the certificates over floats read the same text."""

from collections.abc import Callable
from typing import Any

import pytest
from support.zoo_small import momo, rate_of, small

from momoracle.convergence.certificates import inequalities
from momoracle.convergence.certificates.momo_measures import Measured
from momoracle.paper_checks.claim import EFFORTS, Falsified, Optimizers
from momoracle.paper_checks.momo_rates import m05_descent, m06_rate, m07_cap, m08_smooth, m13_smooth_sharper

#: an inequality, its left side enlarged so that it is false, the claim's check of it, and its certificate
FALSE: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "descent": (lambda m: (m.distance_sq_after + 100 * m.gain, m.distance_sq), m05_descent.check_exactly, "M5"),
    "distances": (lambda m: (2 * m.distance_sq, m.distance_sq_after), m05_descent.check_exactly, "M5 distance"),
    "least_model_gap": (lambda m: (9 * m.gap, m.model_gap), m06_rate.check_exactly, "M4"),
    "sum_of_squares": (lambda m: (m.start_sq, m.squares), m06_rate.check_exactly, "M6 sum"),
    "path_rate": (lambda m, g: (m.gaps, (g / 10**6, m.k, m.start_sq)), m06_rate.check_exactly, "M6 path"),
    "sum_of_gains": (lambda m: (m.start_sq, m.gains), m07_cap.check_exactly, "M7 sum"),
    "least_gain": (lambda m, g: ((m.cap * m.gap * 9, m.gap**2 / g * 10**6), m.gain), m07_cap.check_exactly, "M7 gain"),
    "smooth_rate": (lambda m, c: (m.gaps**2, c * m.gaps * m.start_sq / 10**6), m08_smooth.check_exactly, "M8"),
    "smooth_gradient": (lambda m, c: (m.gradient_norm_sq, c * m.gap / 100), m08_smooth.check_exactly, "L"),
    "smooth_descent": (
        lambda m, c: (m.distance_sq_after, m.distance_sq - 100 * m.gain),
        m13_smooth_sharper.check_exactly,
        "M8 descent",
    ),
    "sharp_smooth_rate": (lambda m, c: (m.gaps, c * m.start_sq / 10**6), m13_smooth_sharper.check_exactly, "M8 sharp"),
}


def test_the_measures_of_an_ensemble_have_every_quantity() -> None:
    assert set(inequalities.Quantities._fields) <= set(Measured._fields)


@pytest.mark.parametrize("name", FALSE)
def test_a_false_inequality_fails_as_a_claim_and_as_a_certificate(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    false, check, certificate = FALSE[name]
    monkeypatch.setattr(inequalities, name, false)
    with pytest.raises(Falsified):
        check(Optimizers(), EFFORTS["quick"])
    problem = small("least-squares")
    options = {"lr": 0.1} if name == "least_gain" else {}
    rate = rate_of(problem, momo(problem, beta=0.5, **options), steps=40, seeds=2)
    verdicts = {entry.certificate.id: entry.verdict for entry in rate.certificates}
    assert verdicts[certificate] == "violated"
