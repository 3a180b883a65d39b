"""The mutants of one file of the reference are noticed by what `verify` checks; the known survivors are still there.

``python tests/support/mutation/score.py`` runs the mutants of all files, which takes hours.
"""

import json
import subprocess
import sys
from pathlib import Path

from support import checkout
from support.mutation.mutants import mutants_of

SCRIPT = checkout.ROOT / "tests" / "support" / "mutation" / "score.py"
#: the file whose mutants are all run here; the survivors of the others are still to be listed, with reasons
FILE = "sgd"


def test_the_mutants_of_a_text_are_all_single_edits() -> None:
    lines = ("def f(a, b=2):", '    """Text 1."""', "    if a < b and not a:", "        raise ValueError(3)")
    source = "\n".join((*lines, "    return -a[1:b] + 0.5", ""))
    assert [(mutant.line, mutant.edit) for mutant in mutants_of(source)] == [
        (1, "2 → 3"),
        (1, "2 → 1"),
        (3, "branch always True"),
        (3, "branch always False"),
        (3, "And → Or"),
        (3, "Lt → LtE, comparison 1"),
        (3, "Lt → GtE, comparison 1"),
        (3, "Not left out"),
        (5, "Add → Sub"),
        (5, "USub left out"),
        (5, "slice without its lower end"),
        (5, "slice without its upper end"),
        (5, "1 → 2"),
        (5, "1 → 0"),
        (5, "0.5 → 1.001"),
    ]


@checkout.needed
def test_every_mutant_of_a_file_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.json"
    command = [sys.executable, str(SCRIPT), f"--file={FILE}", f"--json={file}"]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == 0, result.stderr
    outcomes = json.loads(file.read_text(encoding="utf-8"))
    source = (checkout.ROOT / "reference" / f"{FILE}.py").read_text(encoding="utf-8")
    assert len(outcomes) == len(list(mutants_of(source))) > 0
    known = json.loads(SCRIPT.with_name("survivors.json").read_text(encoding="utf-8"))
    assert [mutant for mutant, noticed_by in outcomes.items() if not noticed_by and mutant not in known] == []


@checkout.needed
def test_every_known_survivor_is_still_a_mutant_and_has_a_reason() -> None:
    from support.mutation.score import all_mutants, key_of, known_survivors

    keys = {key_of(file, mutant) for file, mutant in all_mutants()}
    known = known_survivors()
    assert sorted(set(known) - keys) == []
    assert all(len(reason) > 20 for reason in known.values())
