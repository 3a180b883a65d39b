"""A problem: losses f(·, s) of samples s = 0, …, N−1, and what is known about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite, sqrt
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from momoracle.common.user_code import error_text
from momoracle.convergence.problems.problem_error import ProblemError, call_user_code, defined_at
from momoracle.reference.numbers import fixed_order

Array: TypeAlias = Any
Oracle: TypeAlias = Callable[[Array, Array], tuple[Array, Array]]

_MOST_ROUNDOFF = 2.0**26

#: what each fact means, for the reasons why a certificate does not apply
FACTS = MappingProxyType(
    {
        "convex": "every f(·, s) is convex",
        "interpolates": "one point minimises every f(·, s), with value f_*",
        "optimum": "x* is known",
        "lipschitz": "a bound G on the gradients near x* is known",
        "smoothness": "a Lipschitz constant L of the gradients is known",
        "minimum": "the infimum of the mean loss is known",
    }
)


@dataclass(frozen=True)
class Constants:
    """What is known about the losses; each bound is rigorous, in real arithmetic, for the data as stored.

    Args:
        lower_bound: f_* ≤ f(x, s) for all x and s, in the unit of the loss.
        convex: whether every f(·, s) is convex.
        interpolates: whether one x* has f(x*, s) = f_* for every s.
        minimum: the infimum of the mean loss, where it is known; left out where the problem interpolates, for there it
            is `lower_bound` (see ``infimum``).
        optimum: x*, a minimiser of the mean loss, shape (n,).
        lipschitz: G as a function of a radius r: ‖g‖ ≤ G(r) for every (sub)gradient at ‖x − x*‖ ≤ r.
        smoothness: L: every gradient is L-Lipschitz.
        why_not: for a fact of `FACTS` that does not hold or is not known, the reason.

    Raises:
        ValueError: a number is not finite, a bound is negative, or the problem interpolates at another minimum.

    >>> known = Constants(lower_bound=0.0, convex=True, why_not={"smoothness": "the loss has a kink"})
    >>> known.lacks("convex")
    ''
    >>> known.lacks("smoothness")
    'a Lipschitz constant L of the gradients is known: is missing (the loss has a kink)'
    """

    lower_bound: float
    convex: bool = False
    interpolates: bool = False
    minimum: float | None = None
    optimum: Array | None = None
    lipschitz: Callable[[float], float] | None = None
    smoothness: float | None = None
    why_not: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isfinite(self.lower_bound):
            raise ValueError(f"lower_bound is {self.lower_bound}; allowed: a number at most every loss")
        if self.interpolates and self.infimum != self.lower_bound:
            raise ValueError(
                f"minimum is {self.minimum} and lower_bound {self.lower_bound}, but a problem that interpolates has "
                "both equal: leave minimum out"
            )
        if self.smoothness is not None and not 0 <= self.smoothness < inf:
            raise ValueError(f"smoothness is {self.smoothness}; allowed: 0 <= smoothness < inf, or None")
        if self.optimum is not None and not np.isfinite(self.optimum).all():
            raise ValueError("optimum has entries that are not finite; pass a minimiser, or None where none is known")
        if unknown := sorted(set(self.why_not) - set(FACTS)):
            raise ValueError(f"why_not explains {', '.join(unknown)}; allowed: {', '.join(FACTS)}")

    @property
    def infimum(self) -> float | None:
        """The infimum of the mean loss: ``minimum``, or f_* where the problem interpolates; None where unknown."""
        return self.lower_bound if self.minimum is None and self.interpolates else self.minimum

    def lacks(self, fact: str) -> str:
        """Return why a ``fact`` of `FACTS` cannot be used, or an empty text where it can."""
        value = self.infimum if fact == "minimum" else getattr(self, fact)
        if value is not None and value is not False:
            return ""
        kind = "does not hold" if value is False else "is missing"
        return f"{FACTS[fact]}: {kind}" + (f" ({self.why_not[fact]})" if fact in self.why_not else "")


@dataclass(frozen=True)
class Problem:
    """A finite sum f(x) = (1/N) Σ_s f(x, s), for many points at once.

    Args:
        name: for tables and files.
        start: x^1, shape (n,).
        samples: N ≥ 1.
        sample_loss_and_grad: maps points x, shape (R, n), and sample numbers, shape (R,), to the losses f(x_r, s_r),
            shape (R,), and (sub)gradients, shape (R, n); `one_point` makes it from a function of a single point.
        constants: what is known.
        in_order: samples are taken as 0, 1, 2, … again and again, not drawn.
        roundoff: c, how far rounding may put the oracle off, see `oracle_error`; from 0 to 2^26, or None for n + 8.
        about: one line about the losses.

    Raises:
        ValueError: ``start`` is no finite vector, ``samples`` is below 1, the optimum has another shape, or
            ``roundoff`` is outside its range.

    >>> import numpy as np
    >>> rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> def half_square(x, s):
    ...     residual = np.vecdot(rows[s], x)
    ...     return residual**2 / 2, residual[:, None] * rows[s]
    >>> problem = Problem("mine", np.array([1.0, 2.0]), 2, half_square, Constants(lower_bound=0.0))
    >>> problem.mean_loss(np.array([[1.0, 2.0], [0.0, 0.0]]))
    array([2.5, 0. ])
    """

    name: str
    start: Array
    samples: int
    sample_loss_and_grad: Oracle
    constants: Constants
    in_order: bool = False
    roundoff: float | None = None
    about: str = ""

    def __post_init__(self) -> None:
        start = self.start_point
        if start.ndim != 1 or not start.size or not np.isfinite(start).all():
            raise ValueError(f"start has shape {start.shape}; allowed: one vector of finite numbers, shape (n,)")
        if isinstance(self.samples, bool) or not isinstance(self.samples, int) or not 1 <= self.samples < 2**32:
            raise ValueError(f"samples is {self.samples!r}; allowed: an integer from 1 to 2^32 − 1")
        if self.roundoff is not None and not 0 <= self.roundoff <= _MOST_ROUNDOFF:
            raise ValueError(
                f"roundoff is {self.roundoff}; allowed: 0 <= roundoff <= 2^26, or None for n + 8: a larger one grants "
                "an error of half of float64's digits, and lets wrong constants pass"
            )
        optimum = self.constants.optimum
        if optimum is not None and np.shape(optimum) != start.shape:
            raise ValueError(f"constants.optimum has shape {np.shape(optimum)} where start has {start.shape}")

    @property
    def start_point(self) -> Array:
        """x^1 as an array in float64, shape (n,)."""
        return np.asarray(self.start, dtype=np.float64)

    @property
    def size(self) -> int:
        """n, the number of coordinates."""
        return int(self.start_point.size)

    @property
    def distance(self) -> float | None:
        """‖x^1 − x*‖, where x* is known."""
        return None if self.constants.optimum is None else norm(self.start_point - self.constants.optimum)

    @property
    def gradient_bound(self) -> float | None:
        """G on the ball of radius ‖x^1 − x*‖ around x*, where it is known."""
        distance, bound = self.distance, self.constants.lipschitz
        return None if distance is None or bound is None else float(bound(distance))

    def astype(self, dtype: Any) -> "Problem":
        """Return the same problem with its data in another ``dtype``; an oracle without ``astype`` stays as it is."""
        oracle: Any = self.sample_loss_and_grad
        return replace(self, sample_loss_and_grad=oracle.astype(dtype)) if hasattr(oracle, "astype") else self

    def mean_loss(self, x: Array) -> Array:
        """Return f(x) of each point of ``x`` in float64, shape (R,), by one and the same sequence of sums for each.

        Raises:
            ProblemError: the oracle raises, or returns something else than is needed.
        """
        oracle: Any = self.sample_loss_and_grad
        if hasattr(oracle, "mean_loss"):
            what = f"{self.name}: mean_loss"
            means = call_user_code(what, "needed is a function of points x, shape (R, n)", oracle.mean_loss, x)
            if np.shape(means) != (len(x),):
                where = defined_at(oracle.mean_loss)
                raise ProblemError(f"{what} returned shape {np.shape(means)}{where}; needed is ({len(x)},)")
            return means
        total = np.zeros(len(x))
        for s in range(self.samples):
            total += self.answers(x, np.full(len(x), s))[0]
        return total / self.samples

    def answers(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return losses in float64 and gradients in the dtype of the points.

        Args:
            x: points, shape (R, n).
            sample: their sample numbers, shape (R,).

        Raises:
            ProblemError: the oracle raises, or returns something else than is needed.
        """
        oracle, what = self.sample_loss_and_grad, f"{self.name}: sample_loss_and_grad"
        wraps = isinstance(oracle, one_point)
        takes = "one point, (n,), and one sample number" if wraps else "points, (R, n), and sample numbers, (R,)"
        answer: Any = call_user_code(what, f"needed is a function of {takes}", oracle, x, sample)
        needed = f"needed are losses of shape ({len(x)},) and gradients of shape {x.shape}"
        try:
            loss, gradient = answer
            shapes = np.shape(loss), np.shape(gradient)
            if shapes != ((len(x),), x.shape):
                raise ProblemError(
                    f"{what} returned shapes {shapes[0]} and {shapes[1]} for points of shape {x.shape}"
                    f"{defined_at(oracle)}; {needed}: wrap a function of one point in one_point"
                )
            return np.asarray(loss, dtype=np.float64), np.asarray(gradient).astype(x.dtype, copy=False)
        except ProblemError:
            raise
        except (TypeError, ValueError) as error:
            came = f"{what} returned {describe_kind(answer)}{defined_at(oracle)} ({error_text(error)})"
            raise ProblemError(f"{came}; {needed}") from error

    def oracle_error(self, loss: Array, gradient_norm: Array, reach: Array) -> Array:
        """Return how far rounding may put f(x, s) + <g, x* − x> above what it is, in units of the machine epsilon.

        ``loss`` is f(x, s), ``gradient_norm`` ‖g‖, ``reach`` as below; each of shape (R,).

        A stable oracle answers for a point beside x: of a loss φ(<a, x>), value and slope are those at a z that is off
        by at most n ε ‖a‖‖x‖, relatively exact. So the error is at most c (‖g‖ ‖x‖' + |f|), c = n + 8, where ‖x‖'
        bounds ‖x‖ + ‖x* − x‖ (``reach``). A problem with a less stable oracle gives a larger c as ``roundoff``.
        """
        factor = self.size + 8 if self.roundoff is None else self.roundoff
        return factor * (gradient_norm * reach + np.abs(loss))


