"""The constants of every problem: x*, f_*, G, L, convexity, and the gradients themselves."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.zoo_small import INTERPOLATING, NAMES, SMOOTH, small

from momoracle.convergence import Constants, Problem, one_point
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.zoo import from_text, problem

every_problem = pytest.mark.parametrize("name", NAMES)
interpolating = pytest.mark.parametrize("name", INTERPOLATING)
seeds = st.integers(0, 10**6)


def all_samples(given: Problem, x: Any) -> tuple[Any, Any]:
    """Return the losses and gradients of every sample at one point."""
    samples = np.arange(given.samples)
    loss, gradient = given.sample_loss_and_grad(np.tile(x, (given.samples, 1)), samples)
    return np.asarray(loss), np.asarray(gradient)


def near(given: Problem, seed: int, scale: float = 1.0) -> Any:
    """Return a point in the ball around x* whose radius is ``scale`` times ‖x^1 − x*‖, or around the start."""
    generator = np.random.default_rng(seed)
    center = given.start if given.constants.optimum is None else given.constants.optimum
    direction = generator.standard_normal(given.size)
    radius = scale * (given.distance or 1.0) * generator.uniform() ** (1 / given.size)
    return center + radius * direction / np.linalg.norm(direction)


@interpolating
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_sample_is_least_at_the_optimum_exactly(name: str, dtype: str) -> None:
    given = small(name).astype(dtype)
    if name in ("diabetes", "breast-cancer", "digits") and dtype == "float32":
        pytest.skip("real data are exact in float64 only")
    loss, _ = all_samples(given, np.asarray(given.constants.optimum, dtype))
    assert (loss == given.constants.lower_bound).all()


@interpolating
def test_the_targets_are_exact_in_rational_arithmetic(name: str) -> None:
    given = small(name)
    model = given.sample_loss_and_grad
    if not isinstance(model, LinearModel):
        pytest.skip("no linear model")
    for row, target in zip(model.rows, model.targets, strict=True):
        pairs = zip(row, np.asarray(given.constants.optimum), strict=True)
        z = sum(Fraction(float(a)) * Fraction(float(x)) for a, x in pairs)
        assert z >= 1 if "inge" in name or name in ("breast-cancer", "digits") else z == Fraction(float(target))


@every_problem
@given(seed=seeds)
def test_no_loss_is_below_the_lower_bound(name: str, seed: int) -> None:
    given = small(name)
    assert all_samples(given, near(given, seed, 3.0))[0].min() >= given.constants.lower_bound


@every_problem
def test_gradients_are_those_of_the_losses(name: str) -> None:
    given, step = small(name), 1e-6
    apart = []
    for seed in range(5):
        x = near(given, seed)
        gradient = all_samples(given, x)[1]
        shifts = step * np.eye(given.size)
        up = np.stack([all_samples(given, x + shift)[0] for shift in shifts], axis=1)
        down = np.stack([all_samples(given, x - shift)[0] for shift in shifts], axis=1)
        apart.append(np.abs((up - down) / (2 * step) - gradient) / (1 + np.abs(gradient)))
    # A kink within the step shows as an outlier, of which there may be few.
    assert np.quantile(np.stack(apart), 0.99) < 1e-5


@every_problem
@given(seed=seeds)
def test_convex_where_it_is_said(name: str, seed: int) -> None:
    given = small(name)
    x, y = near(given, seed), near(given, seed + 1)
    loss, gradient = all_samples(given, x)
    excess = loss + gradient @ (y - x) - all_samples(given, y)[0]
    if given.constants.convex:
        assert excess.max() <= 1e-12 * (1 + np.abs(loss).max() + np.abs(gradient).max())


def test_relu_regression_is_not_convex() -> None:
    given = small("relu-regression")
    worst = -np.inf
    for seed in range(100):
        x, y = near(given, seed, 2.0), near(given, seed + 1000, 2.0)
        loss, gradient = all_samples(given, x)
        worst = max(worst, (loss + gradient @ (y - x) - all_samples(given, y)[0]).max())
    assert worst > 0.1


@interpolating
@given(seed=seeds)
def test_gradients_are_bounded_on_the_ball(name: str, seed: int) -> None:
    given = small(name)
    bound = given.gradient_bound
    assert bound is not None
    assert np.linalg.norm(all_samples(given, near(given, seed))[1], axis=1).max() <= bound * (1 + 1e-12)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_bound_is_attained_or_nearly(name: str) -> None:
    given = small(name)
    bound, radius, model = given.gradient_bound, given.distance, given.sample_loss_and_grad
    assert bound is not None
    assert radius is not None
    assert isinstance(model, LinearModel)
    longest = model.rows[np.argmax(np.linalg.norm(model.rows, axis=1))]
    toward = longest / np.linalg.norm(longest) * radius
    largest = max(
        np.linalg.norm(all_samples(given, given.constants.optimum + sign * toward)[1], axis=1).max() for sign in (1, -1)
    )
    # On separable data x* has margin to spare, so less is attained.
    assert largest >= (0.5 if name == "squared-hinge" else 1 - 1e-9) * bound


@pytest.mark.parametrize("name", SMOOTH)
@given(seed=seeds)
def test_gradients_are_lipschitz(name: str, seed: int) -> None:
    given = small(name)
    x, y = near(given, seed), near(given, seed + 1)
    apart = np.linalg.norm(all_samples(given, x)[1] - all_samples(given, y)[1], axis=1).max()
    assert given.constants.smoothness is not None
    assert apart <= given.constants.smoothness * np.linalg.norm(x - y) * (1 + 1e-9)


@every_problem
def test_the_mean_is_that_of_the_samples(name: str) -> None:
    given = small(name)
    points = np.stack([near(given, seed) for seed in range(4)])
    expected = [all_samples(given, x)[0].mean() for x in points]
    np.testing.assert_allclose(given.mean_loss(points), expected, rtol=1e-13)
    assert (given.mean_loss(points[1:2]) == given.mean_loss(points)[1:2]).all()


@every_problem
def test_each_missing_fact_has_its_reason(name: str) -> None:
    constants = small(name).constants
    for fact in ("convex", "interpolates", "optimum"):
        if text := constants.lacks(fact):
            assert text.endswith(")")


def test_noise_leaves_the_minimum_of_the_mean_where_it_is_said() -> None:
    given = small("noisy-least-squares")
    best, minimum = given.constants.optimum, given.constants.minimum
    assert best is not None
    assert minimum is not None
    assert minimum > 1e-3
    np.testing.assert_allclose(given.mean_loss(best[None]), minimum, rtol=1e-10)
    # The minimiser is rounded to multiples of 2^-28, so each entry is off by half of that; f is L-smooth.
    off = 2.0**-29 * np.sqrt(given.size)
    assert given.constants.smoothness is not None
    assert np.linalg.norm(all_samples(given, best)[1].mean(axis=0)) <= given.constants.smoothness * off
    assert all_samples(given, best)[0].max() > 1e-3


def test_the_condition_number_is_about_what_was_asked() -> None:
    for condition in (2.0, 100.0):
        model = problem("least-squares", size=10, samples=20, condition=condition).sample_loss_and_grad
        assert isinstance(model, LinearModel)
        assert np.linalg.cond(model.rows) == pytest.approx(condition, rel=0.1)


def test_one_point_of_a_users_function() -> None:
    rows = np.array([[1.0, 2.0], [0.0, 1.0]])
    oracle = one_point(lambda x, s: (float(rows[s] @ x), rows[s]))
    own = Problem("own", np.array([1.0, 1.0]), 2, oracle, Constants(lower_bound=-9.0))
    assert own.mean_loss(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist() == [2.0, 1.0]


def test_a_problem_from_text() -> None:
    assert from_text("least-squares:size=3,samples=5,condition=2.5").size == 3


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("least-squarse", LookupError, "choose one of least-squares"),
        ("nowhere.py:f", LookupError, "there is no file 'nowhere.py'"),
        ("math:nothing", LookupError, "'math' has no 'nothing'"),
        ("math:pi", TypeError, "pi"),
        ("hinge:sizes=3", TypeError, "sizes"),
        ("hinge:size=many", ValueError, "'many' is not a number"),
    ],
)
def test_errors_name_the_problem(text: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        from_text(text)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Constants(lower_bound=np.inf), "lower_bound is inf"),
        (lambda: Constants(lower_bound=0.0, interpolates=True, minimum=1.0), "minimum is 1.0"),
        (lambda: Constants(lower_bound=0.0, smoothness=-1.0), "smoothness is -1.0"),
        (lambda: Constants(lower_bound=0.0, optimum=np.array([np.nan])), "optimum has entries"),
        (lambda: Constants(lower_bound=0.0, why_not={"fast": "no"}), "why_not explains fast"),
        (lambda: Problem("p", np.zeros((2, 2)), 1, print, Constants(0.0)), r"start has shape \(2, 2\)"),  # type: ignore[arg-type]
        (lambda: Problem("p", np.zeros(2), 0, print, Constants(0.0)), "samples is 0"),  # type: ignore[arg-type]
        (lambda: problem("least-squares", size=9, samples=3), "size is 9 and samples 3"),
        (lambda: problem("least-squares", condition=0.5), "condition is 0.5"),
        (lambda: problem("noisy-least-squares", level=0.0), "level is 0.0"),
    ],
)
def test_errors_name_the_constant(make: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()
