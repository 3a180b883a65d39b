"""The tree stays readable: files are short, and their text holds on every machine."""

import re
from pathlib import Path

from support import checkout

pytestmark = checkout.needed

MOST_LINES = 400
FOLDERS_OF_A_MACHINE = re.compile(r"(?<![\w.~])/(?:work|home|root|tmp|opt|Users)/")


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in checkout.tracked():
        try:
            found.append((path.relative_to(checkout.ROOT), path.read_text("utf-8")))
        except UnicodeDecodeError:  # a picture, an archive
            continue
    return found


def test_an_extra_is_installed_by_a_line_that_every_shell_takes() -> None:
    unquoted = re.compile(r"pip install (?:-e )?[\w.]+\[")  # a pattern of file names to zsh
    assert [str(path) for path, text in texts() if unquoted.search(text)] == []


def test_modules_are_short() -> None:
    long = {str(path): text.count("\n") for path, text in texts() if path.suffix == ".py"}
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


def test_no_text_names_a_folder_of_some_machine() -> None:
    named = [f"{path}: {match[0]}" for path, text in texts() if (match := FOLDERS_OF_A_MACHINE.search(text))]
    assert named == []
