"""Hints for students: what leads to a mistake without naming it, by the id of the departure or mistake."""

import tomllib
from functools import cache
from importlib.resources import files

from momoracle.ports.departures.registry import DEPARTURES

# The tables in which an algorithm's hint is looked up, the nearest first.
_TABLES: dict[str, tuple[str, ...]] = {
    "sgd": ("sgd", "any"),
    "sgdm": ("sgdm", "any"),
    "adam": ("any",),
    "adamw": ("any",),
    "momo": ("momo", "any"),
    "momo-adam": ("momo", "any"),
    "tam": ("tam", "any"),
    "adatam": ("tam", "any"),
    "adatamw": ("tam", "any"),
}


def hint(algorithm: str, name: str) -> str:
    """Return the hint for a departure or a mistake; raises `LookupError` where there is none.

    A name may end in ``=HYPERPARAMETER``, which stands in the hint then.

    >>> hint("momo", "ignored=beta")
    'start takes beta, and your step does as if it had its usual value. Where do you use it?'
    """
    key, _, about = _key(algorithm, name).partition("=")
    for table in _TABLES[algorithm]:
        if key in (found := _hints().get(table, {})):
            return found[key].format(name=about)
    raise LookupError(f"there is no hint for {name!r} of {algorithm}; write one into ports/classroom/hints.toml")


def _key(algorithm: str, name: str) -> str:
    if name.endswith("-not-kept"):
        return "not-kept"
    if any(one.id == name and one.rounds for one in DEPARTURES[algorithm]):
        return "narrow"
    return name


@cache
def _hints() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("momoracle.ports.classroom") / "hints.toml").read_text(encoding="utf-8"))
