"""Golden vectors of methods that the package has never seen: proven, checked, complete, and able to notice mistakes."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from support.own_methods import NESTEROV, NGN, deviating, write_method
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.reference import method_of
from momoracle.reference.frame.edited import edited
from momoracle.reference.frame.registry import name_of
from momoracle.reference.golden import files, vectors_of
from momoracle.reference.golden.cases import Maker
from momoracle.reference.golden.vectors import GoldenVector, VectorFile

OWN = {"nesterov": NESTEROV, "ngn": NGN}


@pytest.fixture(scope="module", params=list(OWN.values()), ids=list(OWN))
def content(request: pytest.FixtureRequest) -> VectorFile:
    return vectors_of(request.param)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "400"})
    return result.exit_code, result.output


# -- the files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", OWN.values(), ids=OWN)
def test_written_and_checked(algorithm: str, tmp_path: Path) -> None:
    status, output = run("golden", "write", algorithm, "--out", tmp_path)
    assert (status, "left out" in output) == (0, False)
    path = files.path_of(algorithm, tmp_path)
    assert path.name == f"{name_of(algorithm)}.json"
    assert run("golden", "check", algorithm, "--folder", tmp_path)[0] == 0
    path.write_text(path.read_text("utf-8").replace('"hex":"0x1.', '"hex":"0x1.1', 1), "utf-8")
    status, output = run("golden", "check", algorithm, "--folder", tmp_path)
    assert status == 1
    assert "differs" in output


def test_the_file_obeys_the_schema_under_its_own_name(content: VectorFile) -> None:
    written = json.loads(files.encode(content.algorithm, content.vectors))
    schema = files.schema_of(content.algorithm)
    jsonschema.Draft202012Validator(schema).validate(written)
    with pytest.raises(jsonschema.ValidationError, match="momo"):
        jsonschema.Draft202012Validator(schema).validate({**written, "algorithm": "momo"})


def test_reading_a_file_gives_what_was_built(content: VectorFile, tmp_path: Path) -> None:
    text = files.encode(content.algorithm, content.vectors)
    files.write([(content.algorithm, text)], tmp_path)
    again = files.load(content.algorithm, tmp_path)
    assert again.algorithm == content.algorithm
    assert {vector.algorithm for vector in again.vectors} == {content.algorithm}
    assert files.encode(again.algorithm, again.vectors) == text
    assert again.flags == content.flags


def test_the_package_s_files_are_read_and_not_proven_again() -> None:
    content = vectors_of("sgd")
    assert files.encode("sgd", content.vectors) == files.path_of("sgd").read_text("utf-8")


def test_the_vectors_are_the_caller_s_to_change() -> None:
    first = vectors_of(NESTEROV).vectors[0]
    before = first.params[0].copy()
    first.params[0][...] = 7
    assert (vectors_of(NESTEROV).vectors[0].params[0] == before).all()


def test_a_method_of_one_s_own_never_lies_among_the_package_s_files(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("from momoracle import MoMo as Base\nclass MoMo(Base):\n    pass\n", "utf-8")
    with pytest.raises(ValueError, match="folder of your own"):
        files.load(f"{path}:MoMo")
    for command in ("write", "check"):
        status, output = run("golden", command, f"{path}:MoMo")
        assert status == 2
        assert "give a folder" in output
    status, output = run("golden", "write", f"{path}:MoMo", "momo", "--out", tmp_path)
    assert (status, "same file name" in output) == (2, True)


# -- the values --------------------------------------------------------------------------------------------------------


def nesterov(vector: GoldenVector) -> list[dict[str, list[Fraction]]]:
    """Rerun a vector of one tensor in rationals, from the formulas alone."""
    beta = Fraction(vector.hyperparameters["beta"])  # type: ignore[arg-type]
    x, records = [Fraction(float(z)) for z in vector.params[0].flat], []
    m = [Fraction(0)] * len(x)
    for k, step in enumerate(vector.steps):
        g = [Fraction(float(z)) for z in step.grads[0].flat]
        m = [beta * a + b for a, b in zip(m, g, strict=True)]
        x = [a - rate(vector, k) * (b + beta * c) for a, b, c in zip(x, g, m, strict=True)]
        records.append({"params": x, "momentum": m})
    return records


def ngn(vector: GoldenVector) -> list[dict[str, list[Fraction]]]:
    """Rerun a vector of one tensor in rationals, from the formulas alone."""
    h: dict[str, Any] = vector.hyperparameters
    omega, strength, shrinkage = (Fraction(h[name]) for name in ("omega", "strength", "shrinkage"))
    x, records, average = [Fraction(float(z)) for z in vector.params[0].flat], [], Fraction(vector.steps[0].loss)
    for k, step in enumerate(vector.steps):
        g, alpha = [Fraction(float(z)) for z in step.grads[0].flat], rate(vector, k)
        average += (1 - omega) * (Fraction(step.loss) - average)
        norm = sum((z * z for z in g), Fraction(0))
        tau = 2 * alpha * average / (2 * average + strength * alpha * norm)
        x = [a - tau * (b + shrinkage * a) / (2 if h["half"] else 1) for a, b in zip(x, g, strict=True)]
        records.append({"params": x, "loss_average": [average], "gradient_norm_sq": [norm], "step_size": [tau]})
    return records


def rate(vector: GoldenVector, k: int) -> Fraction:
    rates = vector.hyperparameters["lr"]
    return Fraction(rates[k] if isinstance(rates, tuple) else rates)


def nearest(z: Fraction) -> float:
    try:
        return float(z)
    except OverflowError:
        return float("inf") if z > 0 else float("-inf")


@pytest.mark.parametrize(("algorithm", "rerun"), [(NESTEROV, nesterov), (NGN, ngn)], ids=OWN)
def test_every_value_is_the_nearest_float_to_the_rational_one(algorithm: str, rerun: Any) -> None:
    compared = 0
    for vector in vectors_of(algorithm).vectors:
        if len(vector.params) > 1 or len(vector.steps) > 100:
            continue
        for k, (step, record) in enumerate(zip(vector.steps, rerun(vector), strict=True), start=1):
            for name, expected in step.expected.items():
                assert expected.values[0].ravel().tolist() == [nearest(z) for z in record[name]], (vector.id, k, name)
                compared += 1
    assert compared > 100


def test_the_reference_is_within_its_own_tolerances(content: VectorFile) -> None:
    assert deviating(method_of(content.algorithm), content.vectors) == []
    assert content.left_out == {}


# -- the cases ---------------------------------------------------------------------------------------------------------


def test_every_hyperparameter_takes_several_values_in_both_dtypes(content: VectorFile) -> None:
    for dtype in ("float64", "float32"):
        vectors = [vector for vector in content.vectors if vector.dtype == dtype]
        for name in vectors[0].hyperparameters:
            values = {vector.hyperparameters[name] for vector in vectors}
            assert len(values) >= (2 if isinstance(vectors[0].hyperparameters[name], bool) else 3), name
    ids = [vector.id for vector in content.vectors]
    assert len(set(ids)) == len(ids)


#: a small change of the text, and whether a hyperparameter other than its default is needed to notice it
MISTAKES = {
    NESTEROV: [
        ("(g + beta * m), {", "m, {"),
        ("g + beta * ‹m›)", "state.momentum"),
        ("m = ‹beta› * state", "0.9"),
        ("(g + ‹beta› * m)", "0.9"),
        ("x - ‹now.alpha› *", "(self.lr(1) if callable(self.lr) else self.lr)"),
    ],
    NGN: [
        ("‹(1 - omega)› * now", "1.0"),
        ("omega = now.numbers, now.alpha, now.numbers.scalar(‹self.omega›)", "0.75"),
        ("n.quotient(gg, ‹2 * ›f_bar)", ""),
        ("n.scalar(‹self.strength›)", "1.0"),
        ("n.scalar(self.strength) * ‹alpha› *", "n.scalar(1.0)"),
        ("n.scalar(‹self.shrinkage›)", "0.0"),
        ("(tau ‹/ 2› if", ""),
        ("g + n.scalar(self.shrinkage) * ‹x›", "g"),
        ("(now.loss ‹if now.k == 1 else state.loss_average›)", ""),
        ("‹if now.k == 1 else state.loss_average›", "if now.k <= 2 else state.loss_average"),
        ("n.dots((g, ‹g›))", "x"),
    ],
}
PLANTED = [(algorithm, edit) for algorithm, edits in MISTAKES.items() for edit in edits]


@pytest.mark.parametrize(("algorithm", "edit"), PLANTED, ids=[f"{name_of(a)}-{edit[0]}" for a, edit in PLANTED])
def test_a_planted_mistake_is_noticed(algorithm: str, edit: tuple[str, str]) -> None:
    content = vectors_of(algorithm)
    core = [vector for vector in content.vectors if content.kind(vector) == "core"]
    assert deviating(edited(algorithm, [edit]), core)


def test_hyperparameters_may_have_any_names(tmp_path: Path) -> None:
    """Names that the makers of cases use for arguments of their own, and names that ids cannot hold."""
    algorithm = write_method(
        tmp_path,
        (
            "    beta: Share = 0.9\n",
            "    beta: Share = 0.9\n    scale: Nonnegative = 1.0\n    losses: Share = 0.0\n    name: bool = False\n"
            "    η: Annotated[float, Range(1, 2)] = 1.0\n    Big_One: Annotated[int, Range(1, 10)] = 3\n",
        ),
        (
            "state.momentum + g",
            "state.momentum + n.scalar(self.scale) * n.scalar(self.η) * g + n.scalar(self.losses) * x"
            " * n.scalar(self.Big_One) * (2 if self.name else 1)",
        ),
        ('"momentum": m}', '"momentum": m} '),
    )
    content = vectors_of(algorithm)
    assert deviating(method_of(algorithm), content.vectors) == []
    values = {name: {vector.hyperparameters[name] for vector in content.vectors} for name in ("scale", "η", "Big_One")}
    assert values == {"scale": {0.0, 0.5, 1.0, 8.0}, "η": {1.0, 1.5, 1.984375}, "Big_One": {1.0, 3.0, 5.0, 9.0}}
    jsonschema.Draft202012Validator(files.schema_of(algorithm)).validate(
        json.loads(files.encode(algorithm, content.vectors))
    )


def test_a_range_that_excludes_the_usual_values_leaves_those_cases_out(tmp_path: Path) -> None:
    algorithm = write_method(tmp_path, ("beta: Share = 0.9", "beta: Annotated[float, Range(0.25, 0.75)] = 0.5"))
    values = {vector.hyperparameters["beta"] for vector in vectors_of(algorithm).vectors}
    assert values == {0.25, 0.5, 0.7421875}


def test_a_range_without_ends_is_varied_around_zero(tmp_path: Path) -> None:
    algorithm = write_method(
        tmp_path,
        ("beta: Share = 0.9", "beta: Share = 0.9\n    shift: BelowInfinity = 0.0"),
        ("state.momentum + g", "state.momentum + g + n.scalar(self.shift) * x"),
    )
    content = vectors_of(algorithm)
    assert {vector.hyperparameters["shift"] for vector in content.vectors} == {-4.0, 0.0, 0.5, 4.0}
    assert {name.split("-", 2)[2] for name in content.left_out} == {"vary-shift-absent"}


def test_a_case_whose_results_do_not_fit_is_left_out_and_said(tmp_path: Path) -> None:
    algorithm = write_method(tmp_path, ("state.momentum + g", "state.momentum + g * g * g * g"))
    content = vectors_of(algorithm)
    assert {name: reason for name, reason in content.left_out.items() if "huge" in name} == {
        f"own-{dtype}-huge": f"a result does not fit {dtype}" for dtype in ("float64", "float32")
    }
    status, output = run("golden", "write", algorithm, "--out", tmp_path)
    assert status == 0
    assert "left out own-float64-huge: a result does not fit float64" in output


# -- what is missing ---------------------------------------------------------------------------------------------------

LACKS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "no range": ([("beta: Share", "beta: float")], r"Own\.beta declares no range; .*Share.*Range\(low, high\)"),
    "no default": (
        [("lr: LearningRate = 0.1\n    beta: Share = 0.9", "lr: LearningRate\n    beta: Share")],
        r"Own\.lr has no default; .*give it one",
    ),
    "a text": ([("beta: Share = 0.9", 'beta: Share = 0.9\n    mode: str = "fast"')], r"Own\.mode is 'fast'.*switch"),
    "a port's own name": ([("beta: Share = 0.9", "beta: Share = 0.9\n    params: Share = 0.5")], r"Own\.params.*other"),
    "a default outside": ([("beta: Share = 0.9", "beta: Share = 1.5")], r"beta is 1\.5; allowed: 0 <= beta < 1"),
    "a function of NumPy": ([("state.momentum + g", "state.momentum + np.exp(g)")], r"own\.py:\d+ in advance.*may use"),
    "a branch of Python": ([("n = now.numbers", "n = now.numbers\n        g = g if g > 0 else x")], "own.py:.*less"),
    "a root of a float": (
        [("n.scalar(self.beta)", "float(n.scalar(self.beta)) ** 0.5")],
        r"own-float64-basic \(default settings.*own\.py:\d+ in advance.*may use.*sqrt",
    ),
    "a loss that is not asked for": (
        [("self.beta) *", "self.beta) * now.loss *")],
        r"own\.py:\d+ in advance.*needs_loss",
    ),
    "a division by zero": (
        [("n = now.numbers", "n = now.numbers\n        (gg,) = n.dots((g, g))\n        g = g * (1 / gg)")],
        "ZeroDivisionError.*own.py.*quotient",
    ),
    "an unknown field": ([("self.beta", "self.gamma")], r"no attribute 'gamma'.*own\.py"),
    "a quantity that is missing": ([('{"momentum": m}', "{}")], "returned no momentum, which State or Trace declares"),
    "a scalar for a vector": ([('"momentum": m}', '"momentum": now.alpha}')], r"a scalar as momentum.*Own\.tensors"),
    "no quantities": ([('Advance(x - now.alpha * m, {"momentum": m})', "x")], r"return Advance\(x, \{…\}\)"),
    "no vector of parameters": ([("Advance(x - now.alpha * m", "Advance(now.alpha")], "a scalar as the new parameters"),
    "no tensors": ([('tensors: ClassVar[tuple[str, ...]] = ("momentum",)', "")], r"start\(\) gives no momentum"),
    "a start of nothing": (
        [("    def advance", '    def start(self) -> Any:\n        return {"memory": 0}\n\n    def advance')],
        r"start\(\) gives memory; only scalars",
    ),
}


@pytest.mark.parametrize("lack", LACKS)
def test_what_a_method_lacks_is_named(lack: str, tmp_path: Path) -> None:
    edits, pattern = LACKS[lack]
    algorithm = write_method(tmp_path, *edits)
    with pytest.raises(ValueError, match=pattern):
        vectors_of(algorithm)
    status, output = run("golden", "write", algorithm, "--out", tmp_path)
    assert status == 2
    assert "Traceback" not in output


UNDECLARED: dict[str, tuple[tuple[str, str], str]] = {
    "no trace": (("    Trace: ClassVar[Any] = Trace\n", ""), "declares no Trace.*OwnTrace"),
    "no state": (("    State: ClassVar[Any] = State\n", ""), "declares no State.*OwnState"),
    "a state of its own kind": (("    step: int\n", ""), "first two must be `step: int`"),
    "a tensor that is nowhere": (('("momentum",)', '("momentun",)'), "momentun.*State or Trace has: momentum"),
    "a text for a tuple": (('("momentum",)', '"momentum"'), "a tuple of names"),
}


@pytest.mark.parametrize("lack", UNDECLARED)
def test_a_class_that_cannot_be_made_is_told_why_where_it_is_loaded(lack: str, tmp_path: Path) -> None:
    edit, pattern = UNDECLARED[lack]
    algorithm = write_method(tmp_path, edit)
    status, output = run("golden", "write", algorithm, "--out", tmp_path)
    assert status == 2
    assert "Traceback" not in output
    with pytest.raises(LookupError, match=f"importing it failed with TypeError: Own.*{pattern}"):
        method_of(algorithm)


def test_a_method_without_any_proven_default_case_is_refused(tmp_path: Path) -> None:
    edit = ("n = now.numbers", "n = now.numbers\n        g = n.select(n.less(*n.dots((g, x), (x, g))), 1.0, 2.0) * g")
    with pytest.raises(ValueError, match="the first case, own-float64-basic, has no proof: rounding may decide"):
        vectors_of(write_method(tmp_path, edit))


def test_the_first_case_is_the_one_that_the_refusal_names() -> None:
    assert Maker("sgd", "float64").case_id("basic") in {vector.id for vector in files.load("sgd").vectors}


def test_numpy_numbers_are_defaults_too(tmp_path: Path) -> None:
    algorithm = write_method(tmp_path, ("beta: Share = 0.9", "beta: Share = np.float64(0.9)"))
    assert deviating(method_of(algorithm), vectors_of(algorithm).vectors) == []
    assert np.isclose(float(vectors_of(algorithm).vectors[0].hyperparameters["beta"]), 0.9)  # type: ignore[arg-type]