def describe_kind(value: Any) -> str:
    """Say what kind of value a user's function returned.

    >>> describe_kind((1.0,)), describe_kind(None)
    ('a tuple of 1', 'a NoneType')
    """
    size = f" of {len(value)}" if isinstance(value, tuple | list) else ""
    return f"a {type(value).__name__}{size}"


def norm(x: Array) -> float:
    """Return ‖x‖."""
    return sqrt(float(fixed_order.sum_products(x, x)))


@dataclass(frozen=True)
class one_point:  # noqa: N801 - reads as the function that it stands for
    """Make an oracle for many points from a ``function`` of one point x, shape (n,), and one sample number.

    >>> import numpy as np
    >>> oracle = one_point(lambda x, s: (float(x @ x) / 2, x))
    >>> oracle(np.array([[3.0, 4.0]]), np.array([0]))
    (array([12.5]), array([[3., 4.]]))
    """

    function: Callable[[Array, int], tuple[float, Array]]

    def __call__(self, x: Array, sample: Array) -> tuple[Array, Array]:
        """Return the losses and gradients, one a point.

        Raises:
            ProblemError: the function returns something else than a number and a gradient of the shape of the point.
        """
        loss, grad = np.empty(len(x)), np.empty_like(x)
        for r, (point, s) in enumerate(zip(x, sample.tolist(), strict=True)):
            answer = self.function(point, s)
            if not isinstance(answer, tuple | list) or len(answer) != 2:
                raise ProblemError(f"{self._came} {describe_kind(answer)}{defined_at(self.function)}; {self._needed}")
            if np.shape(answer[1]) != point.shape:
                shape = f"a gradient of shape {np.shape(answer[1])}"
                raise ProblemError(
                    f"{self._came} {shape}{defined_at(self.function)}; needed is the point's, {point.shape}"
                )
            try:
                loss[r], grad[r] = answer
            except (TypeError, ValueError) as error:
                came = f"what are no numbers ({error_text(error)})"
                raise ProblemError(f"{self._came} {came}{defined_at(self.function)}; {self._needed}") from error
        return loss, grad

    _came = "the function of one point returned"
    _needed = "needed is the loss, a number, and the gradient, shape (n,)"
