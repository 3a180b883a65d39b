"""A fault planted in the reference is noticed by `verify`, by `golden check`, and by the other implementation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import checkout

from momoracle.paper_checks.claim import EFFORTS, CheckMethod, Falsified, Optimizers
from momoracle.paper_checks.refutation import wrong
from momoracle.paper_checks.registry import claims

#: in whose text, what, what instead, and a claim of the papers that must turn red
CLAIMED_FAULTS = {
    "half the step": ("momo", "step_size(model, f_star, alpha, n)", "step_size(model, f_star, alpha, n) / 2", "L2.1"),
    "a sign in h": ("momo momo-adam", "self.f_bar + self.dx - self.gamma", "self.f_bar + self.dx + self.gamma", "D1.1"),
    "a sign": ("momo momo-adam", "rho * f_star) + dx", "rho * f_star) - dx", "L2.1"),
    "a missing ½": ("momo momo-adam", "tau * model.dd / 2", "tau * model.dd", "D1.3"),
    "β for 1 − β": ("momo", "f_bar) + (1 - beta) * f\n", "f_bar) + beta * f\n", "M4"),
    "ρ forgotten": ("momo momo-adam", "n.minimum(alpha / rho,", "n.minimum(alpha,", "M1"),
    "the factor 1 + αλ forgotten": ("momo momo-adam", "n.positive(shrink * (f_bar", "n.positive((f_bar", "L3.1"),
    "a norm for its square": (
        "momo",
        "Model(f_bar, gamma, rho, dx, dd,",
        "Model(f_bar, gamma, rho, dx, n.sqrt(dd),",
        "M6",
    ),
    "γ's weights swapped": (
        "tam adatam adatamw",
        "gamma * average + (1 - gamma) * s",
        "(1 - gamma) * average + gamma * s",
        "T4",
    ),
    "the damping reversed": ("tam adatam adatamw", "(1 + s_hat) / 2", "(1 - s_hat) / 2", "T7"),
    "ε inside the root": ("momo-adam", "/ (1 - beta2**k)) + eps", "/ (1 - beta2**k) + eps * eps)", "D1.2"),
    "a stale loss": ("momo", "+ (1 - beta) * f\n", "+ (1 - beta) * state.loss_average\n", "M11"),
}

#: runs `momoracle` several times in one process, and prints the exit statuses
COMMANDS = """
import sys
from typer.testing import CliRunner
from momoracle.commands.command_line import app
print(*(CliRunner().invoke(app, command.split()).exit_code for command in sys.argv[1:]))
"""
INDEPENDENT = ("-m", "pytest", "-q", "-c", os.devnull, "tests/test_independent.py", "-k", "sgdm-float64-decay")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("reference", "ports", "convergence", "paper_checks", "tests"):
        shutil.copytree(checkout.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout.ROOT / "src", tmp_path / "src", symlinks=True)
    return tmp_path


def run_python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy."""
    path = os.pathsep.join(str(copy / folder) for folder in ("src", "tests"))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-B", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False, text=True)


@checkout.needed
def test_a_planted_fault_is_noticed(copy: Path) -> None:
    path = copy / "reference" / "sgdm.py"
    text = path.read_text(encoding="utf-8")
    old, new = '{"momentum": m}', '{"momentum": m / 2}'
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    # With the vectors written anew from the faulty text, the last check is satisfied; the independent implementation,
    # which shares no code with the reference, is not.
    check = "golden check --algorithm sgdm"
    commands = ("verify --claim golden-sgdm", check, "golden write --algorithm sgdm", check)
    result = run_python(copy, "-c", COMMANDS, *commands)
    assert result.stdout.split() == ["1", "1", "0", "0"], result.stderr
    assert run_python(copy, *INDEPENDENT).returncode == 1


@pytest.mark.parametrize("fault", CLAIMED_FAULTS)
def test_a_planted_fault_turns_a_claim_of_the_papers_red(fault: str) -> None:
    algorithms, old, new, name = CLAIMED_FAULTS[fault]
    optimizers = wrong(algorithms, (old, new))()

    assert any(is_refuted(method, optimizers) for method in claims()[name].methods if not method.needs)


def is_refuted(method: CheckMethod, optimizers: Optimizers) -> bool:
    """Tell whether a check finds a counterexample; one that stops has not shown that anything is wrong."""
    try:
        method.check(optimizers, EFFORTS["quick"])
    except Falsified:
        return True
    except Exception:
        return False
    return False
