"""What was probably meant by a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.6  # of difflib's ratio: two letters of three swapped


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the names nearest to ``name``, regardless of case, the nearest first; none where none is near.

    >>> nearest("SDG", ["sgd", "sgdm", "tam"]), nearest("x", ["sgd"])
    (['sgd'], [])
    """
    lowered: dict[str, list[str]] = {}
    for one in known:
        lowered.setdefault(one.lower(), []).append(one)
    found = get_close_matches(name.lower(), lowered, n=most, cutoff=_NEAR)
    return [one for close in found for one in lowered[close]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause for an error's message, empty where no name is near.

    >>> did_you_mean("Sgd", ["SGD", "Adam"])
    '; did you mean SGD?'
    """
    found = nearest(name, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""
