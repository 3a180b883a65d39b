"""The commands as a user runs them: tables, JSON and exit statuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import momoracle
from momoracle.commands.command_line import COMMANDS, app, help_line
from momoracle.reference.golden import files

PORT = """
class Port:
    SIGN = 1.0

    def start(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.decay, self.k = params, lr, weight_decay, 0

    def step(self, grads, loss):
        self.k += 1
        lr = self.lr(self.k) if callable(self.lr) else self.lr
        self.params = [x - lr * (g + self.SIGN * self.decay * x) for x, g in zip(self.params, grads)]
        return self.params


class Wrong(Port):
    SIGN = -1.0
"""


@pytest.fixture
def port(tmp_path: Path) -> Path:
    path = tmp_path / "my_port.py"
    path.write_text(PORT, encoding="utf-8")
    return path


def run(*arguments: Any) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_verify_writes_its_contract(tmp_path: Path) -> None:
    status, text = run("verify", "--claim", "golden-sgd", "--claim", "golden-momo", "--json", tmp_path / "out.json")
    assert status == 0
    assert text.strip().splitlines()[-1].startswith("holds")
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert set(content) == {"verdict", "claims", "not_run"}
    assert content["verdict"] == "holds"
    assert [claim["id"] for claim in content["claims"]] == ["golden-sgd", "golden-momo"]
    for claim in content["claims"]:
        assert set(claim) == {"id", "kind", "verdict", "methods", "refutations"}
        assert all(set(method) == {"method", "verdict", "evidence"} for method in claim["methods"])
        assert claim["refutations"]
        assert all(r["refuted"] for r in claim["refutations"])


def test_check_of_a_conforming_and_of_a_wrong_port(port: Path, tmp_path: Path) -> None:
    status, text = run("check", "sgd", f"{port}:Port", "--json", tmp_path / "good.json")
    assert status == 0
    assert "conforms" in text
    assert json.loads((tmp_path / "good.json").read_text(encoding="utf-8"))["verdict"] == "conforms"
    status, text = run("check", "sgd", f"{port}:Wrong", "--json", tmp_path / "bad.json")
    assert status == 1
    bad = json.loads((tmp_path / "bad.json").read_text(encoding="utf-8"))
    assert bad["verdict"] == "deviates"
    assert {d["quantity"] for d in bad["deviations"]} == {"params"}
    assert all("weight_decay" in d["flags"] for d in bad["deviations"])
    assert all(d["step"] == 1 for d in bad["deviations"])
    keys = {"vector", "flags", "step", "quantity", "equation", "observed", "expected", "error", "tolerance"}
    assert keys | {"explanation"} <= set(bad["deviations"][0])


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "mo-mo", "torch=momo:Momo"),
        ("check", "momo", "nonsense"),
        ("check", "momo", "no_such_module:Port"),
        ("verify", "--claim", "M99"),
        ("golden", "check", "--algorithm", "mo-mo"),
        ("golden", "mend"),
    ],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("check", "SDG", "a.py:P"), "sgd"),
        (("check", "sgd", "json:JSONDecodeEror"), "JSONDecodeError"),
        (("verify", "--claim", "golden-mom"), "golden-momo"),
        (("golden", "check", "--algorithm", "momoadam"), "momo-adam"),
    ],
)
def test_a_misspelt_name_is_told_what_it_may_mean(arguments: tuple[str, ...], meant: str) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert f"did you mean {meant}?" in result.output


def test_a_claim_is_found_whatever_its_case(tmp_path: Path) -> None:
    chosen = ("--claim", "t4", "--claim", "Golden-SGD")
    assert run("verify", "--quick", *chosen, "--json", tmp_path / "out.json")[0] == 0
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [claim["id"] for claim in content["claims"]] == ["T4", "golden-sgd"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["verify", "--claim", "golden-sgd"]])
def test_a_full_device_is_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "momoracle", *arguments]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=100)
    assert ended.returncode == 1
    assert ended.stderr.strip() == "momoracle: what was found could not be written: No space left on device"


def test_golden_check_compares_byte_for_byte(tmp_path: Path) -> None:
    text = files.path_of("sgd").read_text(encoding="utf-8")
    (tmp_path / "sgd.json").write_text(text, encoding="utf-8")
    assert run("golden", "check", "--algorithm", "sgd", "--folder", tmp_path)[0] == 0
    (tmp_path / "sgd.json").write_text(text + " ", encoding="utf-8")
    status, table = run("golden", "check", "--algorithm", "sgd", "--folder", tmp_path, "--json", tmp_path / "out.json")
    assert status == 1
    assert "differs" in table
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["verdict"] == "fails"


def test_golden_write_gives_the_same_file(tmp_path: Path) -> None:
    assert run("golden", "write", "--algorithm", "sgdm", "--folder", tmp_path)[0] == 0
    assert (tmp_path / "sgdm.json").read_bytes() == files.path_of("sgdm").read_bytes()


def test_version() -> None:
    status, text = run("--version")
    assert status == 0
    assert text.startswith("momoracle ")
    assert sys.version_info >= (3, 11)


def test_a_folder_that_is_missing_is_said_before_the_work(port: Path, tmp_path: Path) -> None:
    status, text = run("check", "sgd", f"{port}:Port", "--json", tmp_path / "missing" / "out.json")
    assert status == 2
    assert "conforms" not in text


def test_the_self_test_of_one_algorithm(tmp_path: Path) -> None:
    file = tmp_path / "self.json"
    result = CliRunner().invoke(
        app, ["check", "sgd", "--self-test", "--all", "--json", str(file)], env={"COLUMNS": "160"}
    )
    assert result.exit_code == 0, result.output
    content = json.loads(file.read_text("utf-8"))
    assert content["verdict"] == "holds"
    assert {one["outcome"] for one in content["planted"]} == {"exact", "equivalent"}
    assert not any(port["accused"] for port in content["right_ports"])
    assert "of 6 right ports 0 accused" in result.output


def test_the_self_test_takes_no_port_and_a_check_needs_one() -> None:
    for arguments in (
        ["check", "sgd", "a.py:P", "--self-test"],
        ["check", "sgd", "a.py:P", "--all"],
        ["check", "sgd"],
        ["check"],
        ["check", "no", "a.py:P"],
    ):
        assert CliRunner().invoke(app, arguments).exit_code == 2


def test_the_processes_of_a_command_do_not_load_the_command_line() -> None:
    """They import its main module again, whichever way it was started."""
    code = "import sys, momoracle.__main__; sys.exit('momoracle.commands.command_line' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 0


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_what_needs_no_command_loads_none(argument: str) -> None:
    """NumPy alone takes a tenth of a second, the rooms behind a command about one."""
    code = f"""
import sys
from momoracle.commands.command_line import app
app([{argument!r}], standalone_mode=False)
allowed = {{"momoracle", "momoracle.commands", "momoracle.commands.command_line"}}
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("momoracle", "numpy", "scipy", "sympy"))
sys.exit(f"loaded: {{loaded}}" if set(loaded) - allowed else 0)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_line_is_that_of_the_command(name: str) -> None:
    """It is read from the source without importing the command; the command itself says the same."""
    text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "400"})
    assert text.exit_code == 0, text.output
    assert help_line(name)
    assert help_line(name) in text.output
    assert help_line(name) in CliRunner().invoke(app, ["--help"], env={"COLUMNS": "400"}).output


def test_a_command_that_its_module_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "check", "chek_command")
    with pytest.raises(LookupError, match=r"commands/check.py defines no chek_command"):
        help_line("check")


def test_a_misspelt_command_is_suggested() -> None:
    result = CliRunner().invoke(app, ["chek"])
    assert result.exit_code == 2
    assert "Did you mean 'check'?" in result.output


def test_the_package_imports_its_names_when_they_are_used() -> None:
    from momoracle.reference import MoMo

    assert momoracle.MoMo is MoMo
    assert set(momoracle.__all__) <= set(dir(momoracle))
    assert {type(getattr(momoracle, name)).__name__ for name in momoracle.__all__} == {"ABCMeta", "function", "type"}
    with pytest.raises(AttributeError, match="no attribute 'Momo'"):
        _ = momoracle.Momo  # type: ignore[attr-defined]
