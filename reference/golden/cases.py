"""What the vectors prescribe: cases that every algorithm shares, as inputs without results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from momoracle.reference.frame.method import Method
from momoracle.reference.frame.ranges import Declaration, declarations_of
from momoracle.reference.frame.registry import method_of, name_of
from momoracle.reference.golden.draw import Draw
from momoracle.reference.golden.vectors import FloatArray, Hyperparameter

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (3, 1), (1, 3), (2, 3))
_LONG = (1, 2, 3, 5, 10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Case:
    """Inputs of one vector: everything but the results."""

    name: str
    algorithm: str
    dtype: str
    comment: str
    flags: tuple[str, ...]
    hyperparameters: dict[str, Hyperparameter]
    params: tuple[FloatArray, ...]
    losses: tuple[float, ...]
    grads: tuple[tuple[FloatArray, ...], ...]
    recorded: tuple[int, ...] | None = None  # steps whose results are recorded; None for all

    @property
    def id(self) -> str:
        """The stable name of the vector."""
        return Maker(self.algorithm, self.dtype).case_id(self.name)

    def vary(self, chosen: Mapping[str, Hyperparameter]) -> "Case":
        """Return the case with some hyperparameters replaced; a mapping, for their names may be any."""
        return replace(self, hyperparameters={**self.hyperparameters, **chosen})

    def settings(self) -> dict[str, Any]:
        """Return the hyperparameters as a method takes them: rates of a schedule as a callable of the step number."""
        rates = self.hyperparameters["lr"]
        changing = {"lr": lambda k: rates[k - 1]} if isinstance(rates, tuple) else {}
        return {**self.hyperparameters, **changing}

    def rate(self, k: int) -> Any:
        """Return the learning rate of step k."""
        rates = self.hyperparameters["lr"]
        return rates[k - 1] if isinstance(rates, tuple) else rates

    def scale(
        self, name: str, flag: str, comment: str, grads: float, losses: float = 1.0, params: float = 1.0
    ) -> "Case":
        """Return the case with gradients, losses and parameters multiplied."""

        def times(arrays: tuple[FloatArray, ...], factor: float) -> tuple[FloatArray, ...]:
            return tuple((z.astype(np.float64) * factor).astype(self.dtype) for z in arrays)

        return replace(
            self,
            name=name,
            comment=comment,
            flags=(flag,),
            params=times(self.params, params),
            grads=tuple(times(step, grads) for step in self.grads),
            losses=tuple(float(np.dtype(self.dtype).type(f * losses)) for f in self.losses),
        )


@dataclass(frozen=True)
class Maker:
    """Makes cases of one algorithm in one dtype."""

    algorithm: str
    dtype: str

    @property
    def method(self) -> type[Method]:
        """The class of the algorithm."""
        return method_of(self.algorithm)

    def case_id(self, name: str) -> str:
        """Return the id of the vector that the case of this name makes."""
        return f"{name_of(self.algorithm)}-{self.dtype}-{name}"

    def declarations(self) -> tuple[Declaration, ...]:
        """Return the hyperparameters that vectors set, as the class declares them.

        Raises:
            ValueError: one has no range, no default, or is neither a number nor a switch; the message names it.
        """
        chosen = [declared for declared in declarations_of(self.method) if not declared.is_convention]
        for declared in chosen:
            _check_declared(self.method, declared)
        return tuple(chosen)

    def hyperparameters(self, **chosen: Hyperparameter) -> dict[str, Hyperparameter]:
        """Return all hyperparameters: those chosen, and the method's defaults."""
        defaults: dict[str, Any] = {declared.name: declared.default for declared in self.declarations()}
        unknown = set(chosen) - set(defaults)
        if unknown:
            raise ValueError(f"{self.algorithm} has no {', '.join(sorted(unknown))}; it has {', '.join(defaults)}")
        return {**defaults, **chosen}

    def has(self, hyperparameter: str) -> bool:
        """Tell whether the algorithm has a hyperparameter."""
        return hyperparameter in self.hyperparameters()

    def accepts(self, **chosen: Hyperparameter) -> bool:
        """Tell whether the algorithm has these hyperparameters, and these values lie in the declared ranges."""
        by_name = {declared.name: declared for declared in self.declarations()}
        return all(name in by_name and _accepts(by_name[name], value) for name, value in chosen.items())

    def measures(self, quantity: str) -> bool:
        """Tell whether the trace of a step has a quantity."""
        return quantity in self.method.Trace._fields

    @property
    def usual_rate(self) -> float:
        """The learning rate of most cases; larger where the default says that it only caps the step."""
        (default,) = (declared.default for declared in self.declarations() if declared.name == "lr")
        return 0.3 if default >= 1 else 0.1

    def draw(
        self,
        name: str,
        comment: str,
        flags: Sequence[str],
        *,
        shapes: Sequence[tuple[int, ...]] = ((3,),),
        steps: int = 6,
        scale: float = 1.0,
        shift: float = 0.0,
        losses: tuple[float, float] = (0.5, 2.0),
        zero_steps: Sequence[int] = (),
        recorded: tuple[int, ...] | None = None,
        **chosen: Any,
    ) -> Case:
        """Return a case with drawn parameters, gradients and losses; gradients are zero in ``zero_steps``."""
        draw = Draw(f"{name_of(self.algorithm)} {name}")  # both dtypes see the same numbers
        params = tuple(draw.array(shape, self.dtype, scale, shift) for shape in shapes)
        grads, values = [], []
        for k in range(1, steps + 1):
            drawn = tuple(draw.array(shape, self.dtype) for shape in shapes)
            grads.append(tuple(np.zeros_like(g) for g in drawn) if k in zero_steps else drawn)
            values.append(float(np.dtype(self.dtype).type(draw.number(*losses))))
        return self.prescribe(name, comment, flags, params, values, grads, recorded, **chosen)

    def prescribe(
        self,
        name: str,
        comment: str,
        flags: Sequence[str],
        params: Sequence[Any],
        losses: Sequence[float],
        grads: Sequence[Sequence[Any]],
        recorded: tuple[int, ...] | None = None,
        **chosen: Any,
    ) -> Case:
        """Return a case with the numbers as given."""
        return Case(
            name,
            self.algorithm,
            self.dtype,
            comment,
            tuple(flags),
            self.hyperparameters(**chosen),
            tuple(np.asarray(p, dtype=self.dtype) for p in params),
            tuple(float(np.dtype(self.dtype).type(f)) for f in losses),
            tuple(tuple(np.asarray(g, dtype=self.dtype) for g in step) for step in grads),
            recorded,
        )


