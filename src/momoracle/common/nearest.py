"""What was probably meant by a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.6  # of difflib's ratio: two letters of three swapped


def nearest(name: str, known: Iterable[str], cutoff: float = _NEAR) -> list[str]:
    """Return what is nearest to ``name``, regardless of case: several where only case tells them apart, or none.

    >>> nearest("SDG", ["sgd", "sgdm", "tam"]), nearest("x", ["sgd"])
    (['sgd'], [])
    """
    lowered: dict[str, list[str]] = {}
    for one in known:
        lowered.setdefault(one.lower(), []).append(one)
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=cutoff)
    return [one for close in found for one in lowered[close]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause for an error's message, empty where no name is near.

    >>> did_you_mean("Sgd", ["SGD", "Adam"])
    '; did you mean SGD?'
    """
    found = nearest(name, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""
