"""Runs of a method: every variant by name, the same data in every number system, and comparison bit by bit."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import flint
import numpy as np
import sympy as sp
from flint import arb, fmpq

from momoracle import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, AdaTAMW, MoMo, MoMoAdam
from momoracle.reference import Method
from momoracle.reference.numbers.rounded_balls import IllPosed, Precision, Rounded

Tensors: TypeAlias = list[Any]
BITS = 2000  # exponents of float64 span 2^±1074: with this many bits no sum or product of a few entries is rounded

#: every method, and every switch that changes its text
METHODS: dict[str, Method] = {
    "sgd": SGD(lr=0.1, weight_decay=0.1),
    "sgdm": SGDM(lr=0.1, weight_decay=0.1),
    "adam": Adam(lr=0.1, weight_decay=0.1),
    "adamw": AdamW(lr=0.1),
    "momo": MoMo(weight_decay=0.1),
    "momo corrected": MoMo(bias_correction=True),
    "momo estimating": MoMo(lr=10.0, lower_bound=-1.0, estimate_lower_bound=True),
    "momo-adam": MoMoAdam(lr=0.1, weight_decay=0.1),
    "momo-adam estimating": MoMoAdam(lr=1.0, lower_bound=-1.0, estimate_lower_bound=True),
    "momo-adam decoupled": MoMoAdam(lr=0.1, weight_decay=0.1, decoupled_decay=True),
    "tam": TAM(weight_decay=0.1),
    "tam global": TAM(per_tensor=False),
    "adatam": AdaTAM(lr=0.1),
    "adatam like adam": AdaTAM(lr=0.1, per_tensor=False, averaged_momentum=True, bias_correction=True),
    "adatamw": AdaTAMW(lr=0.1),
}


class Problem(NamedTuple):
    """An open-loop problem: the start, and per step the gradients and the loss."""

    params: Tensors
    grads: Sequence[Tensors]
    losses: Sequence[Any]

    def mapped(self, entry: Callable[[Any], Any], loss: Callable[[Any], Any] | None = None) -> "Problem":
        """Return the problem with every entry (and loss) mapped, in object arrays."""
        return Problem(
            [objects(x, entry) for x in self.params],
            [[objects(g, entry) for g in step] for step in self.grads],
            [(loss or entry)(f) for f in self.losses],
        )

    def astype(self, dtype: str) -> "Problem":
        return Problem(
            [np.asarray(x, dtype) for x in self.params],
            [[np.asarray(g, dtype) for g in step] for step in self.grads],
            [float(f) for f in self.losses],
        )


class Step(NamedTuple):
    params: Any
    state: Any
    trace: Any

    def quantities(self) -> dict[str, list[Any]]:
        """Return every quantity of the step, each as a list of arrays or numbers."""
        named = {"params": self.params, **self.trace._asdict()}
        named |= {name: value for name, value in self.state._asdict().items() if name not in ("step", "replicas")}
        return {name: value if isinstance(value, list) else [value] for name, value in named.items()}

    def entries(self) -> dict[str, list[Any]]:
        """Return every number of the step, flat, under its quantity's name."""
        return {
            name: [entry for part in parts for entry in (part.flat if isinstance(part, np.ndarray) else [part])]
            for name, parts in self.quantities().items()
        }


def steps_of(method: Any, problem: Problem, replicas: int | None = None) -> list[Step]:
    """Return every step of a run."""
    params, path = problem.params, []
    state = method.init(params, replicas)
    for grads, loss in zip(problem.grads, problem.losses, strict=True):
        params, state, trace = method.step(params, grads, state, loss)
        path.append(Step(params, state, trace))
    return path


def objects(array: Any, entry: Callable[[Any], Any]) -> Any:
    """Return an object array of the same shape, entry by entry."""
    result = np.empty(np.shape(array), dtype=object)
    flat = np.asarray(array).reshape(-1)
    result.reshape(-1)[:] = [entry(value) for value in flat]
    return result


# -- entries of each number system ------------------------------------------------------------------------------------


