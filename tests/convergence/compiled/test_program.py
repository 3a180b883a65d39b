"""The compiled step: the ordinary step, bit for bit, once both take their sums in the same order."""

import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.zoo_small import small

from momoracle import SGD, SGDM, TAM, Adam, AdamW, AdaTAM, AdaTAMW, MoMo, MoMoAdam, WarmUp
from momoracle.convergence import NO_CAP, Constants, Ensemble, Problem, rates, run
from momoracle.convergence.certificates.stated import STATED
from momoracle.convergence.compiled.recording import NotRecorded, record
from momoracle.convergence.engine import tile
from momoracle.convergence.engine.tile import Tile
from momoracle.convergence.losses.least_squares import half_square
from momoracle.convergence.losses.linear_model import LinearModel
from momoracle.convergence.rates_json import to_json
from momoracle.convergence.run import compiled_where_possible
from momoracle.reference.numbers import fixed_order

pytest.importorskip("llvmlite", reason="needs the extra `fast`")

from momoracle.convergence.compiled import tile as compiled_tile
from momoracle.convergence.compiled.lanes import Emitter
from momoracle.convergence.compiled.program import Program
from momoracle.convergence.compiled.step_code import StepCode

METHODS: dict[str, Any] = {
    "momo": MoMo(lr=NO_CAP),
    "momo capped": MoMo(lr=0.05, beta=0.5),
    "momo zero": MoMo(lr=1.0, bias_correction=True, weight_decay=0.01),
    "momo star": MoMo(lr=0.5, estimate_lower_bound=True, lower_bound=-1.0),
    "momo sgdm": MoMo(lr=0.1, lower_bound=-np.inf),
    "momo-adam": MoMoAdam(lr=0.1, weight_decay=0.01),
    "momo-adam star": MoMoAdam(lr=0.1, estimate_lower_bound=True, decoupled_decay=True, weight_decay=0.01),
    "tam": TAM(lr=0.05, weight_decay=0.01),
    "tam global": TAM(lr=0.05, per_tensor=False),
    "adatam": AdaTAM(lr=0.01),
    "adatam switched": AdaTAM(lr=0.01, averaged_momentum=True, bias_correction=True),
    "adatamw": AdaTAMW(lr=0.01, weight_decay=0.1),
    "sgd": SGD(lr=0.1),
    "sgdm": SGDM(lr=0.01, weight_decay=0.01),
    "adam": Adam(lr=0.01),
    "adamw": AdamW(lr=0.01),
}
LINEAR = (
    "least-squares",
    "absolute-loss",
    "huber",
    "hinge",
    "squared-hinge",
    "relu-regression",
    "noisy-least-squares",
    "noisy-absolute-loss",
)


def in_order(a: Any, b: Any) -> Any:
    """Return Σ a_i b_i, added in the order of the entries."""
    return np.add.accumulate(a * b, axis=-1)[..., -1]


