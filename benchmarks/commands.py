"""Measure the CPU time of the commands: ``python benchmarks/commands.py`` writes ``benchmarks/commands.md``.

It needs the extra ``ports``. CPU time is user and system seconds of a process and of the processes that it has waited
for. Other work on the machine hardly changes it, so the page can be made on a busy machine.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROUNDS = 3
PAGE = Path(__file__).with_suffix(".md")
PACKAGES = ("momoracle", "numpy", "typer", "torch", "momo-opt")

#: a port of gradient descent in plain NumPy
PORT = """
class Descent:
    def start(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.decay, self.k = params, lr, weight_decay, 0

    def step(self, grads, loss):
        self.k += 1
        lr = self.lr(self.k) if callable(self.lr) else self.lr
        self.params = [x - lr * (g + self.decay * x) for x, g in zip(self.params, grads)]
        return self.params
"""


class Case(NamedTuple):
    """A command to measure.

    Attributes:
        text: the command as a reader would type it.
        status: the exit status that it must have.
        aim: the CPU seconds that it should stay below; None if there is no aim.
    """

    text: str
    status: int = 0
    aim: float | None = None


CASES = (
    Case('python -c "pass"'),
    Case('python -c "import numpy"'),
    Case('python -c "import torch"'),
    Case("momoracle --version", aim=0.4),
    Case("momoracle --help", aim=0.4),
    Case("momoracle check sgd descent.py:Descent --time-limit 100", aim=4.0),
    Case("momoracle check sgd torch=torch.optim:SGD --time-limit 100", aim=10.0),
    Case(
        "momoracle check momo torch=momo:Momo --time-limit 100", status=1, aim=25.0
    ),  # deviates; its explanation is searched for
    Case("momoracle verify --quick"),
)


def cpu_seconds(case: Case, folder: Path) -> float:
    """Run a command in a folder and return its CPU seconds.

    Raises:
        RuntimeError: its exit status is not the expected one, so that the time would be that of something else.
    """
    command = case.text.replace("python", sys.executable, 1) if case.text.startswith("python") else case.text
    command = command.replace("momoracle", f"{sys.executable} -m momoracle", 1)
    with subprocess.Popen(command, shell=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        errors = child.stderr.read()
        # wait4 tells the times of this child alone, together with those of the processes that it waited for.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != case.status:
        raise RuntimeError(f"{case.text} ended with status {child.returncode}, not {case.status}:\n{errors.decode()}")
    return usage.ru_utime + usage.ru_stime


def page(seconds: dict[Case, list[float]]) -> Iterator[str]:
    """Yield the lines of the page."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield "# CPU time of the commands\n"
    yield (
        f"Written by `python benchmarks/commands.py`: {platform.machine()}, Python {platform.python_version()}, "
        f"{versions}."
    )
    yield f"""\
User and system seconds of a command and of the processes that it waited for, in {ROUNDS} runs. This is not the time on
the clock, and other work on the machine hardly changes it. `descent.py` holds gradient descent in plain NumPy.
`momo:Momo` deviates; the explanation is searched for. The time limit, which is on the clock, is raised so that no port
is said to hang on a busy machine.
"""
    yield "| command | median | lowest | highest | aim |\n| --- | ---: | ---: | ---: | ---: |"
    for case, runs in seconds.items():
        aim = "" if case.aim is None else f"< {case.aim:g}"
        yield f"| `{case.text}` | {median(runs):.2f} | {min(runs):.2f} | {max(runs):.2f} | {aim} |"


def main() -> None:
    """Measure every command and write the page."""
    seconds: dict[Case, list[float]] = {case: [] for case in CASES}
    with TemporaryDirectory() as name:
        (Path(name) / "descent.py").write_text(PORT, encoding="utf-8")
        for case in CASES:
            cpu_seconds(case, Path(name))  # fills the caches of byte code and of the disk
            for _ in range(ROUNDS):
                seconds[case].append(cpu_seconds(case, Path(name)))
            print(f"{median(seconds[case]):8.2f} s  {case.text}", flush=True)
    PAGE.write_text("\n".join(page(seconds)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
