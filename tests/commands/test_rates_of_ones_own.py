"""`momoracle rates` with a user's own problems and methods: what is wrong in them is named."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.own_methods import NESTEROV, NGN
from typer.testing import CliRunner

from momoracle.commands.command_line import app
from momoracle.commands.terminal import console

QUICK = ["--steps", "60", "--seeds", "200"]
OWN = """
import numpy as np
from momoracle.convergence import Constants, Problem, one_point

rows, targets = np.eye(2), np.ones(2)


def half_square(x, sample):
    residual = rows[sample] @ x - targets[sample]
    return residual**2 / 2, residual * rows[sample]


constants = Constants(lower_bound=0.0, convex=True, interpolates=True, optimum=np.ones(2), smoothness=1.0)
mine = Problem("mine", np.zeros(2), 2, one_point(half_square), constants)


def scaled(start=0.0):
    return Problem("scaled", np.full(2, start), 2, one_point(half_square), constants)
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


def rates(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["rates", *arguments], env={"COLUMNS": "400"})


def last_line(result: Any) -> str:
    return str(result.output).splitlines()[-1]


def test_a_users_own_problem(tmp_path: Path) -> None:
    file = tmp_path / "own_problem.py"
    file.write_text(OWN, "utf-8")
    try:
        result = rates(f"{file}:mine", f"{file}:scaled:start=3", *QUICK)
        assert result.exit_code == 0, result.output
        assert "mine" in result.output
        assert "scaled" in result.output
    finally:
        sys.modules.pop("own_problem", None)


