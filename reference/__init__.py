"""The reference optimizers: one method a file, one number system a file."""

from momoracle.reference.adam import Adam
from momoracle.reference.adamw import AdamW
from momoracle.reference.adatam import AdaTAM
from momoracle.reference.adatamw import AdaTAMW
from momoracle.reference.method import Method
from momoracle.reference.momo import MoMo
from momoracle.reference.momo_adam import MoMoAdam
from momoracle.reference.sgd import SGD
from momoracle.reference.sgdm import SGDM
from momoracle.reference.tam import TAM
from momoracle.reference.transfer import transfer_lr
from momoracle.reference.warmup import WarmUp

#: the methods by the names that the vectors and the command line use
ALGORITHMS: dict[str, type[Method]] = {
    "sgd": SGD,
    "sgdm": SGDM,
    "adam": Adam,
    "adamw": AdamW,
    "momo": MoMo,
    "momo-adam": MoMoAdam,
    "tam": TAM,
    "adatam": AdaTAM,
    "adatamw": AdaTAMW,
}

__all__ = [
    "ALGORITHMS",
    "SGD",
    "SGDM",
    "TAM",
    "AdaTAM",
    "AdaTAMW",
    "Adam",
    "AdamW",
    "Method",
    "MoMo",
    "MoMoAdam",
    "WarmUp",
    "transfer_lr",
]