@pytest.fixture
def sums_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ordinary step take its sums in the order in which the compiled one does."""

    def mean_loss(self: LinearModel, x: Any) -> Any:
        losses = self.loss(in_order(x[:, None, :], self.rows), self.targets)[0] + self.constant
        return np.add.accumulate(losses.astype(np.float64), axis=1)[:, -1] / len(self.rows)

    monkeypatch.setattr(fixed_order, "sum_products", in_order)
    monkeypatch.setattr(LinearModel, "mean_loss", mean_loss)


def contents(tiles: list[Tile]) -> dict[str, Any]:
    """Return everything that tiles hold, replica by replica."""
    found = {name: np.concatenate([t.rows[name] for t in tiles]) for name in tiles[0].rows}
    for name in tiles[0].ledgers:
        for part in ("checked", "first", "margin", "ratio"):
            found[f"{name} {part}"] = np.concatenate([getattr(t.ledgers[name], part) for t in tiles])
    found["retired"] = np.concatenate([t.retired for t in tiles])
    return found | {"capped": np.concatenate([t.capped for t in tiles])}


def differing(problem: Problem, method: Any, steps: int = 40, code: Program | None = None, **options: Any) -> list[str]:
    """Return what the compiled run and the ordinary one do not agree on, to the last bit."""
    watch = tuple(name for name in method.Trace._fields if name not in method.tensors)
    ensemble = Ensemble(problem, method, steps, watch=watch, **options)
    everyone = range(ensemble.replicas)
    compiled = contents([compiled_tile.advance(ensemble, everyone, code or Program(compiled_tile.code_of(ensemble)))])
    plain = contents([tile.advance(ensemble, everyone)])
    return [name for name in plain if not np.array_equal(compiled[name], plain[name], equal_nan=True)]


#: one method of each text: in float32 what differs is how scalars and vectors of two widths meet
NARROW = ("momo", "momo star", "momo-adam", "tam", "adatam", "sgdm", "adamw")


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, "float64") for name in METHODS), *((name, "float32") for name in NARROW)]
)
@pytest.mark.usefixtures("sums_in_order")
def test_every_method_takes_the_ordinary_step_bit_for_bit(name: str, dtype: str) -> None:
    method = METHODS[name]
    # What certificates compute does not depend on the method's options: of those of MoMo one has them.
    options: dict[str, Any] = {} if name == "momo" else {"certificates": STATED}
    assert differing(small("hinge"), method, seeds=19, dtype=dtype, **options) == []


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.usefixtures("sums_in_order")
def test_every_loss_takes_the_ordinary_step_bit_for_bit(name: str) -> None:
    problem = small(name)
    # All certificates apply to least squares; what they compute of a step does not depend on the loss.
    options: dict[str, Any] = {} if name == "least-squares" else {"certificates": STATED}
    for dtype in ("float64", "float32"):
        method = MoMo(lr=NO_CAP, beta=0.5, lower_bound=problem.constants.lower_bound)
        assert differing(problem, method, seeds=5, dtype=dtype, **options) == []


def falling(k: int) -> float:
    return 0.1 / k


@pytest.mark.usefixtures("sums_in_order")
def test_schedules_and_hyperparameters_of_each_replica_are_the_ordinary_ones() -> None:
    problem = small("least-squares")
    vary = {"beta": [0.0, 0.5, 0.9], "lr": [NO_CAP, 0.1, 0.01]}
    assert differing(problem, MoMo(bias_correction=True), seeds=3, vary=vary, steps=300) == []
    assert differing(problem, AdaTAM(lr=falling, bias_correction=True), seeds=3, steps=300) == []
    assert differing(problem, TAM(lr=0.01), seeds=3, vary={"gamma": [0.0, 0.3, 0.99]}) == []
    starts = np.stack([problem.start, problem.start + 1])
    assert differing(problem, MoMo(lr=0.1), seeds=3, starts=starts, first_seed=5) == []


MAGNITUDES = st.sampled_from([0.0, 1.0, -1.0, 3.0, 1e-30, 1e-160, -1e-170, 1e-310, 1e12, -1e30, 1e60, 1e110])


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Return least squares of four unknowns and three samples, of entries far apart; the zero vector is among them."""
    entries = [[draw(MAGNITUDES) * draw(st.floats(0.5, 2)) for _ in range(4)] for _ in range(3)]
    base = small("least-squares")
    oracle: Any = base.sample_loss_and_grad
    model = LinearModel(np.array(entries), np.array([draw(MAGNITUDES) for _ in range(3)]), oracle.loss)
    start = np.array([draw(MAGNITUDES.filter(lambda z: abs(z) < 1e38)) for _ in range(4)])
    return Problem("extreme", start, 3, model, Constants(lower_bound=0.0))


@cache
def extreme_program(method: str, dtype: str) -> Program:
    """Return the program of the extreme problems: they differ in what it reads, not in its text."""
    base = small("least-squares")
    model = LinearModel(np.ones((3, 4)), np.ones(3), half_square)
    problem = replace(base, start=np.ones(4), samples=3, sample_loss_and_grad=model, constants=Constants(0.0))
    return Program(compiled_tile.code_of(Ensemble(problem, METHODS[method], 12, dtype=dtype)))


@pytest.mark.usefixtures("sums_in_order")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")  # of the oracle
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problems(), st.sampled_from(list(METHODS)), st.sampled_from(["float64", "float32"]))
def test_whatever_leaves_plain_arithmetic_takes_the_ordinary_step(problem: Problem, method: str, dtype: str) -> None:
    code = extreme_program(method, dtype)
    assert differing(problem, METHODS[method], steps=12, code=code, seeds=3, dtype=dtype) == []


def cubed(z: Any, b: Any) -> tuple[Any, Any]:
    """A loss that explodes: a step from beyond 1 goes further away."""
    residual = z - b
    return residual * residual * residual * residual / 4, residual * residual * residual


@pytest.mark.usefixtures("sums_in_order")
def test_replicas_that_leave_the_range_retire_alone_in_the_ordinary_step() -> None:
    rows = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 0.5]])
    problem = Problem(
        "quartic", np.array([0.5, 0.5]), 3, LinearModel(rows, np.zeros(3), cubed), Constants(lower_bound=0.0)
    )
    starts = np.array([[0.1, 0.1], [3.0, -3.0], [1.0, 2.0]])
    for dtype in ("float64", "float32"):
        options: dict[str, Any] = {"seeds": 9, "starts": starts, "dtype": dtype}
        assert differing(problem, SGD(lr=0.4), **options) == []
        retired = contents(list(run(Ensemble(problem, SGD(lr=0.4), 40, compiled=True, **options))))["retired"]
        assert (retired > 0).any()
        assert (retired == 0).any()


@pytest.mark.usefixtures("sums_in_order")
def test_certificates_go_on_through_ordinary_steps() -> None:
    """Squares of 1e-170 underflow, so every step is left undone; what certificates carry goes to NumPy and back."""
    tiny = LinearModel(np.full((3, 4), 1e-170), np.ones(3), half_square)
    problem = Problem("tiny", np.zeros(4), 3, tiny, Constants(lower_bound=0.0))
    assert differing(problem, MoMo(lr=0.05, beta=0.5), seeds=5) == []
    assert differing(problem, SGD(lr=0.05), seeds=5) == []