def shared_cases(make: Maker) -> Iterator[Case]:
    """Yield the cases that every algorithm has."""
    lr = make.usual_rate
    yield make.draw("basic", "default settings, one tensor", ["basic"], lr=lr)
    yield make.draw("defaults", "every hyperparameter at its default", ["basic"], steps=3)
    yield make.draw(
        "shapes", "tensors of six shapes together", ["shapes", "several_tensors"], shapes=SHAPES, lr=lr, steps=4
    )
    for shape in SHAPES:
        label = "x".join(map(str, shape)) or "scalar"
        yield make.draw(f"shape-{label}", f"one tensor of shape {shape}", ["shapes"], shapes=[shape], steps=3, lr=lr)
    yield make.draw(
        "zero-first", "no gradient at the first step", ["zero_gradient_first"], zero_steps=[1], steps=4, lr=lr
    )
    yield make.draw("zero-later", "no gradient at steps 3 and 4", ["zero_gradient_later"], zero_steps=[3, 4], lr=lr)
    yield make.draw(
        "zero-always", "no gradient at all", ["zero_gradient_first"], zero_steps=range(1, 4), steps=3, lr=lr
    )
    yield _with_zero_entries(
        make.draw("zero-entries", "one entry never has a gradient", ["zero_entries"], steps=4, lr=lr)
    )
    yield make.draw(
        "schedule", "the learning rate changes every step", ["changing_lr"], steps=5, lr=(0.1, 0.05, 0.2, 0.025, 0.4)
    )
    if make.accepts(weight_decay=0.5):
        yield make.draw("decay", "weight decay", ["weight_decay"], lr=lr, weight_decay=0.1)
        yield make.draw(
            "decay-shapes",
            "weight decay of a matrix and of a vector",
            ["weight_decay", "several_tensors"],
            shapes=((2, 3), (3,)),
            lr=lr,
            weight_decay=0.1,
        )
        # Here TAM's cosine is 1; with γ a dyadic number the damping is one too, not halfway between two of them.
        dyadic: dict[str, Any] = {"gamma": 0.875} if make.measures("cosine") else {}
        yield make.draw(
            "decay-only",
            "weight decay without gradients",
            ["weight_decay"],
            lr=lr,
            weight_decay=0.5,
            zero_steps=range(1, 4),
            steps=3,
            **dyadic,
        )
        yield make.draw(
            "decay-schedule",
            "weight decay and a changing learning rate",
            ["weight_decay", "changing_lr"],
            steps=4,
            weight_decay=0.2,
            lr=(0.4, 0.1, 0.2, 0.05),
        )
    for beta in ("beta", "beta1"):
        off, half = (dict[str, Any]({beta: value}) for value in (0.0, 0.5))
        if make.accepts(**off) and make.accepts(**half):
            yield make.draw("momentum-off", "no momentum", ["momentum_off"], steps=3, lr=lr, **off)
            yield make.draw("momentum-half", "momentum 1/2", ["basic"], steps=4, lr=lr, **half)
    if make.accepts(beta2=0.5):
        yield make.draw("second-moment-fast", "β₂ = 1/2", ["basic"], steps=4, lr=lr, beta2=0.5)
    if make.accepts(eps=0.25):
        yield make.draw("large-eps", "ε of the size of the gradients", ["large_eps"], steps=4, lr=lr, eps=0.25)
    if make.dtype == "float64":
        yield make.draw("long", "1000 steps", ["long_run"], shapes=[(2,)], steps=1000, recorded=_LONG, lr=1e-3)
    yield from _extremes(make, lr)