WRONG = """
import numpy as np
from momoracle.convergence import Constants, Problem, one_point


def made(function):
    return Problem("mine", np.ones(2), 3, function, Constants(lower_bound=0.0))


def shape(x, s):
    return x @ x / 2, np.ones(3)


def arity(x):
    return x @ x / 2, x


def short(x, s):
    return (x @ x / 2,)


def broken(x, s):
    raise KeyError("nothing here")


def text(x, s):
    return "high", x


def many(x, s):
    return (x**2).sum(axis=1), x.sum(axis=1)


def alone(x, s):
    return (x**2).sum(axis=1)


class Means:
    def __call__(self, x, s):
        return (x**2).sum(axis=1) / 2, x

    def mean_loss(self, x):
        return 1.0


one = {function.__name__: made(one_point(function)) for function in (shape, arity, short, broken, text)}
shape_, arity_, short_, broken_, text_ = one.values()
many_, alone_, vector_broken, means = made(many), made(alone), made(broken), made(Means())
number = 3


def loss():
    return 2.5


def maker(size=2):
    raise RuntimeError("no data")
"""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shape_", "mine: sample_loss_and_grad: the function of one point returned a gradient of shape (3,) "
         "(wrong.py:10 in shape); needed is the point's, (2,)"),
        ("arity_", "mine: sample_loss_and_grad raised TypeError: arity() takes 1 positional argument but 2 were given "
         "(wrong.py:14 in arity); needed is a function of one point, (n,), and one sample number"),
        ("short_", "returned a tuple of 1 (wrong.py:18 in short); needed is the loss, a number, and the gradient"),
        ("broken_", "raised KeyError: 'nothing here' (wrong.py:23 in broken)"),
        ("text_", "returned what are no numbers (ValueError: could not convert string to float: 'high') (wrong.py"),
        ("many_", "returned shapes (256,) and (256,) for points of shape (256, 2) (wrong.py:30 in many); needed are"),
        ("alone_", "returned a ndarray (wrong.py:34 in alone) (ValueError: too many values to unpack"),
        ("vector_broken", "raised KeyError: 'nothing here' (wrong.py:23 in broken)"),
        ("means", "mine: mean_loss returned shape () (wrong.py:42 in mean_loss); needed is ("),
        ("number", ":number is 3, of type int; needed is a momoracle.convergence.Problem, or a function of keyword"),
        ("many", ":many needs x, s (wrong.py:30 in many); needed is a momoracle.convergence.Problem, or a"),
        ("loss", ":loss gave a float (wrong.py:52 in loss); a momoracle.convergence.Problem is needed"),
        ("maker", ":maker raised RuntimeError: no data (wrong.py:57 in maker)"),
        ("maker:foo=3", ":maker has no option foo; it has size"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_users_file_is_told_with_its_line(tmp_path: Path, name: str, told: str) -> None:
    file = tmp_path / "wrong.py"
    file.write_text(WRONG, "utf-8")
    try:
        result = rates(f"{file}:{name}", "--steps", "3", "--seeds", "2", "--method", "sgdm:lr=0.1")
    finally:
        sys.modules.pop("wrong", None)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert told in " ".join(result.output.replace("│", " ").split())


def test_a_users_file_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    for text, told in (
        ("x = = 2", "importing cannot.py failed with SyntaxError: invalid syntax (cannot.py, line 1)"),
        (
            "\nimport nothing_here",
            "ModuleNotFoundError: No module named 'nothing_here' (cannot.py:2 in <module>)",
        ),
    ):
        file = tmp_path / "cannot.py"
        file.write_text(text, "utf-8")
        result = rates(f"{file}:P")
        sys.modules.pop("cannot", None)
        assert result.exit_code == 2
        assert told in " ".join(result.output.replace("│", " ").split())


FLATTERED = """
from dataclasses import replace

import numpy as np
from momoracle.convergence import Constants, Problem, least_squares, one_point
from momoracle.convergence.losses.noisy import noisy_absolute_loss, noisy_least_squares

true, noisy, absolute = least_squares(4, 8), noisy_least_squares(4, 8), noisy_absolute_loss(4, 8)


def stating(problem, **constants):
    return replace(problem, constants=replace(problem.constants, **constants))


def twice(x, s):
    loss, gradient = true.sample_loss_and_grad(x, s)
    return loss, 2 * gradient


# No point fits every sample, and steps are as long as if one had a loss of -1.
below = Problem("below", absolute.start, absolute.samples, absolute.sample_loss_and_grad, Constants(lower_bound=-1.0))
minimum = stating(noisy, minimum=noisy.constants.minimum + 0.2)
optimum = stating(true, optimum=true.constants.optimum + 0.125)
doubled = replace(true, sample_loss_and_grad=twice)
endless = stating(true, lipschitz=lambda radius: float("inf"))
"""


@pytest.mark.parametrize(
    ("name", "status", "says"),
    [
        ("below", 1, "below, momo: the gap grows, from"),
        ("minimum", 2, "is no minimum: at x = "),
        ("optimum", 2, "constants.interpolates is wrong, or optimum no minimiser, sample "),
        ("doubled", 2, "the gradient is not that of the loss, sample "),
        ("endless", 2, "is inf: at x = "),
    ],
)
def test_what_once_was_said_to_hold_or_accused_a_theorem_is_not(
    tmp_path: Path, name: str, status: int, says: str
) -> None:
    file = tmp_path / "flattered.py"
    file.write_text(FLATTERED, "utf-8")
    result = rates(f"{file}:{name}", "--steps", "400", "--seeds", "64")
    assert result.exit_code == status, result.output
    text = " ".join(result.output.replace("│", " ").split())
    assert says in text
    assert "violated" not in text
    assert "hold" not in last_line(result)


def test_a_method_in_a_file_gets_what_applies_and_is_told_what_does_not(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    methods = ["--method", f"{NESTEROV}:lr=0.01|0.1", "--method", NGN]
    result = rates("hinge", *QUICK, *methods, "--json", str(file), "--details")
    assert result.exit_code == 0, result.output
    labels = ["nesterov.py:Nesterov:lr=0.01", "nesterov.py:Nesterov:lr=0.1", "ngn.py:NGN"]
    content = json.loads(file.read_text("utf-8"))["rates"]
    assert [rate["method"] for rate in content] == labels
    for rate, kind in zip(content, ("Nesterov", "Nesterov", "NGN"), strict=True):
        assert rate["average"][-1] < rate["average"][0]
        outcomes = {c["id"]: (c["verdict"], c["reason"]) for c in rate["certificates"]}
        assert outcomes["f*"] == outcomes["min f"] == ("holds", "")  # about the problem, whatever the method is
        assert outcomes["M5"] == ("not applicable", f"the theory is about MoMo, the method is {kind}")
    assert last_line(result) == "3 rates: 3 no bound applies"
    assert "ngn.py:NGN: for a bound that applies, run MoMo" in result.output
    refused = rates("hinge", *QUICK, "--method", f"{NGN}:lr=0")
    assert refused.exit_code == 2
    assert "lr is 0" in refused.output