FAULTS: dict[str, tuple[type[Any], str, Any]] = {
    "a sign": (
        Emitter,
        "operation",
        lambda old: lambda self, name, *rest: old(self, {"subtract": "add"}.get(name, name), *rest),
    ),
    "a comparison": (Emitter, "compare", lambda old: lambda self, how, a, b: old(self, how, b, a)),
    "a guard that is gone": (StepCode, "_trust", lambda old: lambda self, mask: None),
    "a row of the neighbour": (
        Emitter,
        "gather",
        lambda old: lambda self, base, ids, dtype: old(self, base, ids[::-1], dtype),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("sums_in_order")
def test_a_fault_in_the_code_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, make = FAULTS[fault]
    monkeypatch.setattr(owner, name, make(getattr(owner, name)))
    tiny = LinearModel(np.full((3, 4), 1e-170), np.ones(3), half_square)
    problem = Problem("tiny", np.zeros(4), 3, tiny, Constants(lower_bound=0.0))
    assert any(
        differing(given, MoMo(lr=0.05, beta=0.5), seeds=5, certificates=()) for given in (small("hinge"), problem)
    )


def test_results_depend_neither_on_tiles_nor_on_threads() -> None:
    given = Ensemble(
        small("hinge"), MoMo(lr=NO_CAP), 300, seeds=21, certificates=STATED, compiled=True, watch=("step_size",)
    )
    expected = contents(list(run(given, tile=21)))
    for processes, size in ((1, 1), (1, 16), (2, 7)):
        got = contents(list(run(given, processes, tile=size)))
        assert [name for name in expected if not np.array_equal(got[name], expected[name], equal_nan=True)] == []


@pytest.mark.parametrize("name", ["least-squares", "absolute-loss"])
def test_certificates_hold_and_results_are_near_in_the_other_order(name: str) -> None:
    problem = small(name)
    plain = Ensemble(problem, MoMo(lr=NO_CAP, lower_bound=problem.constants.lower_bound), 60, seeds=64)
    compiled = replace(plain, compiled=True)
    (one,), (other,) = rates(plain), rates(compiled)
    assert other.verdict == one.verdict == "holds"
    assert [(c.verdict, c.finding and c.finding.checked) for c in other.certificates] == [
        (c.verdict, c.finding and c.finding.checked) for c in one.certificates
    ]
    assert other.average == pytest.approx(one.average, rel=1e-6)
    assert (to_json(one)["compiled"], to_json(other)["compiled"]) == (False, True)


@pytest.mark.parametrize("method", [SGDM(lr=0.05), MoMo(lr=NO_CAP, lower_bound=1.25)])
def test_a_wrong_lower_bound_is_caught_as_without(method: Any) -> None:
    given = small("huber")
    wrong = replace(given, constants=Constants(lower_bound=1.25, minimum=1.25))  # it is 1
    plain = Ensemble(wrong, method, 300, seeds=40)
    (one,), (other,) = rates(plain, try_first=False), rates(replace(plain, compiled=True), try_first=False)
    for name in ("f*", "min f"):
        mine, same = ({c.certificate.id: c.finding for c in rate.certificates}[name] for rate in (one, other))
        assert mine is not None
        assert same is not None
        assert (mine.checked, mine.replicas, mine.violated) == (same.checked, same.replicas, same.violated)
        assert mine.violated > 0
        assert mine.first is not None
        assert same.first is not None
        assert same.first[:2] == mine.first[:2]
        assert same.first[2:] == pytest.approx(mine.first[2:])


def branching(z: Any, b: Any) -> tuple[Any, Any]:
    return (z, z) if z > b else (b, b)


def test_what_cannot_be_compiled_is_told_with_the_reason_and_run_without() -> None:
    rows = np.eye(2)
    mine = Problem("mine", np.zeros(2), 2, LinearModel(rows, np.zeros(2), branching), Constants(lower_bound=0.0))
    warm = WarmUp(TAM(), SGDM(), steps=3)
    for problem, method, reason in (
        (small("logistic"), MoMo(), "no instruction for exp"),
        (small("polyak-max"), MoMo(), "LinearModel"),
        (mine, MoMo(), "no truth value"),
    ):
        ensemble = Ensemble(problem, method, 5, compiled=True)
        with pytest.raises(ValueError, match=f"{type(method).__name__} on {problem.name} cannot be compiled.*{reason}"):
            next(run(ensemble))
        assert not compiled_where_possible(ensemble).compiled
    assert compiled_where_possible(Ensemble(small("hinge"), MoMo(), 5, compiled=True)).compiled
    with pytest.raises(NotRecorded, match="WarmUp has no text"):
        record(small("hinge"), warm, np.float64, ())


def test_without_llvmlite_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    for name in ("tile", "program", "step_code", "formulas", "lanes"):
        monkeypatch.delitem(sys.modules, f"momoracle.convergence.compiled.{name}")
        monkeypatch.delattr(f"momoracle.convergence.compiled.{name}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"momoracle\[fast\]"):
        next(run(Ensemble(small("hinge"), MoMo(), 5, compiled=True)))
