"""Suggest the closest known name for a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches

_CUTOFF = 0.6  # least similarity by difflib's ratio; "sdg" and "sgd", with two letters swapped, have 0.67


def nearest(name: str, known: Iterable[str], cutoff: float = _CUTOFF) -> list[str]:
    """Return the known name that is closest to ``name``, ignoring case; an empty list if none is close.

    If several known names differ only in case, all of them are returned.

    >>> nearest("SDG", ["sgd", "sgdm", "tam"]), nearest("x", ["sgd"])
    (['sgd'], [])
    """
    by_lowercase: dict[str, list[str]] = {}
    for candidate in known:
        by_lowercase.setdefault(candidate.lower(), []).append(candidate)
    closest = get_close_matches(name.lower(), by_lowercase, n=1, cutoff=cutoff)
    return [candidate for lowercase in closest for candidate in by_lowercase[lowercase]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause that ends an error message with the closest name; empty if no name is close.

    >>> did_you_mean("Sgd", ["SGD", "Adam"])
    '; did you mean SGD?'
    """
    candidates = nearest(name, known)
    return f"; did you mean {' or '.join(candidates)}?" if candidates else ""
