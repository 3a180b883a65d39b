"""All departures that the checker knows, by algorithm: what it plants to test itself, and how it explains ports."""

from functools import cache

from momoracle.ports.departures import classic, momo, tam
from momoracle.ports.departures.departure import Departure
from momoracle.ports.departures.frame import frame_departures
from momoracle.ports.departures.generic import generic_departures
from momoracle.ports.methods.registry import facts_of
from momoracle.reference.frame.registry import method_of

#: departures that have a name, for they were seen in ports or are easily made; a method of one's own has none
_NAMED: dict[str, tuple[Departure, ...]] = {
    "sgd": classic.SGD,
    "sgdm": classic.SGDM,
    "adam": classic.ADAM,
    "adamw": classic.ADAMW,
    "momo": momo.MOMO,
    "momo-adam": momo.MOMO_ADAM,
    "tam": tam.TAM,
    "adatam": tam.ADATAM,
    "adatamw": tam.ADATAMW,
}


@cache
def departures_of(algorithm: str) -> tuple[Departure, ...]:
    """Return the departures of a method: the named ones or else generic edits of its text, and those around it.

    >>> [departure.id for departure in departures_of("sgd")][:3]
    ['no-decay', 'decay-unscaled', 'lr-late']
    """
    own = _NAMED[algorithm] if algorithm in _NAMED else generic_departures(algorithm)
    return (*own, *frame_departures(facts_of(algorithm), method_of(algorithm)))


def departure(algorithm: str, name: str) -> Departure:
    """Return the departure with the id ``name``. Raises `LookupError` where the algorithm has none."""
    known = {departure.id: departure for departure in departures_of(algorithm)}
    if name not in known:
        raise LookupError(f"{algorithm} has no departure {name!r}; it has {', '.join(known)}")
    return known[name]
