"""Read the list of failures that a port's author knows of: one a line, with its reason and a link."""

from dataclasses import dataclass
from pathlib import Path

FORM = "id | reason | link"


class KnownFailuresError(ValueError):
    """The file is missing or malformed."""


@dataclass(frozen=True)
class KnownFailure:
    """One test that is expected to fail, why, where that is discussed, and the file and line that say so."""

    id: str
    reason: str
    link: str
    place: str


def read(path: Path) -> dict[str, KnownFailure]:
    """Return the known failures of a file by id.

    Each line is ``id | reason | link``, where the link begins with http:// or https://; empty lines and lines that
    begin with # are left out.

    Raises:
        KnownFailuresError: there is no such file, or lines have another form or an id that came before; it
            names them all.
    """
    if not path.is_file():
        raise KnownFailuresError(f"known_failures={str(path)!r}: there is no such file; give its path, or None")
    failures: dict[str, KnownFailure] = {}
    wrong: list[str] = []
    for count, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        place = f"{path.name}:{count}"
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            entry = _entry(text, place)
            if entry.id in failures:
                first = failures[entry.id].place
                raise KnownFailuresError(f"{place}: {entry.id!r} is in {first} too; remove one of them")
            failures[entry.id] = entry
        except KnownFailuresError as error:
            wrong.append(str(error))
    if wrong:
        raise KnownFailuresError("\n".join(wrong))
    return failures


def _entry(text: str, place: str) -> KnownFailure:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 3 or not all(parts):
        raise KnownFailuresError(f"{place}: {text!r} is not of the form {FORM!r}")
    if not parts[2].startswith(("http://", "https://")):
        raise KnownFailuresError(f"{place}: {parts[2]!r} is no link; it must begin with http:// or https://")
    name, reason, link = parts
    return KnownFailure(name, reason, link, place)
