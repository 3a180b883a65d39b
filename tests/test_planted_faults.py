"""A fault planted in the reference is noticed by `verify`, by `golden check`, and by the other implementation."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import checkout

#: in which file, what, and what instead
FAULTS = {
    "half the step": ("momo.py", "step_size(model, f_star, alpha, n)", "step_size(model, f_star, alpha, n) / 2"),
    "a sign in h": ("momentum_model.py", "self.f_bar + self.dx - self.gamma", "self.f_bar + self.dx + self.gamma"),
}

#: in which file, what, what instead, and a claim of the papers that must turn red
CLAIMED_FAULTS = {
    "a sign": ("momentum_model.py", "rho * f_star) + dx", "rho * f_star) - dx", "L2.1"),
    "a missing ½": ("momentum_model.py", "tau * model.dd / 2", "tau * model.dd", "D1.3"),
    "β for 1 − β": ("momo.py", "f_bar) + (1 - beta) * f\n", "f_bar) + beta * f\n", "M4"),
    "ρ forgotten": ("momentum_model.py", "n.minimum(alpha / rho,", "n.minimum(alpha,", "M1"),
    "the factor 1 + αλ forgotten": ("momentum_model.py", "n.positive(shrink * (f_bar", "n.positive((f_bar", "L3.1"),
    "a norm for its square": (
        "momo.py",
        "Model(f_bar, gamma, rho, dx, dd,",
        "Model(f_bar, gamma, rho, dx, n.sqrt(dd),",
        "M6",
    ),
    "γ's weights swapped": (
        "torque.py",
        "gamma * average + (1 - gamma) * s",
        "(1 - gamma) * average + gamma * s",
        "T4",
    ),
    "the damping reversed": ("torque.py", "(1 + s_hat) / 2", "(1 - s_hat) / 2", "T7"),
    "ε inside the root": ("momo_adam.py", "/ (1 - beta2**k)) + eps", "/ (1 - beta2**k) + eps * eps)", "D1.2"),
    "a stale loss": ("momo.py", "+ (1 - beta) * f\n", "+ (1 - beta) * state.loss_average\n", "M11"),
}

INDEPENDENT = ("-m", "pytest", "-q", "-c", os.devnull, "tests/test_independent.py", "-k", "momo-float64-decay-polyak")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("reference", "ports", "paper_checks", "tests"):
        shutil.copytree(checkout.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout.ROOT / "src", tmp_path / "src", symlinks=True)
    return tmp_path


def status(copy: Path, *arguments: str) -> int:
    """Run Python on the copy and return its exit status."""
    path = os.pathsep.join(str(copy / folder) for folder in ("src", "tests"))
    command = [sys.executable, "-B", *arguments]
    result = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False)
    assert result.returncode in (0, 1), result.stderr.decode()
    return result.returncode


@checkout.needed
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(copy: Path, fault: str) -> None:
    name, old, new = FAULTS[fault]
    verify = ("-m", "momoracle", "verify", "--claim", "golden-momo")
    check = ("-m", "momoracle", "golden", "check", "--algorithm", "momo")
    assert status(copy, *verify) == 0
    path = copy / "reference" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert status(copy, *verify) == 1
    assert status(copy, *check) == 1
    # With the vectors written anew from the faulty text both are satisfied; the independent implementation is not.
    assert status(copy, *INDEPENDENT) == 0
    assert status(copy, "-m", "momoracle", "golden", "write", "--algorithm", "momo") == 0
    assert status(copy, *check) == 0
    assert status(copy, *INDEPENDENT) == 1


@checkout.needed
@pytest.mark.parametrize("fault", CLAIMED_FAULTS)
def test_a_planted_fault_turns_a_claim_of_the_papers_red(copy: Path, fault: str) -> None:
    name, old, new, claim = CLAIMED_FAULTS[fault]
    path = copy / "reference" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert status(copy, "-m", "momoracle", "verify", "--quick", "--claim", claim, "--json", "out.json") == 1
    (result,) = json.loads((copy / "out.json").read_text(encoding="utf-8"))["claims"]
    failing = [method["evidence"] for method in result["methods"] if method["verdict"] == "fails"]
    # By a counterexample: not because a check stopped, nor because a refutation lost its place in the text.
    assert [evidence for evidence in failing if not evidence.startswith("stopped by")]