def _with_zero_entries(case: Case) -> Case:
    for step in case.grads:
        step[0][..., 0] = 0.0
    return case


def _extremes(make: Maker, lr: float) -> Iterator[Case]:
    small, large, root = (1e-200, 1e200, 1e150) if make.dtype == "float64" else (1e-30, 1e30, 1e18)
    base = make.draw("extreme", "", [], steps=4, lr=lr)
    yield base.scale("small", "small_entries", "everything near 1e-9", grads=1e-9, losses=1e-18, params=1e-9)
    if make.measures("cosine"):  # it has no unit, so a norm may be as small as a run that has converged makes it
        yield base.scale("smaller", "small_entries", "everything near 1e-14", grads=1e-14, losses=1e-28, params=1e-14)
    yield base.scale("tiny", "tiny_entries", f"gradients times {small:g}", grads=small)
    yield base.scale("tiny-all", "tiny_entries", f"gradients and parameters times {small:g}", grads=small, params=small)

    def huge(factor: float) -> Case:
        if not make.method.needs_loss:
            return base.scale("huge", "huge_entries", f"gradients times {factor:g}", grads=factor)
        # A loss near 1 would be rounding noise beside products near 1e200: it has to grow with them.
        comment = f"gradients and losses times {factor:g}"
        return base.scale("huge-loss", "huge_entries", comment, grads=factor, losses=factor)

    if make.method.needs_loss:
        comment = f"gradients and losses times {small:g}"
        yield base.scale("tiny-loss", "tiny_entries", comment, grads=small, losses=small)
    # Where the method itself keeps g², the largest gradient is the root of the format's largest number.
    yield huge(large) if fits(huge(large)) else huge(root)


def fits(case: Case) -> bool:
    """Tell whether everything that the method keeps fits the dtype of a case."""
    method, params = make_method(case), list(case.params)
    state = method.init(params)
    try:
        for loss, grads in zip(case.losses, case.grads, strict=True):
            params, state, _ = method.step(params, list(grads), state, loss=loss if method.needs_loss else None)
    except (OverflowError, FloatingPointError):
        return False
    return True


def make_method(case: Case) -> Method:
    """Return the case's method with its hyperparameters."""
    return method_of(case.algorithm)(**case.settings())


def _accepts(declared: Declaration, value: Hyperparameter) -> bool:
    if declared.is_switch or isinstance(value, bool):
        return declared.is_switch and isinstance(value, bool)
    if isinstance(value, tuple):  # rates of a schedule
        return all(_accepts(declared, rate) for rate in value)
    return declared.range is None or bool(declared.range.contains(value))


def _check_declared(method: type[Method], declared: Declaration) -> None:
    """Refuse a hyperparameter that no case could vary."""
    name = f"{method.__name__}.{declared.name}"
    if declared.name == "params":
        raise ValueError(f"{name}: a port's start(params, **hyperparameters) has this name already; choose another")
    if declared.default is MISSING:
        raise ValueError(f"{name} has no default; golden vectors start from the defaults: give it one")
    if declared.is_switch:
        return
    if isinstance(declared.default, (str, bytes)) or not isinstance(declared.default, (int, float, Real)):
        raise ValueError(
            f"{name} is {declared.default!r} by default; golden vectors hold numbers and switches alone: "
            "make it a number, or a switch that is True or False"
        )
    if declared.range is None:
        raise ValueError(
            f"{name} declares no range; golden vectors vary it over one: write `{declared.name}: Share` for [0, 1), "
            "`Nonnegative` for [0, inf), or `Annotated[float, Range(low, high)]`, from momoracle.reference.frame.ranges"
        )
