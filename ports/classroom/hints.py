"""Hints for students: what leads to a mistake without naming it, by the id of the departure or mistake."""

import tomllib
from functools import cache
from importlib.resources import files

from momoracle.ports.departures.registry import departures_of
from momoracle.ports.methods.registry import facts_of

# Ids of generic departures begin so, and go on with the piece of the text that they change.
_KINDS = ("left-out", "sign-turned", "weights-exchanged", "step-late", "step-stuck", "eps-moved", "old-value")


def hint(algorithm: str, name: str) -> str:
    """Return the hint for a departure or a mistake; raises `LookupError` where there is none.

    A name may end in ``=HYPERPARAMETER``, which stands in the hint then.

    >>> hint("momo", "ignored=beta")
    'start takes beta, and your step does as if it had its usual value. Where do you use it?'
    """
    key, _, about = _key(algorithm, name).partition("=")
    for table in facts_of(algorithm).hints:
        if key in (known := _hints().get(table, {})):
            return known[key].format(name=about)
    raise LookupError(f"there is no hint for {name!r} of {algorithm}; write one into ports/classroom/hints.toml")


def _key(algorithm: str, name: str) -> str:
    if name.endswith("-not-kept"):
        return "not-kept"
    known = next((departure for departure in departures_of(algorithm) if departure.id == name), None)
    if known is not None and known.rounds:
        return "narrow"
    is_generic = known is not None and not known.link and any(name.startswith(f"{kind}-") for kind in _KINDS)
    return next(kind for kind in _KINDS if name.startswith(f"{kind}-")) if is_generic else name


@cache
def _hints() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("momoracle.ports.classroom") / "hints.toml").read_text(encoding="utf-8"))
