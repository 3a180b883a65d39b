"""All departures that the checker knows, by algorithm: what it plants to test itself, and how it explains ports."""

from momoracle.ports.departures import classic as departures_adam
from momoracle.ports.departures import momo as departures_momo
from momoracle.ports.departures import tam as departures_tam
from momoracle.ports.departures.departure import Departure
from momoracle.ports.departures.frame import around

DEPARTURES: dict[str, tuple[Departure, ...]] = {
    algorithm: (*own, *around(algorithm))
    for algorithm, own in {
        "sgd": departures_adam.SGD,
        "sgdm": departures_adam.SGDM,
        "adam": departures_adam.ADAM,
        "adamw": departures_adam.ADAMW,
        "momo": departures_momo.MOMO,
        "momo-adam": departures_momo.MOMO_ADAM,
        "tam": departures_tam.TAM,
        "adatam": departures_tam.ADATAM,
        "adatamw": departures_tam.ADATAMW,
    }.items()
}


def departure(algorithm: str, name: str) -> Departure:
    """Return the departure with the id ``name``. Raises `LookupError` where the algorithm has none."""
    for one in DEPARTURES[algorithm]:
        if one.id == name:
            return one
    raise LookupError(f"{algorithm} has no departure {name!r}; it has {', '.join(d.id for d in DEPARTURES[algorithm])}")
