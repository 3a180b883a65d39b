"""Real data made interpolating: the data sets that scikit-learn ships, with more random features than samples.

N samples and p ≥ N random ReLU features φ(x) = (W x + c)_+ admit weights that fit any labels. The weights of least norm
are rounded to a grid on which all products are exact, and regression targets are the exact predictions, which differ
from the labels by that rounding only; so x* is exact and the labels are those of the data.
"""

from typing import Any

import numpy as np

from momoracle.convergence.losses.hinge_loss import half_square_hinge, hinge
from momoracle.convergence.losses.least_squares import half_square
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.problems.dyadic import exact_products, on_grid
from momoracle.convergence.problems.gradient_bounds import Constant, Proportional, longest_row
from momoracle.convergence.problems.problem import Array, Constants, Problem

SAMPLES = 100
FEATURES = 128


def diabetes_least_squares(samples: int = SAMPLES, features: int = FEATURES) -> Problem:
    """Return least squares for the disease progression of ``samples`` patients, standardised.

        f(x, s) = ½ (<φ_s, x> − y_s)²

    with φ_s random ReLU features. It needs scikit-learn (extra `data`).

    Args:
        samples: N ≥ 2, the first of the data set.
        features: n ≥ N.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
        ValueError: samples or features is outside its range.

    Source: Efron et al. 2004, the diabetes data, as scikit-learn ships it.

    >>> problem = diabetes_least_squares(samples=9, features=16)
    >>> problem.mean_loss(problem.constants.optimum[None])  # it interpolates
    array([0.])
    """
    data, target = _load("load_diabetes", samples)
    return _regression("diabetes", data, (target - target.mean()) / target.std(), features)


def breast_cancer_hinge(samples: int = SAMPLES, features: int = FEATURES) -> Problem:
    """Return the hinge loss of telling malignant from benign tumours.

        f(x, s) = (1 − y_s <φ_s, x>)_+

    with φ_s random ReLU features. It needs scikit-learn (extra `data`).

    Args:
        samples: N ≥ 2, the first of the data set.
        features: n ≥ N.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
        ValueError: samples or features is outside its range.

    Source: the Wisconsin diagnostic breast cancer data, as scikit-learn ships it.

    >>> problem = breast_cancer_hinge(samples=9, features=16)
    >>> problem.mean_loss(problem.constants.optimum[None])  # it interpolates
    array([0.])
    """
    data, target = _load("load_breast_cancer", samples)
    return _classification("breast-cancer", data, np.where(target > 0, 1.0, -1.0), features, squared=False)


def digits_squared_hinge(samples: int = SAMPLES, features: int = FEATURES) -> Problem:
    """Return the squared hinge loss of telling odd from even handwritten digits.

        f(x, s) = ½ (1 − y_s <φ_s, x>)_+²

    with φ_s random ReLU features. It needs scikit-learn (extra `data`).

    Args:
        samples: N ≥ 2, the first of the data set.
        features: n ≥ N.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
        ValueError: samples or features is outside its range.

    Source: Alpaydin & Kaynak 1998, the digits data, as scikit-learn ships it.

    >>> problem = digits_squared_hinge(samples=9, features=16)
    >>> problem.mean_loss(problem.constants.optimum[None])  # it interpolates
    array([0.])
    """
    data, target = _load("load_digits", samples)
    return _classification("digits", data, np.where(target % 2 > 0, 1.0, -1.0), features, squared=True)


def load_bundled(name: str) -> Any:
    """Return the data set of a loader of scikit-learn, as ``load_digits``.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed (extra `data`).
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise ModuleNotFoundError("the real data sets come with scikit-learn: pip install 'momoracle[data]'") from None
    return getattr(datasets, name)()


def _load(name: str, samples: int) -> tuple[Array, Array]:
    """Return the first ``samples`` of a data set with standardised features."""
    loaded = load_bundled(name)
    if not 2 <= samples <= len(loaded.data):
        raise ValueError(f"samples is {samples}; allowed: 2 <= samples <= {len(loaded.data)}, what {name} has")
    data = loaded.data[:samples]
    return (data - data.mean(axis=0)) / (data.std(axis=0) + (data.std(axis=0) == 0)), loaded.target[:samples]


def features_of(data: Array, features: int, seed: int = 0) -> Array:
    """Return random ReLU features of standardised data on a grid of 2^−8, rows about 1 long.

    Raises:
        ValueError: there are fewer features than samples, so that they need not fit all labels.
    """
    if features < len(data):
        raise ValueError(f"features is {features}; allowed: features >= samples = {len(data)}, so that any labels fit")
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal((data.shape[1], features)) / np.sqrt(data.shape[1])
    hidden = np.maximum(data @ weights + generator.standard_normal(features), 0)
    return on_grid(hidden * np.sqrt(2 / features), 2.0**-8)


def _regression(name: str, data: Array, labels: Array, features: int) -> Problem:
    rows = features_of(data, features)
    optimum = on_grid(np.linalg.lstsq(rows, labels, rcond=None)[0], 2.0**-24)
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Proportional(longest**2),
        smoothness=longest**2,
    )
    oracle = LinearModel(rows, exact_products(rows, optimum), half_square)
    about = f"½ (<φ, x> − y)², {len(rows)} samples, {features} random features"
    return Problem(name, np.zeros(features), len(rows), oracle, constants, about=about)


def _classification(name: str, data: Array, labels: Array, features: int, squared: bool) -> Problem:
    rows = labels[:, None] * features_of(data, features)
    # Aimed at a margin a little above 1, so that it is at least 1 after the rounding.
    optimum = on_grid(np.linalg.lstsq(rows, np.full(len(rows), 1 + 2.0**-10), rcond=None)[0], 2.0**-24)
    least = exact_products(rows, optimum).min()
    if least < 1:
        raise ValueError(f"{name}: the least margin at x* is {least}, below 1; raise features above {features}")
    longest = longest_row(rows)
    constants = Constants(
        lower_bound=0.0,
        convex=True,
        interpolates=True,
        optimum=optimum,
        lipschitz=Proportional(longest**2) if squared else Constant(longest),
        smoothness=longest**2 if squared else None,
        why_not={} if squared else {"smoothness": "the hinge has a kink"},
    )
    oracle = LinearModel(rows, np.ones(len(rows)), half_square_hinge if squared else hinge)
    kind = "½ (1 − y <φ, x>)_+²" if squared else "(1 − y <φ, x>)_+"
    about = f"{kind}, {len(rows)} samples, {features} random features"
    return Problem(name, np.zeros(features), len(rows), oracle, constants, about=about)