def rational(value: Any) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(float(value))


def ball(value: Any) -> arb:
    exact = rational(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def symbolic(value: Any) -> sp.Rational:
    exact = rational(value)
    return sp.Rational(exact.numerator, exact.denominator)


def rounded_entries(dtype: str) -> tuple[Callable[[Any], Rounded], Callable[[Any], Rounded]]:
    """Return how an entry and a loss become numbers that account for the rounding errors of one dtype."""
    info = np.finfo(dtype)
    precision = Precision(float(info.eps) / 2, float(info.tiny), exact_hyperparameters=dtype == "float64")
    return lambda entry: precision.entry(ball(entry)), lambda loss: precision.exact(ball(loss))


def with_bounds(method: Method, problem: Problem, dtype: str = "float64") -> list[dict[str, list[Rounded]]] | None:
    """Return a run's exact quantities with bounds on their rounding errors; None where rounding decides a branch."""
    entry, loss = rounded_entries(dtype)
    with flint.ctx.workprec(BITS):
        try:
            return [step.entries() for step in steps_of(method, problem.mapped(entry, loss))]
        except IllPosed:
            return None


def slack(number: Rounded, dtype: str) -> float:
    """Return how far a float may be from a quantity: first-order errors, doubled for all higher orders, and its own."""
    info = np.finfo(dtype)
    own = abs(number.value) * float(info.eps) + float(info.tiny)
    return float((number.bound() * 2 + own).upper())


def holds(enclosure: arb, z: Fraction | float) -> bool:
    """Tell whether a ball contains a number, exactly."""
    if isinstance(z, float):
        return float(enclosure) == z
    middle, radius = (exact_dyadic(part) for part in (enclosure.mid(), enclosure.rad()))
    return abs(z - middle) <= radius


def exact_dyadic(point: arb) -> Fraction:
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


# -- comparison --------------------------------------------------------------------------------------------------------


def bits(value: Any) -> Any:
    """Return what two equal results have in common: kind, shape, dtype and every bit."""
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return value.shape, [str(entry) for entry in value.flat]
        return value.shape, value.dtype.str, value.tobytes()
    return type(value), np.float64(value).tobytes() if isinstance(value, float) else value


def of_replica(value: Any, r: int, like: Any) -> Any:
    """Return one run's part of an ensemble's result, in the form that ``like``, that run's own result, has."""
    if isinstance(like, list):
        return [of_replica(item, r, other) for item, other in zip(value, like, strict=True)]
    return float(value[r]) if isinstance(like, float) else np.array(value[r])


def assert_same_replica(together: Step, r: int, alone: Step) -> None:
    """Refuse a replica that differs by a bit from the run that it stands for."""
    ours, theirs = together.quantities(), alone.quantities()
    for name, expected in theirs.items():
        got = of_replica(ours[name], r, expected)
        assert bits(got) == bits(expected), f"replica {r}, {name}: {got}, alone {expected}"


def stacked(problems: Sequence[Problem]) -> Problem:
    """Return several problems as replicas of one."""
    return Problem(
        [np.stack(x) for x in zip(*(p.params for p in problems), strict=True)],
        [[np.stack(g) for g in zip(*steps, strict=True)] for steps in zip(*(p.grads for p in problems), strict=True)],
        [np.array(f) for f in zip(*(p.losses for p in problems), strict=True)],
    )


def random_problem(
    shapes: Iterable[tuple[int, ...]], count: int = 4, dtype: str = "float64", seed: int = 1, loss_scale: float = 1.0
) -> Problem:
    """Return a problem with normally distributed entries and losses between 1/2 and 3."""
    draw = np.random.default_rng(seed)
    shapes = list(shapes)

    def tensors() -> Tensors:
        return [np.asarray(draw.standard_normal(shape)).astype(dtype) for shape in shapes]

    losses = [loss_scale * float(draw.uniform(0.5, 3)) for _ in range(count)]
    return Problem(tensors(), [tensors() for _ in range(count)], losses)
