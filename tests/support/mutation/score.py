"""Print the mutation score of the reference under `verify`, and the mutants that nothing notices.

``python tests/support/mutation/score.py [--sample N] [--seed S] [--file NAME] [--json FILE]``, from the checkout. Each
mutant runs in a process of its own, forked from one that has everything loaded, with a limit on its CPU time.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where it is run as a script

from support.mutation.graft import graft
from support.mutation.killers import first_to_notice, load_everything
from support.mutation.mutants import Mutant, edited_tree, mutants_of

#: the files of the reference that take part in a step
FILES = (
    *("sgd", "sgdm", "adam", "adamw", "momo", "momo_adam", "momentum_model", "tam", "torque", "adatam", "adatamw"),
    *(
        "transfer",
        "frame/method",
        "numbers/expressions",
        "numbers/fixed_order",
        "numbers/floats",
        "numbers/roots",
        "numbers/wide",
    ),
)
REFERENCE = Path(__file__).resolve().parents[3] / "reference"
KNOWN = Path(__file__).with_name("survivors.json")
CPU_SECONDS = 120  # a mutant that computes for longer than that hangs, and is noticed
MEMORY = 6 * 2**30  # bytes; a mutant that wants more is noticed by its MemoryError


class Outcome(NamedTuple):
    """What became of one mutant: the check that noticed it, or an empty text."""

    file: str
    mutant: Mutant
    noticed_by: str


def key_of(file: str, mutant: Mutant) -> str:
    """Return a mutant's name, which a shift of lines does not change."""
    again = f", place {mutant.place}" if mutant.place > 1 else ""
    return f"{file}: {mutant.text}: {mutant.edit}{again}"


def all_mutants(files: Sequence[str] = FILES) -> list[tuple[str, Mutant]]:
    """Return every mutant of the files, with its file."""
    return [(file, mutant) for file in files for mutant in mutants_of(source_of(file))]


def source_of(file: str) -> str:
    """Return the text of a file of the reference."""
    return (REFERENCE / f"{file}.py").read_text(encoding="utf-8")


def run_mutants(chosen: Sequence[tuple[str, Mutant]], processes: int = 2) -> Iterator[Outcome]:
    """Run mutants in forked processes, some at once; yield each with the check that noticed it."""
    load_everything()
    context, waiting = multiprocessing.get_context("fork"), list(chosen)[::-1]
    running: list[tuple[str, Mutant, Any, Any]] = []
    while waiting or running:
        while waiting and len(running) < processes:
            file, mutant = waiting.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_run_one, args=(file, mutant, sender))
            process.start()
            sender.close()
            running.append((file, mutant, process, receiver))
        file, mutant, process, receiver = running.pop(0)
        try:
            noticed_by: str = receiver.recv()
        except EOFError:  # killed by the limit, or by a crash
            noticed_by = "its process ended early"
        process.join()
        yield Outcome(file, mutant, noticed_by)


def _run_one(file: str, mutant: Mutant, sender: Any) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        graft(import_module(f"momoracle.reference.{file.replace('/', '.')}"), edited_tree(source_of(file), mutant))
        noticed_by = first_to_notice(file.rpartition("/")[2])
    except Exception as error:
        noticed_by = f"stopped by {type(error).__name__}"
    sender.send(noticed_by)


def known_survivors() -> dict[str, str]:
    """Return the mutants that are known to survive, by their keys, each with the reason."""
    reasons: dict[str, str] = json.loads(KNOWN.read_text(encoding="utf-8"))
    return reasons


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="this many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", action="append", choices=FILES)
    parser.add_argument("--json", type=Path, help="write what noticed each mutant")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    chosen = all_mutants(options.file or FILES)
    if options.sample:
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    known, outcomes = known_survivors(), []
    for outcome in run_mutants(chosen, options.processes):
        outcomes.append(outcome)
        if not outcome.noticed_by:
            known_too = " (known)" if key_of(outcome.file, outcome.mutant) in known else ""
            print(f"survives{known_too}: {outcome.file}, {outcome.mutant}", flush=True)
    killed = sum(bool(outcome.noticed_by) for outcome in outcomes)
    equivalent = sum(key_of(outcome.file, outcome.mutant) in known for outcome in outcomes if not outcome.noticed_by)
    print(f"{killed} of {len(outcomes)} mutants noticed ({100 * killed / len(outcomes):.1f} %); ", end="")
    print(f"{equivalent} of the others are known, {len(outcomes) - killed - equivalent} are not")
    if options.json:
        content = {key_of(outcome.file, outcome.mutant): outcome.noticed_by for outcome in outcomes}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
