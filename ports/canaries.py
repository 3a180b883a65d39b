"""All wrong variants that the vectors must catch, by algorithm."""

from momoracle.ports import canaries_adam, canaries_momo, canaries_tam
from momoracle.ports.canary import Canary

CANARIES: dict[str, tuple[Canary, ...]] = {
    "sgd": canaries_adam.SGD,
    "sgdm": canaries_adam.SGDM,
    "adam": canaries_adam.ADAM,
    "adamw": canaries_adam.ADAMW,
    "momo": canaries_momo.MOMO,
    "momo-adam": canaries_momo.MOMO_ADAM,
    "tam": canaries_tam.TAM,
    "adatam": canaries_tam.ADATAM,
    "adatamw": canaries_tam.ADATAMW,
}
